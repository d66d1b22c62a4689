"""Rules about types: comparisons of different types, literals that the engine converts, and conditions that are not boolean. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.edits import exchanged
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.guards import tests
from tql_grammar.lint.rules.indexes import of_dataset
from tql_grammar.lint.rules.literals import is_literal, is_text_array, literals_of
from tql_grammar.lint.rules.nullable import is_nullable_text
from tql_grammar.rewrite.comparison import number
from tql_grammar.rewrite.fitting import rounded
from tql_grammar.schema import INTEGERS, NOT_NUMERIC, Column, did_you_mean
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import below, own_parts, rebuild, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.rules.guards import Guarded
    from tql_grammar.typing.scopes import SelectScope


def _clash(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of text with numbers."""
    for scope, node in subject.parts(ast.Comparison):
        left = _type_of(*subject.computed(node.left, scope))
        if left is not None:
            right = _type_of(*subject.computed(node.right, scope))
            if right is not None and _are_incomparable(left, right):
                message = f"{left} is compared with {right}: the engine fails with `Can't compare values of dtypes: ..`"
                yield subject.finding(node, message, "write strings in single quotes, and numbers without quotes")


def _type_of(node: ast.Node, scope: SelectScope) -> Column | None:
    """Return the type of a side of a comparison; an ARRAY of strings is text."""
    return Column("text") if is_text_array(node) else infer(node, scope)


def _are_incomparable(left: Column, right: Column) -> bool:
    """Tell whether the engine cannot compare two types: text with any other type except class labels, JSON and bytes."""
    if "json" in {left.dtype, right.dtype} or left.is_label or right.is_label or "bytes" in {left.dtype, right.dtype}:
        return False
    return (left.dtype == "text") is not (right.dtype == "text")


def _like(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE on operands that are not text columns."""
    for scope, node in subject.parts(ast.Like):
        if isinstance(node.operand, ast.String):
            message = "the left side of LIKE is a column: the engine fails with `Tensor name '..' should either have no quotes or double quotes.`"
            yield subject.finding(node.operand, message, "write x like 'pattern'")
        elif isinstance(node, ast.Like):
            column = infer(*subject.computed(node.operand, scope))
            if column is not None and not column.is_text:
                message = "LIKE takes a text column: the engine fails with `Like operator is applicable only on textual column.`"
                yield subject.finding(node.operand, message)


def _like_json(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE on values of JSON that some rows may not have."""
    for scope, node in subject.parts(ast.Like):
        operand = node.operand
        if isinstance(operand, ast.Subscript) and operand.is_keyed and not _is_kept(operand, scope.select):
            message = "LIKE is right if every row has this key of JSON; else the engine fails with `Key not found`"
            written = subject.written(operand)
            hint = f"leave out the other rows in a subquery: from (select * from .. where {written} is not null)"  # noqa: S608 - advice
            yield subject.finding(operand, message, hint)


def _is_kept(value: ast.Subscript, select: ast.Select) -> bool:
    """Tell whether a subquery keeps only rows in which a value of JSON is not null."""
    inner = subselect(select.source)
    where = None if inner is None else inner.where
    tests = where.operands if isinstance(where, ast.And) else (where,)
    return any(isinstance(test, ast.IsNull) and test.negated and test.operand == value for test in tests)


def _label(subject: Subject) -> Iterator[Finding]:
    """Yield unknown class names."""
    for scope, node in subject.parts(ast.Comparison, ast.In):
        pairs = node.sides if isinstance(node, ast.Comparison) else _memberships(node)
        for operand, literal in pairs:
            column = scope.column(operand)
            classes = () if column is None else column.classes
            if classes and isinstance(literal, ast.String) and literal.value not in classes:
                message = f"the column has no class `{literal.value}`: the engine fails with `{literal.value} is not valid value for tensor ..`"
                yield subject.finding(literal, message, did_you_mean(literal.value, classes, "classes"))


def _memberships(node: ast.In) -> tuple[tuple[ast.Expression, ast.Expression], ...]:
    """Return the operand of IN with each of the members."""
    return tuple((node.operand, member) for member in literals_of(node))


def _members(subject: Subject) -> Iterator[Finding]:
    """Yield members of IN and bounds of BETWEEN that the engine cannot convert to the column's type."""
    for scope, node in subject.parts(ast.In, ast.Between):
        column = scope.column(node.operand)
        if column is None or column.is_label or column.dtype == "json":
            continue
        for literal in literals_of(node):
            if is_literal(literal) and _is_inconvertible(literal, column):
                yield subject.finding(
                    literal, f"the column is {column}: the engine cannot convert {subject.written(literal)} to it"
                )
                break


def _is_inconvertible(literal: ast.Expression, column: Column) -> bool:
    """Tell whether the engine cannot convert a literal to the type of a column, or of its elements: a number to text, or a string to a number."""
    if isinstance(literal, ast.String):
        return column.dtype not in {"text", "bytes"}
    return column.is_text


def _truth(subject: Subject) -> Iterator[Finding]:
    """Yield conditions that are not boolean."""
    for scope in subject.scopes:
        if scope.select.where is None:
            continue
        for part in _conditions(scope.select.where):
            column = infer(_with_element(part, scope), scope)
            if column is not None and (column.shape or column.dtype in NOT_NUMERIC) and not scope.select.group_by:
                message = f"this condition is {column}: the engine treats text and JSON as false, and uses only the first element of an array"
                yield subject.finding(part, message, "compare it with a value, or write ANY(..) or ALL(..)")


def _with_element(condition: ast.Expression, scope: SelectScope) -> ast.Expression:
    """Return a condition whose only subscript of a column reads one element, with a number in its place: the engine returns the right rows; of two it reads other elements."""
    found = [part for part in own_parts(condition) if isinstance(part, ast.Subscript)]
    found = [part for part in found if isinstance(part.operand, ast.Column)]
    if len(found) != 1 or not _is_element(found[0], scope):
        return condition
    return rebuild(condition, lambda node: ast.Number(1) if node == found[0] else node)


def _is_element(node: ast.Subscript, scope: SelectScope) -> bool:
    """Tell whether a subscript reads one element of a column of arrays."""
    column = scope.column(node.operand)
    indices = all(isinstance(index, ast.Number) for index in node.indices)
    return column is not None and indices and len(node.indices) == len(column.shape)


def _conditions(node: ast.Expression) -> Iterator[ast.Expression]:
    """Yield the operands of AND, OR and NOT that are none of these themselves."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, (ast.And, ast.Or)):
            stack.extend(part.operands)
        elif isinstance(part, ast.Not):
            stack.append(part.operand)
        else:
            yield part


def _rounded(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a float32 or float16 column with a number that its type cannot store."""
    for scope, node in subject.parts(ast.Comparison):
        for operand, literal in node.sides:
            column, value = scope.column(operand), number(literal)
            if column is None or value is None or not _is_narrow(column):
                continue
            nearest = rounded(column.dtype, value)
            if nearest != value:
                exact = repr(nearest)
                message = f"the column is {column.dtype}, which stores {value} as {exact}, but the engine compares with {value}"
                yield subject.finding(
                    literal, message, f"write {exact}", exchanged(literal, exact, ast.Number(nearest))
                )


def _is_narrow(column: Column) -> bool:
    """Tell whether the engine widens a float16 or float32 column to float64 for comparisons; with an index it compares in the column's type."""
    return column.is_number and column.dtype in {"float16", "float32"} and not column.is_indexed


def _cast(subject: Subject) -> Iterator[Finding]:
    """Yield members of IN and bounds of BETWEEN that the column's integer type cannot store."""
    for scope, node in subject.parts(ast.In, ast.Between):
        column = scope.column(node.operand)
        if column is None or not column.is_number or column.dtype not in INTEGERS:
            continue
        for literal in literals_of(node):
            value = number(literal)
            if value is not None and not _is_kept_value(column.dtype, _side(node, literal), value):
                message = f"the engine first converts it to {column.dtype}: 2.9 becomes 2, and 256 becomes 0 in uint8"
                yield subject.finding(literal, message, "compare with = < >")
                break
    yield from _cast_by_index(subject)


def _cast_by_index(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of an indexed integer with a number that its type cannot store."""
    for scope, node in subject.parts(ast.Comparison):
        column, value = scope.column(node.left), number(node.right)
        if column is None or value is None or not column.is_number or "inverted" not in column.indexes:
            continue
        if column.dtype in INTEGERS and not _is_kept_value(column.dtype, node.operator, value):
            message = f"the column has an inverted index, and the engine first converts the number to {column.dtype}: 2.5 becomes 2"
            yield subject.finding(node.right, message, f"write the number first: {subject.written(node.right)} = x")


def _side(node: ast.In | ast.Between, literal: ast.Expression) -> str:
    """Return the comparison that IN makes with a member, and BETWEEN with a bound."""
    if isinstance(node, ast.In):
        return "="
    return ">=" if literal is node.low else "<="


def _is_kept_value(dtype: str, operator: str, value: float) -> bool:
    """Tell whether a comparison is right with a number that is cut to an integer: towards zero, `x <= 2.5` is `x <= 2`, and `x >= -2.5` is `x >= -2`."""
    allowed = {">", "<="} if value > 0 else {"<", ">="}
    if value != int(value) and (operator not in allowed or (value < 0 and dtype.startswith("u"))):
        return False
    return _fits(dtype, int(value))


def _fits(dtype: str, value: float) -> bool:
    """Tell whether an integer type can store a number."""
    bits = int(dtype.removeprefix("u").removeprefix("int"))
    smallest, count = (0 if dtype.startswith("u") else -(2 ** (bits - 1))), 2**bits
    return int(value) == value and smallest <= value < smallest + count


def _never_null(subject: Subject) -> Iterator[Finding]:
    """Yield IS NULL and IS NOT NULL on text columns that have no null."""
    for scope, node in subject.parts(ast.IsNull):
        column = of_dataset(subject, scope, node.operand)
        if column is not None and column.is_text and not column.nullable and scope.column(node.operand) is not None:
            written = subject.written(node.operand)
            effect = "leaves out" if node.negated else "finds"
            message = f"`{written}` is a text column without nulls, and the engine treats the empty string as null: this {effect} the empty texts"
            yield subject.finding(node, message, f"write {written} {'!=' if node.negated else '='} ''")


def _null_text(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on a nullable text column that the empty string matches, and that no test for null decides."""
    for scope in subject.scopes:
        for clause, whole in expressions(scope.select):
            for part in tests(whole):
                operand = _null_matches(part, scope, clause)
                if operand is not None:
                    message = "this also matches null, which the engine treats as the empty string"
                    yield subject.finding(part.node, message, f"write {subject.written(operand)} IS NOT NULL AND ..")


def _null_matches(part: Guarded, scope: SelectScope, clause: str) -> ast.Column | None:
    """Return the nullable text column whose null a test matches as the empty string, or None; a test with an unknown column has another finding."""
    if _names_unknown(part.node, scope):
        return None
    for operand in _matching_empty(part.node):
        free = isinstance(operand, ast.Column) and operand not in part.guards
        if free and isinstance(operand, ast.Column) and is_nullable_text(operand, scope, clause):
            return operand
    return None


def _names_unknown(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a test has an operand without an alias that is no column of the source."""
    seen = scope.columns or {}
    names = (part.name for part in below(node) if isinstance(part, ast.Column) and part.table is None)
    return any(name not in seen for name in names)


def _matching_empty(node: ast.Node) -> tuple[ast.Expression, ...]:
    """Return the operands of a condition that is true, or may be, where they are the empty string."""
    empty = ast.String("")
    if isinstance(node, ast.Comparison):
        return _compared_with_empty(node)
    if isinstance(node, ast.Between):
        return (node.operand,) if node.low == empty else ()
    if not isinstance(node, ast.In) or isinstance(node.members, ast.Query):
        return ()
    return (node.operand,) if (empty in node.members) is not node.negated else ()


def _compared_with_empty(node: ast.Comparison) -> tuple[ast.Expression, ...]:
    """Return the operands of a comparison for whose empty string it is true: `x = ''`, `x != 'a'`, and two columns."""
    if isinstance(node.left, ast.Column) and isinstance(node.right, ast.Column):
        return (node.left, node.right) if node.operator in {"=", "!="} else ()
    pairs = [(one, other) for one, other in node.sides if isinstance(other, ast.String)]
    return tuple(one for one, other in pairs if node.operator == ("=" if other == ast.String("") else "!="))


RULES = (
    Rule(
        "TQL217",
        "text compared with a number",
        "error",
        "The engine cannot compare text with numbers, and rejects the query.",
        "select id from D where id = '3'",
        _clash,
        "select id from D where id = 3",
    ),
    Rule(
        "TQL218",
        "IN or BETWEEN with a literal of another type",
        "error",
        "The engine converts the literals of IN and BETWEEN to the type of the column, and rejects the query if it cannot.",
        "select id from D where id in ('a')",
        _members,
        "select id from D where id in (1)",
        needs_schema=True,
    ),
    Rule(
        "TQL236",
        "unknown class name",
        "error",
        "A class label can be compared with the names and the numbers of its classes; the engine rejects other names.",
        "select id from D where label = 'nope'",
        _label,
        "select id from D where label = 'cat'",
        needs_schema=True,
    ),
    Rule(
        "TQL237",
        "LIKE on an operand that is not text",
        "error",
        "LIKE takes a text column; the engine rejects numbers and arrays.",
        "select id from D where id like '1'",
        _like,
        "select id from D where text like 'doc 1'",
    ),
    Rule(
        "TQL517",
        "LIKE on a value of JSON",
        "warning",
        "LIKE on a value of JSON runs only if every row has the key: in any other case the engine fails with `Key not found`.",
        "select id from D where js['s'] like 's*'",
        _like_json,
        "select id from (select * from D where js['s'] is not null) where js['s'] like 's*'",
    ),
    Rule(
        "TQL314",
        "condition that is not boolean",
        "error",
        "As a condition, text and JSON are false, and of an array the engine uses only the first element.",
        "select id from D where emb > 0.5",
        _truth,
        "select id from D where any(emb > 0.5)",
    ),
    Rule(
        "TQL315",
        "float32 column compared with a float64 number",
        "error",
        "Comparisons are in float64. A float32 column stores 0.1 as 0.10000000149011612, which is not equal to 0.1, but larger.",
        "select id from D where f32 = 0.3333333333333333",
        _rounded,
        "select id from D where f32 = 0.3333333432674408",
        needs_schema=True,
    ),
    Rule(
        "TQL316",
        "IN or BETWEEN with a number that the column cannot store",
        "error",
        "IN and BETWEEN convert their literals to the type of the column before they compare: fractions are cut off, and large numbers wrap around. So do all comparisons with a column that has an inverted index.",
        "select id from D where id in (2.9)",
        _cast,
        "select id from D where id = 2.9",
        needs_schema=True,
    ),
    Rule(
        "TQL334",
        "condition that a null of a text column matches",
        "error",
        "The engine treats a null of a text column as the empty string: `x = ''`, `x in ('')`, `x between '' and 'b'`, `x != 'a'`, `x not in ('a')` and a comparison with another column also match null. Reported only with a schema, and not if `x is not null and ..` is around the condition.",
        "select id from D where ntext = ''",
        _null_text,
        "select id from D where ntext is not null and ntext = ''",
        needs_schema=True,
    ),
    Rule(
        "TQL540",
        "IS NULL on a text column without nulls",
        "warning",
        "A text column that is not nullable has no null, and the engine treats its empty strings as null: `x is null` finds them, and `x is not null` leaves them out. Reported only with a schema.",
        "select id from N where s is not null",
        _never_null,
        "select id from N",
        needs_schema=True,
    ),
)
