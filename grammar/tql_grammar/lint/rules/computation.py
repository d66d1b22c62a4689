"""Rules about arithmetic: operands that are no numbers, vectors of other lengths, types that are too small. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import SEARCHES
from tql_grammar.lint.edits import multiplied
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.schema import FLOATS, NOT_NUMERIC
from tql_grammar.typing.inference import infer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope

OF_NUMBERS = frozenset(
    {
        "abs",
        "sqrt",
        "sum",
        "prod",
        "avg",
        "amin",
        "amax",
        "l1_norm",
        "l2_norm",
        "linf_norm",
        "nonzero",
        "all_strict",
        "any",
        "all",
        "logical_and",
        "logical_or",
    }
)
# The types in which a sum or a product wraps.
WRAPPING = frozenset({"bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"})
# The dimensions of the arrays of a search.
VECTOR, MATRIX = 1, 2


def _numeric(subject: Subject) -> Iterator[Finding]:
    """Yield calls and arithmetic over what is no number."""
    for scope, node, operands in _computed(subject):
        wrong = next((operand for operand in operands if _is_no_number(operand, scope)), None)
        if wrong is not None:
            yield subject.finding(
                wrong,
                f"this is {infer(wrong, scope)}: the engine answers `Dtype .. is not numeric.`, or finds no rows",
                "compute with numbers and arrays only",
            )
        if isinstance(node, ast.Function) and node.name.lower() == "keys" and node.arguments:
            column = infer(node.arguments[0], scope)
            if column is not None and column.dtype != "json":
                yield subject.finding(node, 'the engine answers `Function "KEYS" can be called only on json value.`')


def _is_no_number(operand: ast.Expression, scope: SelectScope) -> bool:
    """Tell whether an operand is known to be a text, JSON or bytes; a part of JSON may be a number."""
    column = infer(operand, scope)
    return column is not None and column.dtype in NOT_NUMERIC and not isinstance(operand, ast.Subscript)


def _computed(subject: Subject) -> Iterator[tuple[SelectScope, ast.Node, tuple[ast.Expression, ...]]]:
    """Yield what is computed, with its operands; arithmetic in conditions is never refused."""
    for _, scope, clause, _, part in subject.places(ast.Function, ast.Chain, ast.Negate):
        if isinstance(part, ast.Function):
            numeric = part.name.lower() in OF_NUMBERS | SEARCHES and not scope.select.group_by
            yield scope, part, part.arguments if numeric else ()
        elif clause != "WHERE":
            yield scope, part, part.operands if isinstance(part, ast.Chain) else (part.operand,)


def _no_rows(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic over texts in conditions."""
    for _, scope, clause, _, node in subject.places(ast.Chain):
        columns = [infer(operand, scope) for operand in node.operands] if clause == "WHERE" else []
        if any(column is not None and column.dtype == "text" for column in columns):
            yield subject.finding(
                node,
                "arithmetic over texts: the condition is false for every row",
                "texts cannot be joined; compare each",
            )


def _lengths(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic and searches of vectors that are not as long as each other."""
    for scope, node in subject.parts(ast.Function, ast.Chain):
        if isinstance(node, ast.Chain):
            yield from _of_arithmetic(subject, node, scope)
        elif node.name.lower() in SEARCHES:
            yield from _of_search(subject, node, scope)


def _of_arithmetic(subject: Subject, node: ast.Chain, scope: SelectScope) -> Iterator[Finding]:
    """Yield arithmetic over arrays whose shapes are known to differ."""
    columns = (infer(operand, scope) for operand in node.operands)
    shapes = {column.shape for column in columns if column is not None and column.shape}
    known = len(set(map(len, shapes))) > 1 or all(None not in shape for shape in shapes)
    if len(shapes) > 1 and known:
        message = "the engine answers `Can't apply operation on arrays with different shapes.`, or finds no rows"
        yield subject.finding(node, message, "the shapes are " + ", ".join(sorted(map(str, shapes))))


def _of_search(subject: Subject, node: ast.Function, scope: SelectScope) -> Iterator[Finding]:
    """Yield the vectors of a search that have another number of dimensions, or another length."""
    found = [infer(argument, scope) for argument in node.arguments]
    wanted = MATRIX if node.name.lower() == "maxsim" else VECTOR
    wrong = None if scope.select.group_by else _with_other_dimensions(node, found, wanted)
    if wrong is not None:
        argument, column = wrong
        message = f"{node.name} takes arrays of {wanted} dimensions, and this is {column}: the engine refuses it"
        yield subject.finding(argument, message)
        return
    lengths = {column.shape[-1] for column in found if column is not None and column.shape} - {None}
    if len(lengths) > 1:
        message = f"the lengths are {', '.join(sorted(map(str, lengths)))}: the engine answers `Can't compute dot product of different length arrays.`"
        yield subject.finding(node, message, "use the model that made the embeddings")


def _with_other_dimensions(
    node: ast.Function, found: Sequence[Column | None], wanted: int
) -> tuple[ast.Expression, Column] | None:
    """Return the first argument of a search whose dimensions it does not take: one by vectors takes arrays of more dimensions too."""
    for argument, column in zip(node.arguments, found, strict=True):
        if column is None or column.dtype in NOT_NUMERIC:
            continue
        if len(column.shape) != wanted and (wanted == MATRIX or not column.shape):
            return argument, column
    return None


def _narrow(subject: Subject) -> Iterator[Finding]:
    """Yield sums and roots of integers that the engine computes in too small a type."""
    for scope, node in subject.parts(ast.Function):
        if not node.arguments or scope.select.group_by:
            continue
        operand = node.arguments[0]
        column = infer(operand, scope)
        found = None if column is None else _narrowed(node, column)
        if found is not None:
            message, factor = found
            hint = f"write {node.name.lower()}({subject.written(operand)} * {factor})"
            yield subject.finding(node, message, hint, multiplied(subject.text, operand, factor))


def _narrowed(node: ast.Function, column: Column) -> tuple[str, str] | None:
    """Return the message about a call whose result does not fit its type, and the factor that makes the type large enough; None where it fits."""
    name = node.name.lower()
    if name in {"sum", "prod"} and column.dtype in WRAPPING and column.shape:
        return f"{node.name} of {column.dtype} is {column.dtype}: it wraps", "1"
    if name == "sqrt" and column.dtype not in {*FLOATS, "json"}:
        return "SQRT of integers is garbage when it is read", "1.0"
    return None


RULES = (
    Rule(
        "TQL321",
        "arithmetic over texts in a condition",
        "error",
        "In a condition arithmetic over texts is not refused: it is false for every row. Known with a schema only.",
        "select id from D where text + 'a' = 'doc 1a'",
        _no_rows,
        "select id from D where text = 'doc 1'",
    ),
    Rule(
        "TQL234",
        "computation with what is no number",
        "error",
        "Functions of numbers and arithmetic over texts and JSON are refused when they are read; in WHERE there are no rows.",
        "select abs(text) as x from D",
        _numeric,
        "select abs(id) as x from D",
    ),
    Rule(
        "TQL235",
        "vectors of different lengths",
        "error",
        "A vector has to be as long as the rows of the column; the engine refuses another one, and in a norm of a difference it finds no rows.",
        "select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0]) desc limit 3",
        _lengths,
        "select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        "TQL320",
        "number computed in too small a type",
        "error",
        "SUM and PROD keep the type of the column, in which they wrap, and SQRT reads the bits of an integer as a float.",
        "select sum(bin) as x from D",
        _narrow,
        "select sum(bin * 1) as x from D",
    ),
)
