"""Rules about queries that crash the engine process, or hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import LOGICAL, REDUCTIONS, WITH_AXIS
from tql_grammar.lint.reads import WORD, has_word
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.lint.rules.nullable import HINT, is_filled, missing
from tql_grammar.schema import NOT_NUMERIC
from tql_grammar.shapes import read_apart
from tql_grammar.typing.inference import infer
from tql_grammar.typing.scopes import expressions
from tql_grammar.walk import own_parts, subselect, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.lint.rule import Place
    from tql_grammar.schema import Column
    from tql_grammar.typing.scopes import SelectScope


IN_JSON = "store lists of texts in a JSON column, {\"tags\": [..]}: contains(meta['tags'], 'x')"
KEY_CLAUSES = frozenset({"ORDER BY", "GROUP BY", "SAMPLE BY"})
# The smallest number with which a comparison of SHAPE is false for an empty array.
FEWEST = {">": 0, ">=": 1, "=": 1}


def _sample_info(subject: Subject) -> Iterator[Finding]:
    """Yield SAMPLE_INFO."""
    for _, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() == "sample_info":
            yield subject.finding(
                node, "SAMPLE_INFO crashes the engine process (SIGSEGV) on every type of column that was tested"
            )


def _shape_and_key(subject: Subject) -> Iterator[Finding]:
    """Yield SHAPE of a column, or its values, in a WHERE that reads another column after it. The SELECT sorts, groups or samples by the other of the two."""
    has_shape = any(call.name.lower() == "shape" for _, call in subject.parts(ast.Function))
    yield from _shapes_and_keys(subject) if has_shape else ()


def _shapes_and_keys(subject: Subject) -> Iterator[Finding]:
    """Yield those of a query that has SHAPE."""
    for scope in subject.scopes:
        where = scope.select.where or ast.Boolean(value=True)
        keys = [key for clause, key in expressions(scope.select) if clause in KEY_CLAUSES]
        for column, call in read_apart(where, keys):
            if _is_last(column, where):
                continue
            there, key = (
                ("the values of a column", "SHAPE of it") if call is None else ("SHAPE of a column", "its values")
            )
            message = f"{there} before another column in WHERE crash{'es' * (call is not None)} the engine process (SIGSEGV), as the same SELECT sorts, groups or samples by {key}"
            hint = "write it last in WHERE, or filter in a subquery: select .. from (select * from .. where ..) order by .."
            yield subject.finding(column if call is None else call, message, hint)


def _is_last(column: ast.Column, where: ast.Expression) -> bool:
    """Tell whether a condition reads no other column after one."""
    columns = [part for part in own_parts(where) if isinstance(part, ast.Column)]
    return all(part == column for part in columns[columns.index(column) :])


def _columns_of(nodes: Iterable[ast.Node]) -> frozenset[ast.Column]:
    """Return the columns in some expressions."""
    return frozenset(part for node in nodes for part in own_parts(node) if isinstance(part, ast.Column))


def _empty_array(subject: Subject) -> Iterator[Finding]:
    """Yield HAMMING_DISTANCE whose first argument is a vector of an unknown length, which may be empty, except in the outputs of rows that have an element of it."""
    for place in subject.places(ast.Function):
        call = place.part
        for column in _columns_of(call.arguments[:1]) if call.name.lower() == "hamming_distance" else ():
            known = place.scope.column(column)
            may_be_empty = known is not None and known.shape == (None,) and known.dtype not in NOT_NUMERIC
            if may_be_empty and not any(_has_element(where, column.name) for where in filters(place)):
                message = f"`{column.name}` may be empty in a row: HAMMING_DISTANCE of an empty array crashes the engine process (SIGFPE)"
                hint = f"filter the empty arrays out in a subquery: select .. from (select * from .. where shape({column.name})[0] > 0)"  # noqa: S608 - advice
                yield subject.finding(call, message, hint)


def _null_distance(subject: Subject) -> Iterator[Finding]:
    """Yield HAMMING_DISTANCE whose first argument is a number that can be null; in the outputs of a grouped query it is an array."""
    for _, scope, clause, _, call in subject.places(ast.Function):
        if (
            call.name.lower() == "hamming_distance"
            and call.arguments
            and not (scope.select.group_by and clause == "SELECT")
        ):
            column = missing(call.arguments[0], scope, clause)
            if column is not None:
                message = f"`{column.name}` can be null: HAMMING_DISTANCE of a null crashes the engine process (SIGFPE)"
                yield subject.finding(call, message, HINT.format(subject.written(column)))


def _no_value(subject: Subject) -> Iterator[Finding]:
    """Yield HAMMING_DISTANCE of what may have no element in a row: an empty array or a null."""
    yield from _empty_array(subject)
    yield from _null_distance(subject)


def filters(place: Place) -> Iterator[ast.Expression]:
    """Yield the conditions of WHERE that have left the rows that an expression reads: of subqueries, and for outputs of its own SELECT."""
    select: ast.Select | None = place.scope.select
    own = place.clause == "SELECT" and not place.scope.select.group_by
    while select is not None:
        if own and select.where is not None:
            yield from select.where.operands if isinstance(select.where, ast.And) else (select.where,)
        select, own = subselect(select.source), True


def _has_element(test: ast.Expression, name: str) -> bool:
    """Tell whether a condition is false for an empty array of a column: SHAPE of it is, or is above, a number, or ANY of a comparison of it; or for every row."""
    if test == ast.Boolean(value=False):
        return True
    if isinstance(test, ast.Comparison) and test.operator in FEWEST and isinstance(test.right, ast.Number):
        if test.right.value < FEWEST[test.operator]:
            return False
        shape = test.left.operand if isinstance(test.left, ast.Subscript) else test.left
        return _calls(shape, "shape", name)
    return _calls(test, "any", name)


def _calls(node: ast.Expression, function: str, name: str) -> bool:
    """Tell whether a node is a call of a function that reads a column."""
    is_call = isinstance(node, ast.Function) and node.name.lower() == function
    return is_call and name in {column.name for column in _columns_of([node])}


def _no_word(subject: Subject) -> Iterator[Finding]:
    """Yield CONTAINS with a string without a word on an indexed text column."""
    message = "CONTAINS with a string without a letter or a digit crashes the engine process (SIGSEGV), because the column has a text index"
    for scope, node in subject.parts(ast.Function):
        text = _text_without_word(node) if node.name.lower() == "contains" else None
        column = None if text is None else scope.column(node.arguments[0])
        if column is not None and column.is_text and column.is_indexed:
            part = (
                f"write {subject.written(node.arguments[0])} like '*part*', with a backslash before special characters"
            )
            yield subject.finding(
                node, message, part if text else "remove the condition: every text contains the empty string"
            )


def _text_without_word(call: ast.Function) -> str | None:
    """Return the string of a call that has no letter and no digit, or None."""
    strings = (part.value for part in call.arguments if isinstance(part, ast.String))
    return next((text for text in strings if not has_word(text)), None)


def _nullable_range(subject: Subject) -> Iterator[Finding]:
    """Yield BETWEEN on nullable numbers, except in other clauses than WHERE if that filters out the nulls."""
    for scope, node in subject.parts(ast.Between):
        if isinstance(node, ast.Between):
            column = scope.column(node.operand)
            clause = "WHERE" if _is_in(node, scope.select.where) else "SELECT"
            is_null = column is not None and column.nullable and column.is_number
            if is_null and not is_filled(node.operand, scope, clause):  # type: ignore[arg-type]  # a column: its type is known
                yield subject.finding(
                    node, "BETWEEN on a nullable number crashes the engine process", "write x >= 1 and x <= 5"
                )


def _is_in(node: ast.Node, where: ast.Node | None) -> bool:
    """Tell whether a node is a part of WHERE."""
    return where is not None and any(part is node for part in own_parts(where))


def _shapes(subject: Subject) -> Iterator[Finding]:
    """Yield LOGICAL_AND and LOGICAL_OR of arrays with different numbers of dimensions."""
    for scope, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() in LOGICAL:
            found = [column for argument in node.arguments if (column := infer(argument, scope)) is not None]
            if len({len(column.shape) for column in found}) > 1:
                yield subject.finding(
                    node,
                    f"{node.name} of arrays with different numbers of dimensions crashes the engine process, or is rejected",
                )


def _empty_dot(subject: Subject) -> Iterator[Finding]:
    """Yield dot products of columns of integers whose rows may be empty."""
    for scope, node in subject.parts(ast.Function):
        if isinstance(node, ast.Function) and node.name.lower() == "dot":
            found = [infer(argument, scope) for argument in node.arguments]
            if found and all(column is not None and None in column.shape and "int" in column.dtype for column in found):
                yield subject.finding(
                    node,
                    "DOT of two integer arrays crashes the engine process if a row is empty",
                    "write sum(a * b)",
                )


def _grouped_pair(subject: Subject) -> Iterator[Finding]:
    """Yield outputs that call a function and read two columns, or that combine SHAPE with a reduction, in a grouped SELECT of filtered rows."""
    for scope in subject.scopes:
        if not scope.select.group_by or not _may_have_no_rows(scope.select):
            continue
        for output in scope.select.columns:
            reason = _hanging(output)
            if reason is not None:
                message = f"the output of a grouped query {reason}: if WHERE matches no rows, the query hangs"
                yield subject.finding(
                    output, message, "compute in an outer query: select s / n as mean from (select sum(a) as s, ..)"
                )


def _may_have_no_rows(select: ast.Select | None) -> bool:
    """Tell whether WHERE or OFFSET of a SELECT, or of one of its subqueries, may leave no row."""
    inner = select
    while inner is not None:
        skips = inner is not select and inner.limit is not None and inner.limit.offset is not None
        if inner.where is not None or skips:
            return True
        inner = subselect(inner.source)
    return False


def _hanging(output: ast.Expression) -> str | None:
    """Return why an output of a group without rows hangs, or None."""
    names = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
    calls = {part.name.lower() for part in own_parts(output) if isinstance(part, ast.Function)}
    if len(names) > 1 and calls:
        return "calls a function and reads two columns"
    return "combines SHAPE with another function" if "shape" in calls and calls & REDUCTIONS else None


def _nullable_shape(subject: Subject) -> Iterator[Finding]:
    """Yield SHAPE of a nullable column in a grouped SELECT."""
    for _, scope, clause, _, call in subject.places(ast.Function):
        if clause == "SELECT" and scope.select.group_by and call.name.lower() == "shape" and call.arguments:
            column = scope.column(call.arguments[0])
            if column is not None and column.nullable and column.is_number:
                message = "SHAPE of a nullable column in a grouped query crashes the engine process"
                yield subject.finding(call, message, "take SHAPE of a column that is never null")


def _sequence(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of sequences inside of ANY and ALL, and CONTAINS of a sequence of texts."""
    for scope, node in subject.parts(ast.Function):
        name = node.name.lower() if isinstance(node, ast.Function) else ""
        found = _sequences(node, scope) if name == "contains" or name in WITH_AXIS else []
        if name != "contains" and found:
            yield subject.finding(node, f"{node.name} on a column of sequences crashes the engine process")
        elif any(column.dtype == "text" for column in found):
            message = "CONTAINS of a column of sequences of texts crashes the engine process in about half of its runs"
            yield subject.finding(node, message, IN_JSON)


def _sequences(node: ast.Node, scope: SelectScope) -> list[Column]:
    """Return the columns of sequences that a call reads."""
    columns = map(scope.column, own_parts(node))
    return [column for column in columns if column is not None and column.kind == "sequence"]


def _shared_star(subject: Subject) -> Iterator[Finding]:
    """Yield USING with ``*`` anywhere in the query, also in clauses that the engine ignores: its parser crashes."""
    if "using" not in subject.text.lower():
        return
    for node in walk(subject.tree):
        if isinstance(node, ast.Join) and isinstance(node.using, ast.Star):
            message = "USING with `*` crashes the engine process while it parses the query"
            yield subject.finding(node.using, message, "name the column: using (id), or on a.id = b.id")


RULES = (
    Rule(
        code="TQL404",
        title="SAMPLE_INFO",
        severity="error",
        explanation="SAMPLE_INFO crashes the engine process (SIGSEGV) on every type of column that was tested: images, JSON, integers and sequences.",
        example="select sample_info(img) as s from D",
        find=_sample_info,
    ),
    Rule(
        code="TQL405",
        title="CONTAINS with a string without a word on an indexed column",
        severity="error",
        explanation="On a column with a text index, CONTAINS with an empty string, or with one that has no letter and no decimal digit, such as '%', crashes the engine process (SIGSEGV). Reported only with a schema.",
        example="select id from X where contains(ti, '')",
        find=_no_word,
        meant="select id from X where contains(ti, 'apple')",
        needs_schema=True,
        reads=(WORD,),
    ),
    Rule(
        code="TQL406",
        title="BETWEEN on a nullable number",
        severity="error",
        explanation="BETWEEN on a nullable number crashes the engine process (SIGSEGV). Reported only with a schema.",
        example="select id from D where nul between 1 and 5",
        find=_nullable_range,
        meant="select id from D where nul >= 1 and nul <= 5",
        needs_schema=True,
    ),
    Rule(
        code="TQL407",
        title="LOGICAL_AND or LOGICAL_OR of arrays with different numbers of dimensions",
        severity="error",
        explanation="LOGICAL_AND and LOGICAL_OR of a matrix and a vector crash the engine process (SIGSEGV); of an array and a scalar they are rejected. Reported only with a schema.",
        example="select logical_and(mat > 1, arr > 1) as x from D",
        find=_shapes,
        meant="select logical_and(mat > 1, mat < 5) as x from D",
    ),
    Rule(
        code="TQL409",
        title="ANY, ALL or CONTAINS on a column of sequences",
        severity="error",
        explanation="ANY and ALL on a column of sequences, and CONTAINS on one of sequences of texts, crash the engine process (SIGSEGV). Reported only with a schema.",
        example="select id from S where any(seq = 3)",
        find=_sequence,
        needs_schema=True,
    ),
    Rule(
        code="TQL410",
        title="DOT of integer columns that can have empty rows",
        severity="error",
        explanation="DOT of two integer columns crashes the engine process (SIGFPE) if a row has no elements. Reported only with a schema.",
        example="select dot(arr, arr) as x from D",
        find=_empty_dot,
        meant="select sum(arr * 1 * arr) as x from D",
    ),
    Rule(
        code="TQL411",
        title="function and two columns, or SHAPE and a reduction, in one output of a grouped query",
        severity="error",
        explanation="A grouped SELECT hangs if WHERE, its own or that of a subquery, matches no rows, and one of its outputs calls a function and reads two columns, or combines SHAPE with a reduction such as SUM.",
        example="select sum(id) - sum(grp) as x from D where id > 99 group by grp",
        find=_grouped_pair,
        meant="select s - t as x from (select sum(id) as s, sum(grp) as t from D where id > 99 group by grp)",
    ),
    Rule(
        code="TQL412",
        title="SHAPE of a nullable column in a grouped query",
        severity="error",
        explanation="SHAPE of a nullable number in a grouped SELECT crashes the engine process (SIGSEGV). Reported only with a schema.",
        example="select grp[0] as g, shape(nul)[0] as n from D group by grp",
        find=_nullable_shape,
        meant="select grp[0] as g, shape(id)[0] as n from D group by grp",
        needs_schema=True,
    ),
    Rule(
        code="TQL413",
        title="join with USING (*)",
        severity="error",
        explanation="JOIN .. USING (*) and USING (b.*) crash the engine process (SIGSEGV) while it parses the query, wherever they are written.",
        example="select b.name as n from D as a join U as b using (*)",
        find=_shared_star,
        meant="select b.name as n from D as a join U as b using (id)",
    ),
    Rule(
        code="TQL418",
        title="SHAPE in WHERE of a column that is a key",
        severity="error",
        explanation="If WHERE reads SHAPE of a column and after it another column, and the same SELECT sorts, groups or samples by the values of the first one, the engine process crashes (SIGSEGV). So it does if WHERE reads the values, and the key SHAPE.",
        example="select id from D where shape(emb)[0] <= u8 order by sum(emb)",
        find=_shape_and_key,
        meant="select id from (select * from D where shape(emb)[0] <= u8) order by sum(emb)",
    ),
    Rule(
        code="TQL419",
        title="HAMMING_DISTANCE of an array that may be empty, or of a nullable number",
        severity="error",
        explanation="HAMMING_DISTANCE with an empty array or a null as its first argument crashes the engine process (SIGFPE). A vector of an unknown length may be empty. Reported only with a schema, and not if a subquery filters the empty arrays, or the nulls, out.",
        example="select hamming_distance(arr, ARRAY[1]) as d from D",
        find=_no_value,
        meant="select hamming_distance(arr, ARRAY[1]) as d from (select * from D where shape(arr)[0] > 0)",
        needs_schema=True,
    ),
)
