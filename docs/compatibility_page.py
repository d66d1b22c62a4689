"""
Write the page "Compatibility" from the answers that every measured engine gave: ``python docs/compatibility_page.py`` after ``make engine``; a test compares.

The answers are kept in tests/engines/answers.
"""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
# A script finds its own folder only.
sys.path += [str(ROOT)] * (str(ROOT) not in sys.path)

from tests.engines.answers import kind_of, read, versions  # noqa: E402 - see above
from tests.engines.causes import CAUSES, FORMS, RANDOM, SAME, cause, differences, groups  # noqa: E402 - see above
from tests.engines.showing import VERDICTS, verdicts  # noqa: E402 - see above
from tql_client.engine.versions import MEASURED  # noqa: E402 - see above
from tql_grammar.engines import HAMMING, INTEGER_KEYS, LIKE, MEAN, REMAINDER  # noqa: E402 - see above

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.engines.answers import Answers

PAGE = Path(__file__).parent / "compatibility.md"
HEAD = """# Compatibility

| system | supported | tested |
|---|---|---|
| Python | CPython 3.11 to 3.13 | the same |
| Python 3.14 | builder and check; the engine has no wheel | 3.14.2 as WebAssembly: templates and t-strings (`make pyodide`) |
| Linux, glibc, x86_64 | all | yes |
| Linux, glibc, aarch64 | all; the engine has a wheel | no |
| macOS 11 or later, arm64 | all; the engine has a wheel | no |
| Windows, Intel Macs, Alpine | builder, check, client; the engine has no wheel | no |
| engine | deeplake 4.7.0 to 4.7.4 | the same; see below |

| extra | adds | needed for |
|---|---|---|
| `embedded` | deeplake, starlette, uvicorn | `connect(path)`, `serve`, `tql run --data`, `tql demo`, `tql playground` |
| `cli` | prompt-toolkit, railroad-diagrams, rich, shtab | `tql shell`, `tql grammar --format railroad`, colours, progress bars, `tql completion` |
| `frames` | pandas, polars, pyarrow | `to_pandas`, `to_polars`, `to_arrow` |
| `langchain` | langchain-core | `tql_client.langchain` |
| `llamaindex` | llama-index-core | `tql_client.llamaindex` |

Names without an underscore that the [reference](reference/index.md) lists are public. CHANGELOG.md says what changed.

## Engines

The engine is deeplake. Every rule, every refusal and every form of the builder was measured on {newest}; the same cases were measured on each version below.
With an engine that is not supported, the embedded client and `serve` raise a `ConfigError`, which says what to install. They warn once of a version that was not measured. `tql --version` prints the version.

Queries are compiled for the installed engine, and `connect(url, profile="4.7.0")` names that of an endpoint. `tql check --engine 4.7.0` finds what means something else there.

`make engine VERSION=4.6.5` measures a version in its own environment, and keeps its answers; `python -m tests.engines diff 4.7.0 4.7.1` says what changed.
"""
TEXTS = """
### Texts

The rows of {rows} queries, the wrong example and the right form of each rule, and {syntax} texts for the parser, compared with deeplake {newest}.
A text is random if the engine returns other rows from run to run, or ends its process in some runs only.

"""
BUILT = """
### Queries of the builder

{count} queries, compared with Python: every fact, every function, remainders, Hamming distances, keys of 64 bits and LIKE, uses of the client, and random queries.
"Declined" are those that the builder refuses with an `ArgumentError`, and "undecided" those that have more than one right answer.

"""
CHANGES = """
### What changed

"""
FORMS_OF_CHANGES = """
### What queries are compiled for

| what changed | since | before | a query of the builder there |
| --- | --- | --- | --- |
"""
DONE = {
    REMAINDER: "a form that is the remainder on every version, as a float64; the divisor is a number",
    INTEGER_KEYS: "parts of a product that wraps, which are exact on every version",
    HAMMING: "refused",
    MEAN: "the mean of floats",
    LIKE: "refused where the pattern matches a number of characters; contains, startswith and endswith are right",
}
RULES = """
### Rules that differ

The example or the right form of these rules has other answers than on deeplake {newest}.

"""


def page() -> str:
    """Return the page."""
    found = [read(version) for version in versions()]
    newest = found[0]
    counts = Counter(map(kind_of, newest.said))
    built = sum(counts[kind] for kind in FORMS)
    return "".join(
        [
            HEAD.format(newest=newest.version),
            TEXTS.format(newest=newest.version, rows=counts["rows"], syntax=f"{counts['syntax']:,}"),
            *_table(("engine", "supported", *CAUSES[:-1]), (_texts(newest, one) for one in found)),
            BUILT.format(count=f"{built:,}"),
            *_table(("engine", *VERDICTS, "types it lacks"), map(_built, found)),
            FORMS_OF_CHANGES,
            *(_row((one.name, ".".join(map(str, one.since)), one.before, done)) for one, done in DONE.items()),
            CHANGES,
            *_table(("from", "to", "what", "answers that differ"), _changes(found)),
            RULES.format(newest=newest.version),
            *_table(("rule", "engines"), _rules(newest, found[1:])),
        ]
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return the lines of a table."""
    names = [*head]
    return [_row(names), _row(["---"] * len(names)), *map(_row, rows)]


def _row(cells: Iterable[object]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(map(str, cells))} |\n".replace("  ", " ")


def _texts(newest: Answers, one: Answers) -> list[object]:
    """Return the row of the texts of a version."""
    compared = [case for case in one.said if kind_of(case) not in (*FORMS, "unadapted") and case in newest.said]
    found = Counter(cause(newest.said[case], one.said[case]) for case in compared)
    return [one.version, "yes" if one.version in MEASURED else "no", *(f"{found[why]:,}" for why in CAUSES[:-1])]


def _built(one: Answers) -> list[object]:
    """Return the row of the builder's queries of a version."""
    return [one.version, *(f"{number:,}" for number in verdicts(one)), ", ".join(one.lacks)]


def _changes(found: list[Answers]) -> list[list[object]]:
    """Return the differences between each version and the next one, by what they have in common."""
    rows: list[list[object]] = []
    for new, old in itertools.pairwise(found):
        both = groups(old, new)
        rows += [[old.version, new.version, f"`{group.name}`", len(group.changed)] for group in both]
        rows += [] if both else [[old.version, new.version, "nothing", 0]]
    return rows


def _rules(newest: Answers, others: list[Answers]) -> list[list[object]]:
    """Return the rules that differ, with the versions."""
    found: dict[str, list[str]] = {}
    for one in others:
        differing = differences(one, newest)
        codes = {
            case.split("/")[1]
            for case, why in differing.items()
            if kind_of(case) == "rules" and why not in {RANDOM, SAME}
        }
        for code in codes:
            found.setdefault(code, []).append(one.version)
    return [[f"[{code}](rules/{code.lower()}.md)", ", ".join(engines)] for code, engines in sorted(found.items())]


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
