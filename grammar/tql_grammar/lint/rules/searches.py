"""Rules about searches: BM25 and MMR outside of their one form, and orders that put the worst first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import CLOSENESS
from tql_grammar.lint.edits import Edit, wrapped
from tql_grammar.lint.reads import SIZE, WEIGHT
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import aliased, bare
from tql_grammar.schema import TEXT_INDEXES
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope

FORM = "order by bm25_similarity(text, 'words') desc limit 10"


def _is(node: ast.Node, name: str) -> bool:
    """Tell whether a node is a call of a function."""
    return isinstance(node, ast.Function) and node.name.lower() == name


def _words(subject: Subject) -> Iterator[Finding]:
    """Yield BM25 in another form than the engine's one."""
    for _, scope, clause, node, part in subject.places(ast.Function):
        if _is(part, "bm25_similarity") and not _is_form(scope, clause, node, part):
            message = "the engine takes BM25_SIMILARITY as the one key of ORDER BY, with DESC and LIMIT, and in the select list as `score` beside it"
            yield subject.finding(part, message, FORM)


def _is_form(scope: SelectScope, clause: str, node: ast.Node, call: ast.Node) -> bool:
    """Tell whether a BM25 score stands where the engine takes it."""
    if not _searches_by(scope.select, call):
        return False
    if clause == "ORDER BY":
        return bare(node) == call
    return clause == "SELECT" and isinstance(node, ast.Aliased) and node.alias == "score" and node.expression == call


def _searches_by(select: ast.Select, score: ast.Node) -> bool:
    """Tell whether a SELECT takes the rows with the highest scores: the score is its one key, with DESC and LIMIT."""
    if len(select.order_by) != 1 or select.limit is None or select.limit.count is None:
        return False
    (key,) = select.order_by
    return key.direction == "desc" and key.expression == score


def _word_column(subject: Subject) -> Iterator[Finding]:
    """Yield BM25 over what is no text with an index."""
    for scope, call in subject.parts(ast.Function):
        named = call.arguments[:1] if _is(call, "bm25_similarity") else ()
        for operand in named:
            column = scope.column(operand)
            if not isinstance(operand, ast.Column):
                yield subject.finding(
                    call, "BM25_SIMILARITY takes a column and a text: the engine refuses anything else"
                )
            elif column is not None and not TEXT_INDEXES & set(column.indexes):
                message = f"the column is {column}: the engine answers `BM25_SIMILARITY cannot be used without index.`"
                yield subject.finding(call, message, "make the column with deeplake.types.Text(deeplake.types.BM25)")


def _diverse(subject: Subject) -> Iterator[Finding]:
    """Yield MMR in the select list."""
    for place in subject.places(ast.Function):
        if place.clause == "SELECT" and _is(place.part, "mmr_similarity"):
            yield subject.finding(
                place.part,
                "the engine refuses MMR_SIMILARITY in the select list",
                "order by mmr_similarity(..) desc limit 10",
            )


def _worst_first(subject: Subject) -> Iterator[Finding]:
    """Yield orders by a closeness that put the farthest first."""
    for scope in subject.scopes:
        for key in scope.select.order_by[:1]:
            name = _closeness(key, scope.select)
            if name is not None and _puts_farthest_first(name, key.direction):
                largest = CLOSENESS[name] == "largest"
                word = "DESC" if largest else "ASC"
                yield subject.finding(
                    key,
                    f"this puts the farthest rows first: {name} is closest where it is {'largest' if largest else 'smallest'}",
                    f"write ORDER BY .. {word}",
                    _directed(key, word.lower()),
                )


def _puts_farthest_first(name: str, direction: str | None) -> bool:
    """Tell whether an order by a closeness begins with the farthest rows; who writes ASC asks for the smallest."""
    return direction != "asc" and (CLOSENESS[name] == "largest") is not (direction == "desc")


def _directed(key: ast.Order, direction: str) -> tuple[Edit, ...]:
    """Return the edit that gives a key without a direction one; a direction that is written stays."""
    span = key.span
    return () if span is None or key.direction is not None else (Edit(span.end, span.end, f" {direction}"),)


def _closeness(key: ast.Order, select: ast.Select) -> str | None:
    """Return the function that a key ranks by, where it is the closeness of an embedding to a vector, or None."""
    inner = subselect(select.source)
    scores = {} if inner is None else aliased(inner.columns)
    found = key.expression
    found = scores.get(found.name, found) if isinstance(found, ast.Column) else found
    name = found.name.lower() if isinstance(found, ast.Function) else ""
    searched = name in CLOSENESS and any(isinstance(part, (ast.Vector, ast.Array)) for part in own_parts(found))
    return name if searched else None


def _all_rows(subject: Subject) -> Iterator[Finding]:
    """Yield searches without LIMIT."""
    for scope in subject.scopes:
        select = scope.select
        if (
            select.order_by
            and _closeness(select.order_by[0], select) is not None
            and select.limit is None
            and select.top is None
            and select is subject.tree
        ):
            yield subject.finding(
                select.order_by[0], "a search without LIMIT brings every row, and uses no index", "write LIMIT 10"
            )


def _skipped(subject: Subject) -> Iterator[Finding]:
    """Yield searches with OFFSET."""
    for scope in subject.scopes:
        select = scope.select
        skips = select.limit is not None and select.limit.offset is not None and select.limit.count is not None
        if (
            skips
            and select.order_by
            and _closeness(select.order_by[0], select) is not None
            and select.limit is not None
        ):
            message = (
                "where the embedding has a built index, OFFSET takes its rows from those of LIMIT: fewer come, or none"
            )
            yield subject.finding(
                select.limit,
                message,
                "write it one level out: select * from (select .. order by ..) limit 10 offset 20",
                wrapped(subject.text, select, select.limit),
            )


def _constant_weight(subject: Subject) -> Iterator[Finding]:
    """Yield samples in which a number is the weight of every row."""
    for scope in subject.scopes:
        sample = scope.select.sample_by
        if sample is not None and isinstance(sample.weights, ast.Number) and 0 < sample.weights.value < 1:
            message = f"{subject.written(sample.weights)} is the weight of every row, and no share of them"
            yield subject.finding(sample.weights, message, "write SAMPLE BY 1 LIMIT 10 PERCENT")


def _zero(subject: Subject) -> Iterator[Finding]:
    """Yield vectors of zeros in a cosine."""
    for _, call in subject.parts(ast.Function):
        for argument in call.arguments if _is(call, "cosine_similarity") else ():
            if isinstance(argument, ast.Vector) and not argument.array.any():
                yield subject.finding(
                    argument, "a vector of zeros has no direction: the engine answers 0 for every row"
                )


RULES = (
    Rule(
        code="TQL223",
        title="BM25 outside of its one form",
        severity="error",
        explanation="BM25_SIMILARITY is the one key of ORDER BY, with DESC and LIMIT; its score comes back as `score` only. Anything else is refused.",
        example="select id from X order by bm25_similarity(tb, 'apple') desc",
        find=_words,
        meant="select id from X order by bm25_similarity(tb, 'apple') desc limit 3",
    ),
    Rule(
        code="TQL232",
        title="BM25 without an index",
        severity="error",
        explanation="BM25_SIMILARITY takes a column of texts with an index, and a text. Known with a schema only.",
        example="select id from D order by bm25_similarity(text, 'doc') desc limit 3",
        find=_word_column,
        meant="select id from X order by bm25_similarity(tb, 'apple') desc limit 3",
    ),
    Rule(
        code="TQL233",
        title="MMR in the select list",
        severity="error",
        explanation="MMR_SIMILARITY ranks rows by those before them, so it is a key of ORDER BY and never a column.",
        example="select mmr_similarity(emb, ARRAY[1, 0, 0, 0]) as x from D",
        find=_diverse,
        meant="select id from D order by mmr_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        code="TQL501",
        title="search that puts the farthest rows first",
        severity="warning",
        explanation="Cosine, dot product, maxsim and mmr are largest for the closest rows, and norms and distances smallest; ORDER BY ascends unless it says DESC. An ASC that is written is taken as meant, and a DESC is never changed by a fix.",
        example="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) limit 3",
        find=_worst_first,
        meant="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        code="TQL502",
        title="cosine with a vector of zeros",
        severity="warning",
        explanation="A vector of zeros has no direction. The engine answers 0 for every row, so the order means nothing.",
        example="select id from D order by cosine_similarity(emb, ARRAY[0, 0, 0, 0]) desc limit 3",
        find=_zero,
        meant="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
        reads=(SIZE,),
    ),
    Rule(
        code="TQL503",
        title="search without LIMIT",
        severity="warning",
        explanation="Without LIMIT a search sorts and brings every row.",
        example="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc",
        find=_all_rows,
        meant="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        code="TQL506",
        title="search with OFFSET",
        severity="warning",
        explanation="Beside a built index of the embedding LIMIT n OFFSET m brings n - m rows. One level out they are right, and the search is exact.",
        example="select id from F order by cosine_similarity(e, ARRAY[1, 0, 0, 0]) desc limit 5 offset 3",
        find=_skipped,
        meant="select * from (select id from F order by cosine_similarity(e, ARRAY[1, 0, 0, 0]) desc) limit 5 offset 3",
    ),
    Rule(
        code="TQL507",
        title="sample by a share",
        severity="warning",
        explanation="SAMPLE BY 0.1 gives every row the weight 0.1, so that all rows are equally likely; LIMIT 10 PERCENT is a tenth of them.",
        example="select id from D sample by 0.1",
        find=_constant_weight,
        meant="select id from D sample by 1 limit 10 percent",
        reads=(WEIGHT,),
    ),
)
