"""
Write the list of the rules and a page for each: ``python docs/engine_page.py`` after a change of a rule; a test compares.

The addresses that findings carry lead to these pages.
"""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tql import Schema, check, fix
from tql_grammar.completion.explanations import explanations
from tql_grammar.diagnostic import documentation
from tql_grammar.engines import REST
from tql_grammar.lint.check import OLDER_RULES, RULES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tql_grammar.completion.explanations import Explanation

DOCS = Path(__file__).parent
# Prints the schemas of the datasets of the examples: a process of its own, since a process makes datasets of one name once.
SCHEMAS = """
import json
from tests.corpus import datasets
from tests.grammar.lint.located import SOURCES
from tql import Schema
made = datasets.build()
print(json.dumps({name: Schema.from_dataset(made[source]).to_json() for name, source in SOURCES.items()}))
"""
PAGE = DOCS / "engine.md"
FAMILIES = {
    "0": (
        "The engine reads another text",
        "The engine stops reading in the middle of the text, and runs the beginning.",
    ),
    "1": ("The text is not TQL", "The engine's parser rejects the query."),
    "2": ("The engine rejects the query", "The text is TQL, and the engine raises an error when it runs it."),
    "3": (
        "The engine does something else",
        "The query runs without an error, and its rows are not those that it says.",
    ),
    "4": ("The engine crashes, or never ends", "The query ends the engine's process, or does not return."),
    "5": ("Advice", "The query runs as written; another one is faster, or clearer."),
}
# The version that added a rule, where it is not the first one.
SINCE: Mapping[str, str] = {}
FIRST = "0.1.0"
LONGEST = 300
HEAD = """# Rules

`tql check` and `check` report what is wrong with a query before it is sent. Each finding has the code of a rule.
Every rule was measured on the engine, deeplake 4.7.4. A test runs the wrong and the right form of each there.
A rule for an older engine was measured on that one; `tql check --engine 4.7.0` reports it, see [check](check.md#other-versions-of-the-engine).

The first digit of a code is its family. `tql rules TQL301` prints a rule in the terminal.

- **error**: the rows are wrong, or there are none.
- **warning**: the rows may be wrong; it depends on types or rows that are not known.
- **info**: it depends on the rows; `tql check --info` shows it.

`-- tql: ignore[TQL301]` in a query ignores a rule there, and `ignore = ["TQL5"]` below `[tool.tql]` in pyproject.toml ignores a family.

```{toctree}
:hidden:
:glob:

rules/*
```
"""


def pages() -> dict[Path, str]:
    """Return every generated page with its path."""
    return {PAGE: page(), **{path_of(code): _rule_page(code, rule) for code, rule in explanations().items()}}


def path_of(code: str) -> Path:
    """Return the path of the page of a rule, to which the address of its findings leads."""
    return DOCS.parent / documentation(code)


def page() -> str:
    """Return the list of the rules."""
    known = sorted(explanations().items())
    parts = [HEAD]
    for family, (title, meaning) in FAMILIES.items():
        rows = [_row(code, rule) for code, rule in known if code[3] == family]
        parts.append(
            f"\n## {title}\n\n{meaning}\n\n| rule | finds | severity | fix |\n|---|---|---|---|\n{''.join(rows)}"
        )
    return "".join(parts)


def _row(code: str, rule: Explanation) -> str:
    """Return the row of one rule."""
    link = f"[{code}](rules/{code.lower()}.md)"
    return f"| {link} | {_escaped(rule.title)} | {rule.severity} | {'yes' if _fixed(rule) else ''} |\n"


def _rule_page(code: str, rule: Explanation) -> str:
    """Return the page of one rule."""
    family, meaning = FAMILIES[code[3]]
    since = SINCE.get(code, FIRST)
    schema = (
        " It needs a schema." if code in {known.code for known in (*RULES, *OLDER_RULES) if known.needs_schema} else ""
    )
    language = _language(code, rule)
    right = f"\n## Right\n\n```{language}\n{_cut(rule.meant)}\n```\n" if rule.meant else ""
    return (
        f'# {code}: {rule.title}\n\n**{rule.severity}**, in the family "{family}", since {since}.{schema}\n{meaning}\n'
        f"\n## Wrong\n\n```{language}\n{_cut(rule.example)}\n```\n{_shown(code, rule)}{right}"
        f"\n## Why\n\n{_why(code, rule)}\n\n## Fix\n\n{_remedy(code, rule)}\n"
    )


def _language(code: str, rule: Explanation) -> str:
    """Return the language of an example: none, where its characters are not those of TQL."""
    return "text" if code[3] == "0" or len(rule.example) > LONGEST else "tql"


def _shown(code: str, rule: Explanation) -> str:
    """Return the finding in the example, where the check finds it without a schema."""
    text = _text(rule.example)
    found = [finding for finding in check(text, engine=_engine(code)) if finding.code == code]
    if not found or len(rule.example) > LONGEST:
        return ""
    option = f" --engine {_engine(code)}" if _engine(code) else ""
    return f"\n`tql check{option}` reports:\n\n```text\nline {found[0].line}, column {found[0].column}: {found[0].message}\n```\n"


def _engine(code: str) -> str | None:
    """Return the engine of a rule that finds something on older engines only."""
    return REST.name if code in {rule.code for rule in OLDER_RULES} else None


def _why(code: str, rule: Explanation) -> str:
    """Return the reason of a rule; where the rule says no more than its family, the message of the example."""
    if not rule.why.startswith("..") and rule.why != "The engine's parser rejects the query.":
        return _sentences(rule.why)
    messages = [finding.message for finding in check(_text(rule.example)) if finding.code == code]
    return _sentences(messages[0] if messages else rule.why.removeprefix(".. "))


def _remedy(code: str, rule: Explanation) -> str:
    """Return the remedy: the hint of the finding, and the text that `tql fix` writes."""
    found = check(_text(rule.example), _schemas(), engine=_engine(code))
    hints = [finding.hint for finding in found if finding.code == code and finding.hint]
    known = _why(code, rule)
    parts = [_sentences(hint) for hint in hints[:1] if _sentences(hint) not in known]
    if _fixed(rule):
        text = _text(rule.example)
        corrects = "`tql fix` corrects it" if fix(text) != text else "With a schema, `tql fix` corrects it"
        return "\n\n".join([*parts, f"{corrects}:\n\n```tql\n{_cut(_corrected(rule))}\n```"])
    meant = ["Write the right form."] if rule.meant and not parts else []
    return "\n\n".join([*parts, *meant, "`tql fix` does not change it, since the intended query is not certain."])


def _fixed(rule: Explanation) -> bool:
    """Return whether `fix` changes the example, with a schema or without one."""
    return _corrected(rule) != _text(rule.example)


def _corrected(rule: Explanation) -> str:
    """Return the example after `fix`, with the schemas of the datasets where it needs them."""
    text = _text(rule.example)
    alone = fix(text)
    return fix(text, _schemas()) if alone == text else alone


@functools.cache
def _schemas() -> dict[str, Schema]:
    """Return the schemas of the datasets of the examples, by the names that the examples have for them."""
    printed = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", SCHEMAS], cwd=DOCS.parent, check=True, capture_output=True, text=True
    )
    return {name: Schema.from_json(text) for name, text in json.loads(printed.stdout).items()}


def _text(example: str) -> str:
    """Return the text of an example, in which control characters are escaped."""
    return example.replace("\\r", "\r").replace("\\n", "\n").replace("\\t", "\t").replace("\\x00", "\x00")


def _sentences(text: str) -> str:
    """Return a message as sentences, each beginning with a capital letter and ending with a full stop."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(_sentence(_escaped(line.strip())) for line in lines)


def _sentence(line: str) -> str:
    """Return a line as a sentence."""
    capital = f"{line[0].upper()}{line[1:]}" if line[0].isalpha() and not line[:4].isupper() else line
    return capital if capital.endswith((".", ":")) else f"{capital}."


def _escaped(text: str) -> str:
    """Return a text in which Markdown finds no markup but code."""
    parts = text.split("`")
    plain = [part if number % 2 else part.replace("*", "\\*").replace("<", "&lt;") for number, part in enumerate(parts)]
    return "`".join(plain).replace("|", "\\|")


def _cut(text: str) -> str:
    """Return a text of a readable length."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


if __name__ == "__main__":
    written = pages()
    for old in (DOCS / "rules").glob("*.md"):
        if old not in written:
            old.unlink()
    for path, text in written.items():
        path.write_text(text, "utf-8")
