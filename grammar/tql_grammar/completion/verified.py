"""Proposals that complete a query, checked in their place: those with a finding get its code."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from tql_grammar.completion.calls import open_call
from tql_grammar.completion.closing import closing
from tql_grammar.completion.outline import column_types
from tql_grammar.completion.place import advanced, continues
from tql_grammar.lint.check import CERTAIN, WITHOUT_SCHEMA
from tql_grammar.lint.rule import Subject
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.lexer import STOP, tokens
from tql_grammar.syntax.parser import read
from tql_grammar.typing.scopes import scopes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.completion.outline import OpenSelect, Schemas
    from tql_grammar.completion.place import Place
    from tql_grammar.completion.proposal import Proposal
    from tql_grammar.schema import Column

# The most checks for a place, and in a text that is longer than a short one the most characters in them; later proposals are not checked.
MOST_CHECKS, MOST_CHARACTERS, SHORT = 24, 1_800, 150
# The tokens after which an operand is a condition, unless it is compared.
CONDITIONS = frozenset({"WHERE", "HAVING", "ON", "AND", "OR", "NOT"})
# The texts that may follow a column of a form, without which it is no condition, or no key or argument.
OF_CONDITIONS = {"text": (" = 'x'",), "json": ("['k'] = 1",), "array": ("[0] = 1",)}
OF_VALUES = {"json": ("['k']",), "array": ("[0]",)}
DESCENDING, NAMED, POSITIVE = " desc", " as x", " > 0"
OF_FUNCTIONS = (NAMED, POSITIVE)
UNCHECKED = frozenset({"snippet", "dataset", "key"})


class Verifier:
    """The checks for one place."""

    def __init__(self, place: Place, level: OpenSelect, schemas: Schemas) -> None:
        """Prepare the checks; each text is checked once."""
        self.place, self.level, self.schemas = place, level, schemas
        self.columns = column_types(level, self._qualifier())
        self.after = place.after
        self.call = open_call(place.tokens)
        self.last = place.tokens[-1].kind if place.tokens else ""
        size = len(place.text)
        self.left = MOST_CHECKS if size <= SHORT else MOST_CHARACTERS // size
        self.known: dict[object, tuple[str, str]] = {}

    def _qualifier(self) -> str | None:
        """Return the alias before the point that the place follows."""
        before = self.place.tokens
        return str(before[-2].value) if len(before) > 1 and before[-1].kind == "DOT" else None

    def verified(self, proposals: Iterable[Proposal]) -> Iterator[Proposal]:
        """Yield the proposals, each with the code that `check` has against it."""
        for proposal in proposals:
            if proposal.code or proposal.kind in UNCHECKED or self._is_open(proposal):
                yield proposal
                continue
            group = self._group(proposal)
            if group not in self.known:
                self.known[group] = self._judged(proposal)
            code, continuation = self.known[group]
            yield proposal.replace(code=code, continuation=continuation) if code or continuation else proposal

    def _is_open(self, proposal: Proposal) -> bool:
        """Tell whether a proposal opens a parenthesis that no text after it closes."""
        return proposal.text.endswith("(") and self.after[0].kind == STOP

    def _group(self, proposal: Proposal) -> object:
        """Return a value that is the same for proposals with the same findings: columns of one type."""
        if proposal.kind != "column":
            return proposal.kind, proposal.label
        return "column", self.columns.get(proposal.label), proposal.label in self.level.scope.ambiguous

    def _judged(self, proposal: Proposal) -> tuple[str, str]:
        """Return the code against a proposal, and the continuation without which it would have one."""
        first = self._column_of(proposal.label) if proposal.text.endswith(".") else ""
        code = self._code(proposal, first)
        if not code or proposal.kind not in {"column", "function"}:
            return code, ""
        is_column = proposal.kind == "column"
        for text in self._continuations(self.columns.get(proposal.label)) if is_column else OF_FUNCTIONS:
            # Without a check that is left nothing is known of the rest.
            if self.left <= 0:
                break
            if not self._code(proposal, text):
                return "", text
        return code, ""

    def _column_of(self, alias: str) -> str:
        """Return a column of a source."""
        return next(iter(column_types(self.level, alias)), "x")

    def _continuations(self, column: Column | None) -> Iterator[str]:
        """Yield the texts that may follow a column at the place."""
        if self.level.clause == "ORDER" and self.call is None:
            yield DESCENDING
        is_condition = self.call is None and self.last in CONDITIONS
        yield from (OF_CONDITIONS if is_condition else OF_VALUES).get(_form(column), ())

    def _code(self, proposal: Proposal, following: str) -> str:
        """Return the code of the first finding about a proposal and a text that follows it; "" if there is none, or no query results."""
        end = self._end(f"{proposal.text}{following}", is_name=proposal.kind in {"column", "alias"})
        if end is None or self.left <= 0:
            return ""
        self.left -= 1
        text = self.place.text
        written = f"{text[: proposal.start]}{proposal.text}{following}"
        return self._first_code(f"{written}{end or text[proposal.end :]}", proposal.start, len(written))

    def _end(self, words: str, *, is_name: bool) -> str | None:
        """Return the text that completes the query after some words: "" if the rest of the text does, None if nothing short does, or they are no name."""
        stack = _states_after(self.place, words)
        if stack is None or continues(stack, self.after):
            return None if stack is None else ""
        may_end = is_name and not self._needs_arguments() and self.after[0].kind == STOP
        rest = closing(stack) if may_end else None
        # An expression of the select list needs an alias.
        alias = " as x" if self.call is not None and self.level.clause == "SELECT" else ""
        return f" {rest}{alias}" if rest else None

    def _needs_arguments(self) -> bool:
        """Tell whether the call around the place needs more arguments than that at the place."""
        return self.call is not None and self.call.argument + 1 < self.call.function.required

    def _first_code(self, text: str, start: int, end: int) -> str:
        """Return the code of the first finding, in the order of the rules, that is about the characters ``[start, end)`` of a text, or that the text before them has not."""
        return next((code for code, near in self._codes(text, start, end) if near or code not in self.before), "")

    def _codes(self, text: str, start: int, end: int) -> Iterator[tuple[str, bool]]:
        """Yield the codes of the findings in a text, each with whether it is about the characters ``[start, end)``."""
        reading = read(text)
        if reading.tree is None:
            yield from ((finding.code, True) for finding in reading.diagnostics)
            return
        schemas = self.schemas(reading.tree)
        subject = Subject(text, reading.tree, tuple(scopes_of(reading.tree, schemas)))
        for rule in CERTAIN if schemas else WITHOUT_SCHEMA:
            for found in rule.find(subject):
                yield rule.code, found.span.start < end and start < found.span.end

    @functools.cached_property
    def before(self) -> frozenset[str]:
        """The codes of the findings that are no matter of the place: those of the text, or where nothing follows the place, of the completed text before it."""
        text, start, end = self.place.text, self.place.start, self.place.end
        if self.after[0].kind == STOP:
            rest = closing(self.place.states)
            text, end = (text, end) if rest is None else (f"{text[:start]} {rest}", start + len(rest) + 1)
        if len(text) > MOST_CHARACTERS or read(text).tree is None:
            return frozenset()
        return frozenset(code for code, near in self._codes(text, start, end) if not near)


def _states_after(place: Place, words: str) -> tuple[int, ...] | None:
    """Return the states of the parser after some words at a place, or None if the grammar does not allow them."""
    table, _ = parse_table()
    stack: tuple[int, ...] | None = place.states
    for token in tokens(words)[:-1]:
        found = advanced(table, stack, token.kind)
        stack = None if found is None else tuple(found)
    return stack


def _form(column: Column | None) -> str:
    """Return the form of a column's values: "text", "json", "array", or "" for any other."""
    if column is None:
        return ""
    if column.is_text:
        return "text"
    return "json" if column.dtype == "json" else "" if column.is_single else "array"
