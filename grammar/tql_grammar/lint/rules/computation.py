"""Rules about arithmetic: operands that are not numbers, vectors of different lengths, types that overflow. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.functions import ELEMENTWISE, OF_JSON, OF_NUMBERS, PROMOTED, REDUCTIONS, SEARCHES, SMALL
from tql_grammar.lint.edits import multiplied
from tql_grammar.lint.reads import BOUND, DIVISOR
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.guards import in_where
from tql_grammar.lint.rules.literals import is_text_array
from tql_grammar.schema import FLOATS, NOT_NUMERIC
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import WithInferred

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tql_grammar.schema import Column
    from tql_grammar.typing.inference import ColumnScope
    from tql_grammar.typing.scopes import SelectScope

# The types in which a sum or a product overflows.
WRAPPING = frozenset({"bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"})
# The factors that widen a number to 64 bits.
TO_INTEGER, TO_FLOAT = "1", "1.0"
# The number of dimensions that a search takes.
VECTOR, MATRIX = 1, 2


def _numeric(subject: Subject) -> Iterator[Finding]:
    """Yield function calls and arithmetic with operands that are not numbers."""
    for scope, node, operands in _computed(subject):
        wrong = next((operand for operand in operands if _is_no_number(operand, scope)), None)
        if wrong is not None:
            kind, hint = _described(wrong, scope)
            message = f"this operand is {kind}: the engine fails with `Dtype .. is not numeric.`, or returns no rows"
            yield subject.finding(wrong, message, hint)
        if isinstance(node, ast.Function) and node.name.lower() in OF_JSON and node.arguments:
            column = infer(node.arguments[0], scope)
            if column is not None and column.dtype != "json":
                yield subject.finding(
                    node,
                    f'{node.name.upper()} takes JSON: the engine fails with `Function "{node.name.upper()}" can be called only on json value.`',
                )


def _described(wrong: ast.Expression, scope: SelectScope) -> tuple[object, str]:
    """Return the type of an operand that is not a number, and a hint."""
    if is_text_array(wrong):
        return "an array of strings", "write numbers without quotes: ARRAY[0.1, 0.2]"
    return infer(wrong, scope), "compute with numbers and arrays only"


def _is_no_number(operand: ast.Expression, scope: SelectScope) -> bool:
    """Tell whether an operand is known to be text, an array of strings, JSON or bytes; a JSON value read by its key may be a number."""
    if is_text_array(operand):
        return True
    column = infer(operand, scope)
    return column is not None and column.dtype in NOT_NUMERIC and not isinstance(operand, ast.Subscript)


def _computed(subject: Subject) -> Iterator[tuple[SelectScope, ast.Node, tuple[ast.Expression, ...]]]:
    """Yield function calls and arithmetic with their numeric operands; for arithmetic in WHERE, which the engine does not reject for text, only arrays of strings."""
    for _, scope, clause, _, part in subject.places(ast.Function, ast.Chain, ast.Negate):
        if isinstance(part, ast.Function):
            yield scope, part, part.arguments if part.name.lower() in OF_NUMBERS | SEARCHES else ()
        else:
            operands = part.operands if isinstance(part, ast.Chain) else (part.operand,)
            any_type = clause != "WHERE" or isinstance(part, ast.Negate)
            yield scope, part, operands if any_type else tuple(filter(is_text_array, operands))


def _no_rows(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic on text in WHERE."""
    for _, scope, clause, _, node in subject.places(ast.Chain):
        columns = [infer(operand, scope) for operand in node.operands] if clause == "WHERE" else []
        if any(column is not None and column.dtype == "text" for column in columns):
            yield subject.finding(
                node,
                "arithmetic on text: the condition is false for every row",
                "TQL cannot concatenate text; compare each column on its own",
            )


def _by_zero(subject: Subject) -> Iterator[Finding]:
    """Yield remainders of a division by the number 0."""
    for place in subject.places(ast.Chain):
        node = place.part
        if isinstance(node, ast.Chain) and any(
            sign == "%" and isinstance(divisor, ast.Number) and not divisor.value
            for sign, divisor in zip(node.operators, node.operands[1:], strict=True)
        ):
            message = "the remainder of a division by 0: the engine fails with `Division by zero.`"
            yield subject.finding(node, message, "divide by another number")


def _refused_lengths(subject: Subject) -> Iterator[Finding]:
    """Yield those of other clauses than WHERE, in which the engine does not reject them."""
    return in_where(lengths, subject, inside=False)


def lengths(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic on arrays, and searches of vectors, of different lengths."""
    for place in subject.places(ast.Function, ast.Chain):
        scope, node = place.scope, place.part
        if isinstance(node, ast.Chain):
            grouped = place.clause == "SELECT" and place.scope.select.group_by
            yield from _of_arithmetic(subject, node, Grouped(scope) if grouped else scope)
        elif node.name.lower() in SEARCHES:
            grouped = place.clause == "SELECT" and scope.select.group_by
            yield from _of_groups(subject, node, scope) if grouped else _of_search(subject, node, scope)


def _of_groups(subject: Subject, node: ast.Function, scope: SelectScope) -> Iterator[Finding]:
    """Yield searches of a group's vectors for one vector."""
    if node.name.lower() == "hamming_distance":
        return
    found = [infer(argument, Grouped(scope)) for argument in node.arguments]
    dimensions = {len(column.shape) for column in found if column is not None}
    if MATRIX in dimensions and VECTOR in dimensions:
        message = f"a grouped query has an array of the vectors of each group: {node.name} fails with `Can't compute dot product of different length arrays.`"
        yield subject.finding(node, message, "compute the score of each row in a subquery, and group its rows")


class Grouped(NamedTuple):
    """The columns of a grouped query, which has an array of the values of each group in place of a value."""

    scope: ColumnScope

    def column(self, node: object) -> Column | None:
        """Return the type of a group's values, or None if it is unknown."""
        column = self.scope.column(node)
        return None if column is None else column.replace(shape=(None, *column.shape))


def _of_arithmetic(subject: Subject, node: ast.Chain, scope: ColumnScope) -> Iterator[Finding]:
    """Yield arithmetic on arrays whose shapes are known to differ."""
    columns = (infer(operand, scope) for operand in node.operands)
    shapes = {column.shape for column in columns if column is not None and column.shape}
    known = len(set(map(len, shapes))) > 1 or all(None not in shape for shape in shapes)
    if len(shapes) > 1 and known:
        message = "the arrays have different shapes: the engine fails with `Can't apply operation on arrays with different shapes.`, or returns no rows"
        yield subject.finding(node, message, "the shapes are " + ", ".join(sorted(map(str, shapes))))


def _of_search(subject: Subject, node: ast.Function, scope: SelectScope) -> Iterator[Finding]:
    """Yield searches whose arguments have a wrong number of dimensions, or different lengths."""
    found = [infer(argument, WithInferred(scope)) for argument in node.arguments]
    if node.name.lower() == "dot" and not _are_vectors(found):
        yield from _of_numbers(subject, node, found)
        return
    if _compares_each(node, found):
        return
    wanted = MATRIX if node.name.lower() == "maxsim" else VECTOR
    wrong = None if scope.select.group_by else _wrong_dimensions(node, found, wanted)
    if wrong is not None:
        argument, column = wrong
        kind = "matrices" if wanted == MATRIX else "vectors"
        message = f"{node.name} takes {kind}, and this is {column}: the engine {_effect_of(node, found)}"
        yield subject.finding(argument, message)
        return
    known = _last_lengths(found)
    if len(known) > 1:
        message = f"the vectors have different lengths, {' and '.join(sorted(map(str, known)))}: the engine fails with `Can't compute dot product of different length arrays.`"
        yield subject.finding(node, message, "embed the query with the model of the column's embeddings")


def _effect_of(node: ast.Function, found: Iterable[Column | None]) -> str:
    """Return the effect of a search of values that are no vectors: two numbers have a cosine, which the engine does not return rightly."""
    numbers = all(column is not None and column.is_single and column.dtype not in NOT_NUMERIC for column in found)
    of_signs = numbers and node.name.lower() == "cosine_similarity"
    return "compares the signs of two numbers, and returns memory that it never wrote" if of_signs else "rejects it"


def _compares_each(node: ast.Function, found: Iterable[Column | None]) -> bool:
    """Tell whether a call is HAMMING_DISTANCE of a single value, with which it compares each element."""
    single = any(column is not None and column.shape in {(), (1,)} for column in found)
    return single and node.name.lower() == "hamming_distance"


def _last_lengths(found: Iterable[Column | None]) -> set[int | None]:
    """Return the known lengths of vectors."""
    return {column.shape[-1] for column in found if column is not None and column.shape} - {None}


def _are_vectors(found: Iterable[Column | None]) -> bool:
    """Tell whether all types are known, and none is that of a number."""
    return all(column is not None and column.shape for column in found)


def _of_numbers(subject: Subject, node: ast.Function, found: Sequence[Column | None]) -> Iterator[Finding]:
    """Yield DOT of a number and a vector; of two numbers it is their product."""
    shapes = {len(column.shape) for column in found if column is not None and column.dtype not in NOT_NUMERIC}
    if len(shapes) > 1:
        message = "DOT takes two vectors or two numbers: the engine fails with `Can't compute dot product of different length arrays.`"
        yield subject.finding(node, message)


def _wrong_dimensions(
    node: ast.Function, found: Sequence[Column | None], wanted: int
) -> tuple[ast.Expression, Column] | None:
    """Return the first argument with a wrong number of dimensions, or None; a search of vectors accepts more dimensions too."""
    for argument, column in zip(node.arguments, found, strict=True):
        if column is None or column.dtype in NOT_NUMERIC:
            continue
        if len(column.shape) != wanted and (wanted == MATRIX or not column.shape):
            return argument, column
    return None


def _narrow(subject: Subject) -> Iterator[Finding]:
    """Yield sums and products that are bools, or of 8 and 16 bits, and square roots of integers, which the engine misreads."""
    return _in_own_type(subject, certain=True)


def _may_overflow(subject: Subject) -> Iterator[Finding]:
    """Yield sums and products that overflow only if the values are large or many: those of 32 bits, and those of groups."""
    return _in_own_type(subject, certain=False)


def _in_own_type(subject: Subject, *, certain: bool) -> Iterator[Finding]:
    """Yield the calls that the engine computes in the type of their argument: those with a wrong result, or those that may have one."""
    for place in subject.places(ast.Function):
        node, scope = place.part, place.scope
        if not node.arguments:
            continue
        operand = node.arguments[0]
        grouped = place.clause == "SELECT" and bool(scope.select.group_by)
        column = infer(operand, Grouped(scope) if grouped else scope)
        found = None if column is None else _narrowed(node, column)
        if found is not None and column is not None and certain is _is_certain(found, column, grouped=grouped):
            message, factor = found
            hint = f"write {node.name.lower()}({subject.written(operand)} * {factor})"
            yield subject.finding(node, message, hint, multiplied(subject.text, operand, factor))


def _is_certain(found: tuple[str, str], column: Column, *, grouped: bool) -> bool:
    """Tell whether a result is wrong, or its type so narrow that it soon is: that of an array of 8 or 16 bits."""
    return found[1] == TO_FLOAT or column.dtype == "bool" or not (grouped or column.dtype.endswith("32"))


def _may_wrap(operand: ast.Expression, column: Column) -> bool:
    """Tell whether the sum or the product of values may be out of the range of their type."""
    return column.dtype in WRAPPING and not _is_one_element(operand) and not _is_small(operand)


def _is_one_element(node: ast.Expression) -> bool:
    """Tell whether a node is a slice of one element, `v[0:1]`, as the builder writes an element of an array."""
    slices = node.indices if isinstance(node, ast.Subscript) else ()
    return bool(slices) and all(isinstance(part, ast.Slice) and _length(part) == 1 for part in slices)


def _is_small(node: ast.Expression) -> bool:
    """Tell whether a node is a call whose values are small, as lengths are."""
    return isinstance(node, ast.Function) and node.name.lower() in SMALL


def _length(part: ast.Slice) -> int | float | None:
    """Return the number of elements of a slice, or None where it has no literal bounds."""
    start, stop = part.start, part.stop
    return stop.value - start.value if isinstance(start, ast.Number) and isinstance(stop, ast.Number) else None


def _narrowed(node: ast.Function, column: Column) -> tuple[str, str] | None:
    """Return the message, and the factor that widens the type, for a call whose result may not fit; None where it fits."""
    name = node.name.lower()
    kind = PROMOTED.get(name)
    if kind == "integers" and name in REDUCTIONS and column.shape and _may_wrap(node.arguments[0], column):
        effect = "is true or false, not a number" if column.dtype == "bool" else "overflows beyond its range"
        return f"{node.name} of {column.dtype} is computed in {column.dtype}, and {effect}", TO_INTEGER
    if kind == "floats" and name in ELEMENTWISE and column.dtype not in {*FLOATS, "json"}:
        return f"{node.name.upper()} of integers returns garbage: the engine reads their bits as a float", TO_FLOAT
    return None


RULES = (
    Rule(
        "TQL321",
        "arithmetic on text in a condition",
        "error",
        "The engine accepts a condition with arithmetic on text, and the condition is false for every row. Reported only with a schema.",
        "select id from D where text + 'a' = 'doc 1a'",
        _no_rows,
        "select id from D where text = 'doc 1'",
    ),
    Rule(
        "TQL234",
        "arithmetic or numeric function on a value that is not a number",
        "error",
        "Numeric functions and arithmetic on text and JSON fail when the result is read; in WHERE they match no rows.",
        "select abs(text) as x from D",
        _numeric,
        "select abs(id) as x from D",
    ),
    Rule(
        "TQL259",
        "remainder of a division by 0",
        "error",
        "The engine rejects `%` with the divisor 0, for floats too; `/` by 0 is infinite or NaN. A divisor that is a column fails if it is 0 in a row, in WHERE also if another condition leaves that row out.",
        "select id % 0 as x from D",
        _by_zero,
        "select id % 2 as x from D",
        reads=(DIVISOR,),
    ),
    Rule(
        "TQL235",
        "vectors of different lengths",
        "error",
        "A vector must have the length of the column's vectors. The engine rejects any other length; about WHERE see TQL359.",
        "select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0]) desc limit 3",
        _refused_lengths,
        "select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        "TQL320",
        "overflow in the column's type",
        "error",
        "SUM and PROD are computed in the type of the column: small integers overflow, and the sum of bools is a bool; SQRT reads the bits of an integer as a float. About groups and 32 bits see TQL538.",
        "select sum(bin) as x from D",
        _narrow,
        "select sum(bin * 1) as x from D",
        reads=(BOUND,),
    ),
    Rule(
        "TQL538",
        "sum or product that may overflow",
        "warning",
        "SUM and PROD are computed in the type of the column, and wrap around beyond its range: those of a group of int8, int16, int32, uint8, uint16 and uint32, and of an array of 32 bits. Multiplied by 1, the values are int64.",
        "select sum(u8) as s from D group by grp",
        _may_overflow,
        "select sum(u8 * 1) as s from D group by grp",
        reads=(BOUND,),
    ),
)
