"""Rules and the subject that they look at: a text, its tree, and what each SELECT sees."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from tql_grammar import ast
from tql_grammar.ast import Span
from tql_grammar.diagnostic import Diagnostic, Severity
from tql_grammar.record import Record
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tql_grammar.lint.edits import Edit
    from tql_grammar.lint.reads import Reads
    from tql_grammar.typing.scopes import SelectScope

N = TypeVar("N", bound="ast.Node")
M = TypeVar("M", bound="ast.Node")
SHOWN = 60


class Finding(Record):
    """
    One place where a rule applies.

    Attributes:
        span: the characters that it is about.
        message: what the engine does there.
        hint: what to write instead.
        edits: what makes the text do what it says; empty where nothing is certain.
    """

    span: Span
    message: str
    hint: str | None = None
    edits: tuple[Edit, ...] = ()


class Found(NamedTuple):
    """A finding without its fix, and the edits that may be one; a finding about the text or its syntax has none."""

    diagnostic: Diagnostic
    edits: tuple[Edit, ...] = ()


class Place(NamedTuple):
    """
    Where a part of an expression stands.

    Attributes:
        number: its place in the order of the text.
        scope: what the clauses of its SELECT see.
        clause: the name of its clause.
        whole: the whole expression.
        part: the part itself.
    """

    number: int
    scope: SelectScope
    clause: str
    whole: ast.Node
    part: Any


class Subject(Record):
    """What rules look at: a text, the tree that the engine reads from it, and what each of its SELECTs sees."""

    text: str
    tree: ast.Query
    scopes: tuple[SelectScope, ...] = ()

    @property
    def selects(self) -> list[ast.Select]:
        """Every SELECT that the engine runs, from the outside."""
        return [scope.select for scope in self.scopes]

    @overload
    def parts(self, kind: type[N], /) -> Iterator[tuple[SelectScope, N]]: ...
    @overload
    def parts(self, one: type[N], two: type[M], /) -> Iterator[tuple[SelectScope, N | M]]: ...
    @overload
    def parts(self, *kinds: type[ast.Node]) -> Iterator[tuple[SelectScope, Any]]: ...

    def parts(self, *kinds: type[ast.Node]) -> Iterator[tuple[SelectScope, Any]]:
        """Yield the parts of some kinds in the clauses that the engine looks at, each with its scope, in the order of the text."""
        return iter([(place.scope, place.part) for place in self.places(*kinds)])

    def places(self, *kinds: type[ast.Node]) -> Sequence[Place]:
        """Return the same with the clauses in which they stand."""
        index: dict[type, list[Place]] | None = self.__dict__.get("_index")
        if index is None:
            index = self.__dict__["_index"] = _indexed(self.scopes)
        if len(kinds) == 1:
            return index.get(kinds[0], ())
        found = [place for kind in kinds if kind in index for place in index[kind]]
        found.sort(key=operator.attrgetter("number"))
        return found

    @property
    def hard_columns(self) -> Sequence[tuple[int, int]]:
        """Where the columns stand that are known to be nullable, or to have an index."""
        known: list[tuple[int, int]] | None = self.__dict__.get("_hard")
        if known is None:
            found = ((place.part, place.scope.column(place.part)) for place in self.places(ast.Column))
            spans = (part.span for part, column in found if column is not None and (column.nullable or column.indexes))
            known = self.__dict__["_hard"] = [(span.start, span.end) for span in spans if span is not None]
        return known

    def finding(self, node: ast.Node, message: str, hint: str | None = None, edits: tuple[Edit, ...] = ()) -> Finding:
        """Return a finding about a part of the text, or about the whole where the part does not say where it stands."""
        return Finding(node.span or Span(0, len(self.text)), message, hint, edits)

    def written(self, node: ast.Node) -> str:
        """Return a part of the text as it is written, cut where it is long."""
        span = node.span
        text = "" if span is None else self.text[span.start : span.end]
        return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _indexed(scopes: Iterable[SelectScope]) -> dict[type, list[Place]]:
    """Return all parts of the clauses by their kind."""
    index: dict[type, list[Place]] = {}
    number = 0
    for scope in scopes:
        for clause, node in expressions(scope.select):
            for part in own_parts(node):
                number += 1
                index.setdefault(type(part), []).append(Place(number, scope, clause, node, part))
    return index


class Rule(Record):
    """
    One trap.

    Attributes:
        code: ``TQL`` and three digits, see `Diagnostic`.
        title: the trap in a few words.
        severity: of its findings.
        explanation: what the engine does, measured.
        example: the smallest query that shows it, on datasets of the names D, U, X, K, S, F and N.
        find: yields the places.
        meant: a text in which the engine does what the example says; empty where it cannot.
        needs_schema: whether it finds nothing where no types of columns are known.
        reads: the literals whose values decide whether the rule finds anything without a schema. `check` caches by these alone,
            so it loses the findings of a rule that reads other literals; `tests/grammar/lint/test_cache.py` fails for such a rule.
    """

    code: str
    title: str
    severity: Severity
    explanation: str
    example: str
    find: Callable[[Subject], Iterable[Finding]]
    meant: str = ""
    needs_schema: bool = False
    reads: tuple[Reads, ...] = ()

    def found(self, finding: Finding, text: str) -> Found:
        """Return a finding of this rule in a text as a diagnostic, and the edits of which the check of fixes may make its fix."""
        start, end = finding.span.start, finding.span.end
        diagnostic = Diagnostic.at(text, start, end, self.code, self.severity, finding.message, finding.hint)
        return Found(diagnostic, finding.edits)
