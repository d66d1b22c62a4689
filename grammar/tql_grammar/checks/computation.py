"""Rules about arithmetic: operands that are no numbers, vectors of other lengths, types that are too small. All need a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.checks.edits import multiplied
from tql_grammar.checks.rule import Finding, Rule, Subject
from tql_grammar.functions import SEARCHES
from tql_grammar.inference import infer
from tql_grammar.schema import FLOATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.checks.scopes import SelectScope

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
NO_NUMBER = frozenset({"text", "json", "bytes"})


def _numeric(subject: Subject) -> Iterator[Finding]:
    """Yield calls and arithmetic over what is no number."""
    for scope, node, operands in _computed(subject):
        for operand in operands:
            column = infer(operand, scope)
            if column is not None and column.dtype in NO_NUMBER and not isinstance(operand, ast.Subscript):
                yield subject.finding(
                    operand,
                    f"this is {column}: the engine answers `Dtype .. is not numeric.`, or finds no rows",
                    "compute with numbers and arrays only",
                )
                break
        if isinstance(node, ast.Function) and node.name.lower() == "keys" and node.arguments:
            column = infer(node.arguments[0], scope)
            if column is not None and column.dtype != "json":
                yield subject.finding(node, 'the engine answers `Function "KEYS" can be called only on json value.`')


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
        if isinstance(node, ast.Function) and node.name.lower() in SEARCHES:
            yield from _of_search(subject, node, scope)
        elif isinstance(node, ast.Chain):
            shapes = {
                column.shape
                for operand in node.operands
                if (column := infer(operand, scope)) is not None and column.shape
            }
            if len(shapes) > 1 and (len(set(map(len, shapes))) > 1 or all(None not in shape for shape in shapes)):
                message = (
                    "the engine answers `Can't apply operation on arrays with different shapes.`, or finds no rows"
                )
                yield subject.finding(node, message, "the shapes are " + ", ".join(sorted(map(str, shapes))))


def _of_search(subject: Subject, node: ast.Function, scope: SelectScope) -> Iterator[Finding]:
    """Yield what is wrong with the vectors of a search."""
    found = [infer(argument, scope) for argument in node.arguments]
    name = node.name.lower()
    wanted = 2 if name == "maxsim" else 1
    for argument, column in zip(node.arguments, found, strict=True):
        if column is None or column.dtype in NO_NUMBER or scope.select.group_by:
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


def _narrow(subject: Subject) -> Iterator[Finding]:
    """Yield sums and roots of integers that the engine computes in too small a type."""
    for scope, node in subject.parts(ast.Function):
        if not isinstance(node, ast.Function) or not node.arguments or scope.select.group_by:
            continue
        column = infer(node.arguments[0], scope)
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
