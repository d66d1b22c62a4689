"""Know every trap: the table of the rules, and the one function that applies them to a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.checks import functions, names, order
from tql_grammar.checks.rule import Rule, Subject

if TYPE_CHECKING:
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.parser import Reading

RULES: tuple[Rule, ...] = (*functions.RULES, *names.RULES, *order.RULES)


def check(text: str) -> list[Diagnostic]:
    """Return what the engine would make of *text* other than it says, in the order of the text."""
    from tql_grammar.parser import read

    return check_reading(read(text))


def check_reading(reading: Reading) -> list[Diagnostic]:
    """Return the findings about a text that was read already."""
    found = list(reading.diagnostics)
    if reading.tree is not None:
        subject = Subject(reading.text, reading.tree)
        found.extend(diagnostic for rule in RULES for diagnostic in rule.diagnostics(subject))
    return sorted(found, key=lambda diagnostic: (diagnostic.start, diagnostic.code))
