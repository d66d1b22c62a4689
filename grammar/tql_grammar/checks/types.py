"""Know the traps about types: what the engine refuses to compare or compute, what it casts, and what it answers from an index. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.edits import Edit, exchanged, multiplied, wrapped
from tql_grammar.checks.inference import infer
from tql_grammar.checks.levels import bare, expressions, own_parts
from tql_grammar.checks.literals import is_literal
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.functions import OF_VECTORS
from tql_grammar.rewrite.comparison import MIRRORED, number
from tql_grammar.schema import FLOATS, INTEGERS, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.checks.levels import Level
    from tql_grammar.schema import Column

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
SEARCHES = OF_VECTORS | {"maxsim"}
REDUCED = frozenset({"sum", "prod", "avg", "amin", "amax", "l1_norm", "linf_norm"})
NO_NUMBER = frozenset({"text", "json", "bytes"})


def _sides(node: ast.Comparison) -> tuple[tuple[ast.Expression, ast.Expression], ...]:
    """Return both sides, each before the other."""
    return (node.left, node.right), (node.right, node.left)


def _clash(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of texts with numbers."""
    for level, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison):
            left, right = infer(node.left, level), infer(node.right, level)
            if left is not None and right is not None and _differ(left, right):
                message = f"{left} beside {right}: the engine answers `Can't compare values of dtypes: ..`"
                yield subject.finding(node, message, "write texts in single quotes, and numbers without")


def _differ(left: Column, right: Column) -> bool:
    """Tell whether one side is a text and the other no text; class labels are compared with both, and JSON with anything."""
    if "json" in {left.dtype, right.dtype} or left.is_label or right.is_label or "bytes" in {left.dtype, right.dtype}:
        return False
    return (left.dtype == "text") is not (right.dtype == "text")


def _like(subject: Subject) -> Iterator[Finding]:
    """Yield LIKE over what is no text."""
    for level, node in subject.parts(ast.Like):
        if isinstance(node, ast.Like):
            column = infer(node.operand, level)
            json = isinstance(node.operand, ast.Subscript) and any(
                isinstance(part, ast.String) for part in node.operand.indices
            )
            if json or (column is not None and not column.is_text):
                message = "LIKE takes a column of texts: the engine answers `Like operator is applicable only on textual column.`"
                yield subject.finding(node.operand, message)


def _label(subject: Subject) -> Iterator[Finding]:
    """Yield names that are no class of a column."""
    for level, node in subject.parts(ast.Comparison, ast.In):
        pairs: list[tuple[ast.Expression, ast.Expression]] = []
        if isinstance(node, ast.Comparison):
            pairs += _sides(node)
        elif isinstance(node, ast.In) and not isinstance(node.members, ast.Query):
            pairs += [(node.operand, member) for member in node.members]
        for operand, literal in pairs:
            column = level.column(operand)
            if (
                column is not None
                and column.classes
                and isinstance(literal, ast.String)
                and literal.value not in column.classes
            ):
                message = f"the engine answers `{literal.value} is not valid value for tensor ..`"
                yield subject.finding(
                    literal, message, did_you_mean(literal.value, column.classes).replace("columns", "classes")
                )


def _members(subject: Subject) -> Iterator[Finding]:
    """Yield texts in lists for numbers."""
    for level, node in subject.parts(ast.In, ast.Between):
        column = level.column(node.operand) if isinstance(node, (ast.In, ast.Between)) else None
        if column is None or column.is_label or column.dtype == "json":
            continue
        literals = (node.low, node.high) if isinstance(node, ast.Between) else node.members  # type: ignore[attr-defined]  # IN or BETWEEN
        if isinstance(literals, ast.Query):
            continue
        for literal in literals:
            if (
                is_literal(literal)
                and column.dtype not in {"json", "bytes"}
                and isinstance(literal, ast.String) is not column.is_text
                and column.is_single
            ):
                yield subject.finding(
                    literal, f"the column is {column}: the engine cannot convert {subject.written(literal)} to it"
                )
                break


def _numeric(subject: Subject) -> Iterator[Finding]:
    """Yield calls and arithmetic over what is no number."""
    for level, node, operands in _computed(subject):
        for operand in operands:
            column = infer(operand, level)
            if column is not None and column.dtype in NO_NUMBER and not isinstance(operand, ast.Subscript):
                yield subject.finding(
                    operand,
                    f"this is {column}: the engine answers `Dtype .. is not numeric.`, or finds no rows",
                    "compute with numbers and arrays only",
                )
                break
        if isinstance(node, ast.Function) and node.name.lower() == "keys" and node.arguments:
            column = infer(node.arguments[0], level)
            if column is not None and column.dtype != "json":
                yield subject.finding(node, 'the engine answers `Function "KEYS" can be called only on json value.`')


def _computed(subject: Subject) -> Iterator[tuple[Level, ast.Node, tuple[ast.Expression, ...]]]:
    """Yield what is computed, with its operands; arithmetic in conditions is never refused."""
    for level in subject.levels:
        for clause, node in expressions(level.select):
            for part in own_parts(node):
                if isinstance(part, ast.Function):
                    numeric = part.name.lower() in OF_NUMBERS | SEARCHES and not level.select.group_by
                    yield level, part, part.arguments if numeric else ()
                elif isinstance(part, (ast.Chain, ast.Negate)) and clause != "WHERE":
                    yield level, part, part.operands if isinstance(part, ast.Chain) else (part.operand,)


def _no_rows(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic over texts in conditions."""
    for level in subject.levels:
        for node in () if level.select.where is None else own_parts(level.select.where):
            operands = node.operands if isinstance(node, ast.Chain) else ()
            for operand in operands:
                column = infer(operand, level)
                if column is not None and column.dtype == "text":
                    yield subject.finding(
                        node,
                        "arithmetic over texts: the condition is false for every row",
                        "texts cannot be joined; compare each",
                    )
                    break


def _lengths(subject: Subject) -> Iterator[Finding]:
    """Yield arithmetic and searches of vectors that are not as long as each other."""
    for level, node in subject.parts(ast.Function, ast.Chain):
        if isinstance(node, ast.Function) and node.name.lower() in SEARCHES:
            yield from _of_search(subject, node, level)
        elif isinstance(node, ast.Chain):
            shapes = {
                column.shape
                for operand in node.operands
                if (column := infer(operand, level)) is not None and column.shape
            }
            if len(shapes) > 1 and (len(set(map(len, shapes))) > 1 or all(None not in shape for shape in shapes)):
                message = (
                    "the engine answers `Can't apply operation on arrays with different shapes.`, or finds no rows"
                )
                yield subject.finding(node, message, "the shapes are " + ", ".join(sorted(map(str, shapes))))


def _of_search(subject: Subject, node: ast.Function, level: Level) -> Iterator[Finding]:
    """Yield what is wrong with the vectors of a search."""
    found = [infer(argument, level) for argument in node.arguments]
    name = node.name.lower()
    wanted = 2 if name == "maxsim" else 1
    for argument, column in zip(node.arguments, found, strict=True):
        if column is None or column.dtype in NO_NUMBER or level.select.group_by:
            continue
        if len(column.shape) != wanted and (name == "maxsim" or not column.shape):
            yield subject.finding(
                argument,
                f"{node.name} takes arrays of {wanted} dimensions, and this is {column}: the engine refuses it",
            )
            return
    lengths = {
        column.shape[-1] for column in found if column is not None and column.shape and column.shape[-1] is not None
    }
    if len(lengths) > 1:
        message = f"the lengths are {', '.join(sorted(map(str, lengths)))}: the engine answers `Can't compute dot product of different length arrays.`"
        yield subject.finding(node, message, "use the model that made the embeddings")


def _truth(subject: Subject) -> Iterator[Finding]:
    """Yield columns as conditions that are no bools."""
    for level in subject.levels:
        if level.select.where is None:
            continue
        for part in _conditions(level.select.where):
            column = infer(part, level)
            if column is not None and (column.shape or column.dtype in NO_NUMBER) and not level.select.group_by:
                message = f"this is {column}: the engine takes a text or JSON for false, and looks at the first element of an array"
                yield subject.finding(part, message, "compare it, or write ANY(..) or ALL(..)")


def _conditions(node: ast.Expression) -> Iterator[ast.Expression]:
    """Yield what AND, OR and NOT join."""
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
    """Yield equalities of a float32 column with a number that float32 has not."""
    import numpy as np

    for level, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison):
            for operand, literal in _sides(node):
                column, value = level.column(operand), number(literal)
                narrow = (
                    column is not None
                    and column.is_number
                    and column.dtype in {"float16", "float32"}
                    and not column.is_indexed
                )
                if (
                    narrow
                    and column is not None
                    and value is not None
                    and float(np.dtype(column.dtype).type(value)) != value
                ):
                    exact = repr(float(np.dtype(column.dtype).type(value)))
                    message = (
                        f"the column is {column.dtype}, in which {value} is {exact}; the engine compares with {value}"
                    )
                    yield subject.finding(literal, message, f"write {exact}", exchanged(literal, exact))


def _cast(subject: Subject) -> Iterator[Finding]:
    """Yield members of IN and ends of BETWEEN that the column's type cannot hold."""
    for level, node in subject.parts(ast.In, ast.Between):
        column = level.column(node.operand) if isinstance(node, (ast.In, ast.Between)) else None
        if column is None or not column.is_number or column.dtype not in INTEGERS:
            continue
        literals = (node.low, node.high) if isinstance(node, ast.Between) else node.members  # type: ignore[attr-defined]  # IN or BETWEEN
        for literal in () if isinstance(literals, ast.Query) else literals:
            value = number(literal)
            if value is not None and not _fits(column.dtype, value):
                message = f"the engine casts it to {column.dtype} first: 2.9 is 2, and 256 is 0 for uint8"
                yield subject.finding(literal, message, "compare with = < >")
                break


def _fits(dtype: str, value: float) -> bool:
    """Tell whether a type of integers holds a number."""
    import numpy as np

    info = np.iinfo(dtype)
    return int(value) == value and info.min <= value <= info.max


def _moved(subject: Subject) -> Iterator[Finding]:
    """Yield conditions on indexed columns over rows that are not the dataset's any more."""
    for level in subject.levels:
        if not level.changed or level.select.where is None:
            continue
        for part in own_parts(level.select.where):
            if isinstance(part, (ast.Comparison, ast.In, ast.Between)) and not isinstance(
                getattr(part, "left", None), (ast.Number, ast.String)
            ):
                operand = part.left if isinstance(part, ast.Comparison) else part.operand
                column = level.column(operand)
                if column is not None and _index_moves(part, column):
                    message = "the rows are not those of the dataset any more, and the index of the column points to other ones"
                    hint = "write the condition in the innermost select, or the literal first: 3 = x"
                    yield subject.finding(part, message, hint, _mirrored(part))


def _mirrored(part: ast.Node) -> tuple[Edit, ...]:
    """Return the edit that writes the literal of a comparison first: so it is never answered from an index."""
    from tql_grammar.printer import to_tql

    if not isinstance(part, ast.Comparison) or not is_literal(part.right):
        return ()
    return exchanged(part, to_tql(ast.Comparison(MIRRORED[part.operator], part.right, part.left)))


def _index_moves(part: ast.Node, column: Column) -> bool:
    """Tell whether the engine answers a condition from an index of the column."""
    if column.is_number:
        return "inverted" in column.indexes
    return "exact" in column.indexes and not isinstance(part, ast.Between)


def _empty_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of an exactly indexed text with the empty one."""
    for level, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.right == ast.String("") and node.operator in {"=", "!="}:
            column = level.column(node.left)
            if column is not None and column.is_text and "exact" in column.indexes:
                message = "with an exact index no text is the empty one: the engine's answer is not that of the rows"
                yield subject.finding(node, message, "write the text first: '' = x", _mirrored(node))


def _null_text(subject: Subject) -> Iterator[Finding]:
    """Yield comparisons of a nullable text with the empty one, where no test for null stands beside them."""
    tested = {test.operand for _, test in subject.parts(ast.IsNull)}
    for level, node in subject.parts(ast.Comparison):
        column = level.column(node.left) if node.operator == "=" and node.right == ast.String("") else None
        if column is not None and column.is_text and column.nullable and node.left not in tested:
            written = subject.written(node.left)
            edits = exchanged(node, f"({written} is not null and {written} = '')")
            message = "the engine takes null for the empty text"
            yield subject.finding(node, message, f"write {written} IS NOT NULL AND ..", edits)


def _unequal(subject: Subject) -> Iterator[Finding]:
    """Yield ``!=`` on a number with an index."""
    from tql_grammar.printer import to_tql

    for level, node in subject.parts(ast.Comparison):
        if isinstance(node, ast.Comparison) and node.operator == "!=" and number(node.right) is not None:
            column = level.column(node.left)
            if column is not None and column.is_number and "inverted" in column.indexes:
                written = subject.written(node.left)
                message = "with an index of numbers != is false for every row"
                edits = exchanged(node, f"(not ({written} = {to_tql(node.right)}))")
                yield subject.finding(node, message, f"write NOT ({written} = ..)", edits)


def _ordered_index(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY an indexed column beside LIMIT."""
    for level in subject.levels:
        if level.select.limit is None:
            continue
        for key in level.select.order_by[:1]:
            column = level.column(bare(key))
            if column is not None and {"inverted", "exact"} & set(column.indexes) and column.is_number:
                message = "beside LIMIT the engine takes the order from the index: it answers `Can't eval null array`"
                hint = "write LIMIT one level out: select * from (select .. order by x) limit 10"
                yield subject.finding(key, message, hint, wrapped(subject.text, level.select, level.select.limit))


def _reduced_key(subject: Subject) -> Iterator[Finding]:
    """Yield reductions of an embedding as the key of an order beside LIMIT."""
    for level in subject.levels:
        if level.select.limit is None:
            continue
        for key in level.select.order_by[:1]:
            call = key.expression
            if not isinstance(call, ast.Function) or not call.arguments:
                continue
            columns = [
                column
                for part in own_parts(call)
                if (column := level.column(part)) is not None and column.kind == "embedding"
            ]
            pair = call.name.lower() in SEARCHES and len(columns) > 1
            if columns and (pair or call.name.lower() in REDUCED):
                message = "beside LIMIT the engine takes the order from the index of the embedding: it refuses this key"
                edits = () if call.span is None else (Edit(call.span.end, call.span.end, " + 0"),)
                yield subject.finding(call, message, f"write {subject.written(call)} + 0", edits)


def _narrow(subject: Subject) -> Iterator[Finding]:
    """Yield sums and roots of integers that the engine computes in too small a type."""
    for level, node in subject.parts(ast.Function):
        if not isinstance(node, ast.Function) or not node.arguments or level.select.group_by:
            continue
        column = infer(node.arguments[0], level)
        if column is None:
            continue
        name = node.name.lower()
        if (
            name in {"sum", "prod"}
            and (column.dtype == "bool" or column.dtype in {"int8", "int16", "uint8", "uint16", "int32", "uint32"})
            and column.shape
        ):
            yield subject.finding(
                node,
                f"{node.name} of {column.dtype} is {column.dtype}: it wraps",
                f"write {name}({subject.written(node.arguments[0])} * 1)",
                multiplied(subject.text, node.arguments[0], "1"),
            )
        if name == "sqrt" and column.dtype not in {*FLOATS, "json"}:
            yield subject.finding(
                node,
                "SQRT of integers is garbage when it is read",
                f"write sqrt({subject.written(node.arguments[0])} * 1.0)",
                multiplied(subject.text, node.arguments[0], "1.0"),
            )


RULES = (
    Rule(
        "TQL217",
        "text compared with a number",
        "error",
        "The engine refuses to compare texts with numbers.",
        "select id from D where id = '3'",
        _clash,
        "select id from D where id = 3",
    ),
    Rule(
        "TQL218",
        "number in a list of texts, or a text in one of numbers",
        "error",
        "IN and BETWEEN cast their literals to the column's type, and the engine refuses those that cannot be.",
        "select id from D where id in ('a')",
        _members,
        "select id from D where id in (1)",
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
        "TQL236",
        "name that is no class",
        "error",
        "A class label is compared with the names of its classes, or with their numbers; the engine refuses other names.",
        "select id from D where label = 'nope'",
        _label,
        "select id from D where label = 'cat'",
    ),
    Rule(
        "TQL237",
        "LIKE over what is no text",
        "error",
        "LIKE takes a column of texts; values of JSON, numbers and arrays are refused.",
        "select id from D where id like '1'",
        _like,
        "select id from D where text like 'doc 1'",
    ),
    Rule(
        "TQL314",
        "condition that is no bool",
        "error",
        "Texts and JSON are false, and of an array the engine looks at the first element only.",
        "select id from D where emb > 0.5",
        _truth,
        "select id from D where any(emb > 0.5)",
    ),
    Rule(
        "TQL315",
        "float32 compared with a float64",
        "error",
        "`=` and `<` compare in float64: a float32 column is never 0.1, and what is 0.1 in it is larger.",
        "select id from D where f32 = 0.3333333333333333",
        _rounded,
        "select id from D where f32 = 0.3333333432674408",
    ),
    Rule(
        "TQL316",
        "literal that is cast to the column's type",
        "error",
        "IN and BETWEEN cut fractions and wrap large numbers before they compare.",
        "select id from D where id in (2.9)",
        _cast,
        "select id from D where id = 2.9",
    ),
    Rule(
        "TQL317",
        "condition on an indexed column over other rows",
        "error",
        "Over a sub-query that left rows out or moved them the engine still answers from the dataset's index: rows that do not meet the condition, or garbage.",
        "select id from (select id, num from X where id > 9) where num = 20",
        _moved,
        "select id from (select id, num from X where id > 9) where 20 = num",
    ),
    Rule(
        "TQL332",
        "exactly indexed text compared with the empty one",
        "error",
        "With an exact index `x = ''` is false for every row, also where the text is empty.",
        "select id from F where te = ''",
        _empty_text,
        "select id from F where '' = te",
    ),
    Rule(
        "TQL334",
        "nullable text compared with the empty one",
        "error",
        "`x = ''` holds for null too: the engine takes one for the other.",
        "select id from D where ntext = ''",
        _null_text,
        "select id from D where ntext is not null and ntext = ''",
    ),
    Rule(
        "TQL319",
        "!= on a number with an index",
        "error",
        "With an inverted index on a number != is false for every row.",
        "select id from X where num != 3",
        _unequal,
        "select id from X where not (num = 3)",
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
    Rule(
        "TQL238",
        "ORDER BY an indexed number beside LIMIT",
        "error",
        "The engine takes the order from the index, and fails.",
        "select id from X order by num limit 3",
        _ordered_index,
        "select * from (select id from X order by num) limit 3",
    ),
    Rule(
        "TQL239",
        "reduced embedding as a key beside LIMIT",
        "error",
        "SUM, PROD, AVG, AMIN, AMAX, L1_NORM and LINF_NORM of an embedding, and a similarity of two columns, are refused as the key of an order with LIMIT.",
        "select id from D order by sum(emb) limit 3",
        _reduced_key,
        "select id from D order by sum(emb) + 0 limit 3",
    ),
)
