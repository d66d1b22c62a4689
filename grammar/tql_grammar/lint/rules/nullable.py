"""Rules about nullable numbers, with which the engine returns values of other rows, reads a null as a number, or crashes. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar import ast
from tql_grammar.functions import ELEMENTWISE, LOGICAL, PLACES, QUANTIFIERS, REDUCTIONS
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare
from tql_grammar.schema import FLOATS, INTEGERS
from tql_grammar.typing.scopes import expressions, requires
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

# For a null, elementwise functions return no value at all, and the values of the later rows move up; reductions read it as an empty array.
# With nullable numbers LOGICAL works as a condition of WHERE. In a grouped query SHAPE has a rule of its own, and NONZERO works.
FAILING = ELEMENTWISE | LOGICAL | PLACES
NULLABLE = frozenset({*INTEGERS, *FLOATS, "bool"})


class At(NamedTuple):
    """
    A part of an expression, and its context.

    Attributes:
        node: the part.
        scope: the columns that its SELECT sees.
        clause: the name of its clause.
        bare: whether it is a condition of WHERE, inside nothing but AND, OR and NOT: there the engine skips nulls.
        output: whether it is an output, inside nothing but unary functions.
        joined: whether it is an operand of AND, OR or NOT, or a whole output.
        reduced: whether it is the argument of a reduction, inside nothing else but unary functions.
        quantified: whether that reduction is ANY or ALL.
        before: the columns that an earlier operand of AND or OR tests for null.
        around: the columns that any other operand tests for null.
    """

    node: ast.Node
    scope: SelectScope
    clause: str
    bare: bool
    output: bool
    joined: bool
    reduced: bool = False
    quantified: bool = False
    before: frozenset[ast.Expression] = frozenset()
    around: frozenset[ast.Expression] = frozenset()

    def into(self, node: ast.Node, *, unary: bool = False, reduced: bool = False, quantified: bool = False) -> At:
        """Return a child of this part; *unary*, *reduced* and *quantified* are true if this part is a unary function, a reduction, or ANY or ALL of it. Earlier null tests do not protect an AND or OR inside the child."""
        kept = reduced or (unary and self.reduced)
        around = frozenset[ast.Expression]() if isinstance(self.node, ast.Function) else self.around
        return self._replace(
            node=node,
            bare=False,
            joined=False,
            output=unary and self.output,
            reduced=kept,
            quantified=quantified or (unary and self.quantified),
            before=frozenset(),
            around=around,
        )

    def missing(self, node: ast.Node) -> ast.Column | None:
        """Return the nullable column that decides whether *node* has a value, or None where it always has one."""
        return missing(node, self.scope, self.clause)


def missing(node: ast.Node, scope: SelectScope, clause: str) -> ast.Column | None:
    """Return the nullable number that decides whether a value of a clause is null, or None where it never is."""
    while not isinstance(node, ast.Column):
        inner = leading(node)
        if inner is None:
            return None
        node = inner
    return None if not is_nullable_number(scope.column(node)) or is_filled(node, scope, clause) else node


def leading(node: ast.Node) -> ast.Node | None:
    """Return the operand that decides whether a value is null: the left one of an operator, or the argument of a unary function."""
    if isinstance(node, ast.Chain):
        return node.operands[0]
    if isinstance(node, ast.Comparison):
        return node.left
    if isinstance(node, ast.Negate):
        return node.operand
    if isinstance(node, ast.Function) and node.name.lower() in ELEMENTWISE and node.arguments:
        return node.arguments[0]
    return None


def is_filled(column: ast.Column, scope: SelectScope, clause: str) -> bool:
    """Tell whether WHERE filters out the rows in which a column is null, before a clause sees them."""
    known = scope.column(column)
    return clause != "WHERE" and known is not None and requires(scope.select.where, column.name, known)


def is_nullable_text(node: ast.Column, scope: SelectScope, clause: str) -> bool:
    """Tell whether a column is a text that can be null in the rows that a clause sees."""
    column = scope.column(node)
    return column is not None and column.is_text and column.nullable and not is_filled(node, scope, clause)


def _parts(subject: Subject) -> Sequence[At]:
    """Return the parts of all expressions that may read a nullable number, in the order of the text, each with its context."""
    known: list[At] | None = subject.__dict__.get("_nullable")
    if known is None:
        scopes = [scope for scope in subject.scopes if _has_nullable(scope)]
        known = subject.__dict__["_nullable"] = [at for scope in scopes for at in _of_scope(scope)]
    return known


def _has_nullable(scope: SelectScope) -> bool:
    """Tell whether a nullable number is among the columns that a SELECT sees."""
    seen = (scope.columns, *scope.aliases.values())
    return any(is_nullable_number(column) for columns in seen if columns is not None for column in columns.values())


def is_nullable_number(column: Column | None) -> bool:
    """Tell whether a column is a nullable number or bool."""
    return column is not None and column.nullable and column.is_single and column.dtype in NULLABLE


def _of_scope(scope: SelectScope) -> Iterator[At]:
    """Yield the parts of the expressions of one SELECT that read a nullable number."""
    for clause, node in expressions(scope.select):
        if any(is_nullable_number(scope.column(part)) for part in own_parts(node)):
            stack = [At(bare(node), scope, clause, clause == "WHERE", clause == "SELECT", clause == "SELECT")]
            while stack:
                at = stack.pop()
                yield at
                stack += reversed(_below(at))


def _below(at: At) -> list[At]:
    """Return the parts of a part."""
    return _BELOW.get(type(at.node), _fields)(at, at.node)


def _argument(at: At, node: ast.Negate | ast.IsNull) -> list[At]:
    """Return the operand of a unary operator."""
    return [at.into(node.operand, unary=True)]


def _arguments(at: At, node: ast.Function) -> list[At]:
    """Return the arguments of a call."""
    name = node.name.lower()
    unary, reduced, quantified = name in ELEMENTWISE, name in REDUCTIONS, name in QUANTIFIERS
    return [at.into(argument, unary=unary, reduced=reduced, quantified=quantified) for argument in node.arguments]


def _fields(at: At, node: ast.Node) -> list[At]:
    """Return the nodes of any other part."""
    found = (getattr(node, field) for field in node._fields)
    flat = (item for part in found for item in (part if isinstance(part, tuple) else (part,)))
    return [at.into(part) for part in flat if isinstance(part, ast.Node) and not isinstance(part, ast.Query)]


def _operands(at: At, node: ast.And | ast.Or) -> list[At]:
    """Return the operands of AND or OR, each with the columns that earlier operands, and that any operands, test for null."""
    tested = [_tested(operand, negated=isinstance(node, ast.And)) for operand in node.operands]
    around = at.around.union(*tested)
    return [
        at._replace(node=operand, output=False, reduced=False, before=at.before.union(*tested[:number]), around=around)
        for number, operand in enumerate(node.operands)
    ]


def _tested(operand: ast.Expression, *, negated: bool) -> frozenset[ast.Expression]:
    """Return the column that an operand tests for null: IS NOT NULL of AND, IS NULL of OR."""
    test = isinstance(operand, ast.IsNull) and operand.negated is negated
    return frozenset({operand.operand}) if test and isinstance(operand, ast.IsNull) else frozenset()


_BELOW: dict[type, Callable[[At, Any], list[At]]] = {
    ast.And: _operands,
    ast.Or: _operands,
    ast.Not: lambda at, node: [at._replace(node=node.operand, output=False, reduced=False)],
    ast.Negate: _argument,
    ast.IsNull: _argument,
    ast.Function: _arguments,
}


HINT = "filter null out in a subquery: select .. from (select * from .. where {0} is not null)"


def _computed(at: At) -> tuple[str, ast.Column] | None:
    """Return the name of an operation on a nullable number that the engine gets wrong, and the column; None for any other node."""
    name, operands = _operation(at.node)
    column = next((found for operand in operands if (found := at.missing(operand)) is not None), None)
    return None if column is None or _is_handled(at, name) else (name, column)


def _operation(node: ast.Node) -> tuple[str, tuple[ast.Expression, ...]]:
    """Return the name and the operands of an operation with one value per row; no operands for any other node."""
    if isinstance(node, ast.Not):
        return "NOT", (node.operand,)
    if isinstance(node, ast.Negate):
        return "-", (node.operand,)
    if isinstance(node, ast.Function) and node.name.lower() in FAILING:
        return node.name.upper(), node.arguments
    return "", ()


def _is_handled(at: At, name: str) -> bool:
    """Tell whether the engine handles nulls correctly there, or another rule reports them."""
    if name == "NOT":
        return at.bare or at.joined
    if name.lower() in PLACES and at.scope.select.group_by and at.clause != "WHERE":
        return True
    if name.lower() in LOGICAL:
        return at.bare
    return at.reduced and not at.quantified


def _is_shifted(at: At, name: str) -> bool:
    """Tell whether an operation returns values of other rows instead of crashing."""
    return at.output and (name == "-" or name.lower() in ELEMENTWISE)


def _crashing(subject: Subject) -> Iterator[Finding]:
    """Yield operations on nullable numbers that crash the engine process."""
    for at in _parts(subject):
        found = _computed(at)
        if found is not None and not _is_shifted(at, found[0]):
            message = f"`{found[1].name}` can be null: {found[0]} of it crashes the engine process here"
            yield subject.finding(at.node, message, HINT.format(subject.written(found[1])))
        elif isinstance(at.node, ast.Pair):
            column = _unguarded(at._replace(node=at.node.condition))
            if column is not None:
                message = f"`{column.name}` can be null: comparing it in a weight crashes the engine process"
                yield subject.finding(at.node, message, f"test for null first: {column.name} is not null and ..")


def _shifted(subject: Subject) -> Iterator[Finding]:
    """Yield outputs computed from nullable numbers, in which each row after a null gets the value of a later row."""
    for at in _parts(subject):
        found = _computed(at)
        if found is not None and _is_shifted(at, found[0]):
            message = f"`{found[1].name}` can be null: each row after a null gets the value of a later row"
            yield subject.finding(at.node, message, HINT.format(subject.written(found[1])))


def _unguarded(at: At) -> ast.Column | None:
    """Return the nullable column that an operand of AND or OR reads, and that no earlier operand tests for null."""
    node = at.node
    while isinstance(node, ast.Not):
        node = node.operand
    column = at.missing(node)
    return None if column is None or column in at.before else column


def _combined(subject: Subject) -> Iterator[Finding]:
    """Yield AND and OR over comparisons of nullable numbers, anywhere but in the conditions of WHERE."""
    for at in _parts(subject):
        if at.bare or not isinstance(at.node, (ast.And, ast.Or)):
            continue
        found = map(_unguarded, _operands(at, at.node))
        column = next((column for column in found if column is not None), None)
        if column is not None:
            word = "AND" if isinstance(at.node, ast.And) else "OR"
            message = f"`{column.name}` can be null: {word} over a comparison of it crashes the engine process, except as a condition of WHERE"
            written = subject.written(column)
            yield subject.finding(at.node, message, f"write ({written} is not null and {written} = ..)")


def _left_to_right(node: ast.Node) -> tuple[ast.Expression, ...]:
    """Return the operands of a comparison or of arithmetic, from the left."""
    if isinstance(node, ast.Comparison):
        return node.left, node.right
    return node.operands if isinstance(node, ast.Chain) else ()


def _right(subject: Subject) -> Iterator[Finding]:
    """Yield nullable numbers on the right of an operator."""
    for at in _parts(subject):
        operands = _left_to_right(at.node)
        for other in operands[1:]:
            column = at.missing(other)
            if column not in {None, at.missing(operands[0]), *at.around} and column is not None:
                message = (
                    f"`{column.name}` can be null: on the right of an operator the engine reads a null as a number"
                )
                yield subject.finding(other, message, f"write it on the left, or also test {column.name} is not null")
                break


RULES = (
    Rule(
        code="TQL339",
        title="output computed from a nullable number",
        severity="error",
        explanation="Unary minus, ABS and SQRT of a nullable number return no value for a null, so the values of all later rows move up. Reported only with a schema.",
        example="select id, abs(nul) as k from D",
        find=_shifted,
        meant="select id, abs(nul) as k from (select * from D where nul is not null)",
        needs_schema=True,
    ),
    Rule(
        code="TQL340",
        title="nullable number on the right of an operator",
        severity="error",
        explanation="On the right of an operator the engine reads a null as 0 or as garbage; on the left it skips the row. Reported only with a schema.",
        example="select id from D where f64 < nul",
        find=_right,
        meant="select id from D where nul > f64",
        needs_schema=True,
    ),
    Rule(
        code="TQL414",
        title="function of a nullable number",
        severity="error",
        explanation="Unary minus, ABS, SQRT, SHAPE and NONZERO of a nullable number crash the engine process (SIGSEGV) in WHERE, ORDER BY and GROUP BY, and in SELECT inside another expression. So do weights that compare a nullable number. ANY and ALL of them crash too, and so does any reduction of LOGICAL_AND and LOGICAL_OR; other reductions such as SUM read a null as 0. Reported only with a schema.",
        example="select id from D where abs(nul) > 1",
        find=_crashing,
        meant="select id from (select * from D where nul is not null) where abs(nul) > 1",
        needs_schema=True,
    ),
    Rule(
        code="TQL415",
        title="AND or OR over a comparison of a nullable number",
        severity="error",
        explanation="AND and OR over a comparison of a nullable number crash the engine process (SIGSEGV), except as a condition of WHERE or after a test for null. Reported only with a schema.",
        example="select nul = 1 or nul = 3 as k from D",
        find=_combined,
        meant="select (nul is not null and nul = 1) or (nul is not null and nul = 3) as k from D",
        needs_schema=True,
    ),
)
