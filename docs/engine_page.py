"""Write the page "TQL as the engine runs it" from the rules: ``python docs/engine_page.py`` after a change of them; a test compares."""

from __future__ import annotations

from pathlib import Path

from tql_grammar.completion.explanations import explanations

PAGE = Path(__file__).parent / "engine.md"
FAMILIES = {
    "0": "The engine reads another text than the one that is written",
    "1": "It is no TQL",
    "2": "The engine refuses it",
    "3": "The engine runs it, and does something else",
    "4": "The engine crashes, or never ends",
    "5": "Advice",
}
HEAD = """# TQL as the engine runs it

Every rule was measured on the engine, deeplake 4.7.4, and its test runs both queries there: the one that shows the trap, and the one that is meant.
The names of datasets are those of the tests.
"""


def page() -> str:
    """Return the page."""
    parts = [HEAD]
    known = explanations()
    for family, title in FAMILIES.items():
        parts.append(f"\n## {title}\n")
        for code, rule in sorted(known.items()):
            if code[3] == family:
                parts.append(_rule(code, rule.title, rule.why, rule.example, rule.meant))
    return "".join(parts)


def _rule(code: str, title: str, why: str, example: str, meant: str) -> str:
    """Return what is said of one rule."""
    shown = [_cut(example), *([f"-- meant: {_cut(meant)}"] if meant else [])]
    return f'\n<a id="{code.lower()}"></a>\n\n### {code}: {title}\n\n{why}\n\n```text\n' + "\n".join(shown) + "\n```\n"


def _cut(text: str) -> str:
    """Return a text of a readable length."""
    return text if len(text) <= 300 else text[:299] + "…"  # noqa: PLR2004 - a few lines


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
