"""Rules about searches: unsupported forms of BM25 and MMR, and searches that return the wrong rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tql_grammar import ast
from tql_grammar.functions import CLOSENESS
from tql_grammar.lint.edits import followed, wrapped
from tql_grammar.lint.reads import SIZE, WEIGHT
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import aliased, bare
from tql_grammar.schema import TEXT_INDEXES
from tql_grammar.walk import own_parts, subselect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.lint.edits import Fix
    from tql_grammar.typing.scopes import SelectScope

BM25_FORM = "write order by bm25_similarity(text, 'words') desc limit 10"


def _is(node: ast.Node, name: str) -> bool:
    """Tell whether a node is a call of a function."""
    return isinstance(node, ast.Function) and node.name.lower() == name


def _words(subject: Subject) -> Iterator[Finding]:
    """Yield BM25 in a form that the engine does not support."""
    for _, scope, clause, node, part in subject.places(ast.Function):
        if _is(part, "bm25_similarity") and not _is_form(scope, clause, node, part):
            message = "the engine supports BM25_SIMILARITY only as the first key of ORDER BY with DESC and LIMIT, and as the output `score` of the same SELECT"
            yield subject.finding(part, message, BM25_FORM)


def _is_form(scope: SelectScope, clause: str, node: ast.Node, call: ast.Node) -> bool:
    """Tell whether the engine supports a BM25 score at this place."""
    if not _searches_by(scope.select, call):
        return False
    if clause == "ORDER BY":
        return bare(node) == call
    return clause == "SELECT" and isinstance(node, ast.Aliased) and node.alias == "score" and node.expression == call


def _searches_by(select: ast.Select, score: ast.Node) -> bool:
    """Tell whether a SELECT returns the rows with the highest scores: the score is its first key, with DESC and LIMIT."""
    if not select.order_by or select.limit is None or select.limit.count is None:
        return False
    # The engine ignores the keys after the first.
    key = select.order_by[0]
    return key.direction == "desc" and key.expression == score


def _word_column(subject: Subject) -> Iterator[Finding]:
    """Yield BM25 on operands that are not indexed text columns."""
    for scope, call in subject.parts(ast.Function):
        named = call.arguments[:1] if _is(call, "bm25_similarity") else ()
        for operand in named:
            column = scope.column(operand)
            if not isinstance(operand, ast.Column):
                yield subject.finding(
                    call, "BM25_SIMILARITY takes a column and a string: the engine rejects anything else"
                )
            elif column is not None and not TEXT_INDEXES & set(column.indexes):
                message = f"the column is {column}, without a text index: the engine fails with `BM25_SIMILARITY cannot be used without index.`"
                yield subject.finding(call, message, "create the column with deeplake.types.Text(deeplake.types.BM25)")


def _diverse(subject: Subject) -> Iterator[Finding]:
    """Yield MMR in the SELECT list."""
    for place in subject.places(ast.Function):
        if place.clause == "SELECT" and _is(place.part, "mmr_similarity"):
            yield subject.finding(
                place.part,
                "the engine rejects MMR_SIMILARITY in the SELECT list",
                "write order by mmr_similarity(..) desc limit 10",
            )


def _worst_first(subject: Subject) -> Iterator[Finding]:
    """Yield ORDER BY a similarity or distance that puts the farthest rows first."""
    for scope in subject.scopes:
        for key in scope.select.order_by[:1]:
            name = _sorted_by(key, scope.select)
            if name is not None and _puts_farthest_first(name, key.direction):
                largest = CLOSENESS[name] == "largest"
                word = "DESC" if largest else "ASC"
                yield subject.finding(
                    key,
                    f"this puts the farthest rows first: the closest rows have the {'largest' if largest else 'smallest'} {name}",
                    f"write ORDER BY .. {word}",
                    _directed(key, "desc" if largest else "asc"),
                )


def _puts_farthest_first(name: str, direction: str | None) -> bool:
    """Tell whether an order puts the farthest rows first; an explicit ASC is taken as intended."""
    return direction != "asc" and (CLOSENESS[name] == "largest") is not (direction == "desc")


def _directed(key: ast.Order, direction: Literal["asc", "desc"]) -> Fix | None:
    """Return the fix that adds a direction to a key; None for a key with an explicit direction."""
    return None if key.direction is not None else followed(key, f" {direction}", key.replace(direction=direction))


def _sorted_by(key: ast.Order, select: ast.Select) -> str | None:
    """Return the function that a key sorts by, if it is the similarity or distance of a column and a vector, else None."""
    inner = subselect(select.source)
    scores = {} if inner is None else aliased(inner.columns)
    found: ast.Node = key.expression
    found = _unwrapped(scores.get(found.name, found) if isinstance(found, ast.Column) else found)
    return found.name.lower() if isinstance(found, ast.Function) and _is_score(found) else None


def _is_score(node: ast.Node) -> bool:
    """Tell whether a node is the similarity or distance of a column and a vector."""
    is_closeness = isinstance(node, ast.Function) and node.name.lower() in CLOSENESS
    return is_closeness and any(isinstance(part, (ast.Vector, ast.Array)) for part in own_parts(node))


def _unwrapped(node: ast.Node) -> ast.Node:
    """Return a score without the ``[0]`` of its only element, or the ``+ 0`` that keeps its order."""
    if isinstance(node, ast.Subscript):
        return node.operand
    is_sum = isinstance(node, ast.Chain) and node.operators == ("+",) and isinstance(node.operands[1], ast.Number)
    return node.operands[0] if is_sum else node  # type: ignore[attr-defined]  # a chain


def _unsorted(subject: Subject) -> Iterator[Finding]:
    """Yield LIMIT of a search whose score is selected, and is no sort key."""
    if not subject.places(ast.Function):
        return
    for scope in subject.scopes:
        limit = scope.select.limit
        if limit is not None and limit.count is not None and _is_unsorted(scope.select):
            message = "the limit takes the first rows, not the nearest: no sort key reads the score"
            yield subject.finding(
                limit,
                message,
                'sort by the score in the direction of the nearest rows, ORDER BY score DESC for similarities; with the builder, .order_by("score")',
            )


def _is_unsorted(select: ast.Select) -> bool:
    """Tell whether a SELECT or its subqueries compute a score that none of their sort keys reads."""
    levels = [*_levels(select)]
    scores = _reciprocal_ranks(levels[-1].source)
    has_score = has_key = False
    for level in reversed(levels):
        for output in level.columns:
            if _reads_score(output, scores):
                has_score = True
                scores |= {output.alias} if isinstance(output, ast.Aliased) else set()
        has_key = has_key or any(_reads_score(key, scores) for key in level.order_by)
    return has_score and not has_key


def _levels(select: ast.Select | None) -> Iterator[ast.Select]:
    """Yield a SELECT and the SELECTs of its subqueries, the outermost first."""
    while select is not None:
        yield select
        select = subselect(select.source)


def _reciprocal_ranks(source: ast.Source | None) -> set[str]:
    """Return the names of the reciprocal ranks of a hybrid search: each ranking of its union selects one, ``1.0 / (61 + row_number())``, from rows that a score sorts."""
    query = source.query if isinstance(source, ast.Derived) else None
    members = query.operands if isinstance(query, ast.SetOperation) else ()
    return {
        name
        for member in members
        if isinstance(member, ast.Select) and _is_ranked(subselect(member.source))
        for name, node in aliased(member.columns).items()
        if _is_reciprocal(node)
    }


def _is_ranked(select: ast.Select | None) -> bool:
    """Tell whether the score of a search by vectors or words sorts the rows of a SELECT."""
    keys = (key for level in _levels(select) for key in level.order_by)
    return any(_is_score(part) or _is(part, "bm25_similarity") for key in keys for part in own_parts(key))


def _is_reciprocal(node: ast.Node) -> bool:
    """Tell whether a node is a quotient with a row number in the divisor."""
    is_quotient = isinstance(node, ast.Chain) and "/" in node.operators
    return is_quotient and any(_is(part, "row_number") for part in own_parts(node))


def _reads_score(node: ast.Node, scores: set[str]) -> bool:
    """Tell whether an expression computes a score, or reads one by its name."""
    parts = list(own_parts(node))
    return any(_is_score(part) or (isinstance(part, ast.Column) and part.name in scores) for part in parts)


def _all_rows(subject: Subject) -> Iterator[Finding]:
    """Yield searches without LIMIT."""
    for scope in subject.scopes:
        select = scope.select
        if (
            select.order_by
            and _sorted_by(select.order_by[0], select) is not None
            and select.limit is None
            and select.top is None
            and select is subject.tree
        ):
            yield subject.finding(
                select.order_by[0], "a search without LIMIT returns every row, and uses no index", "add LIMIT 10"
            )


def _skipped(subject: Subject) -> Iterator[Finding]:
    """Yield searches with OFFSET."""
    for scope in subject.scopes:
        select = scope.select
        skips = select.limit is not None and select.limit.offset is not None and select.limit.count is not None
        if (
            skips
            and select.order_by
            and _sorted_by(select.order_by[0], select) is not None
            and select.limit is not None
        ):
            message = "if the embedding has an index, OFFSET skips rows within those of LIMIT: fewer rows are returned, or none"
            yield subject.finding(
                select.limit,
                message,
                "put LIMIT and OFFSET in an outer query: select * from (select .. order by ..) limit 10 offset 20",
                wrapped(subject.text, select, select.limit),
            )


def _constant_weight(subject: Subject) -> Iterator[Finding]:
    """Yield SAMPLE BY a number between 0 and 1, which is the weight of every row."""
    for scope in subject.scopes:
        sample = scope.select.sample_by
        if sample is not None and isinstance(sample.weights, ast.Number) and 0 < sample.weights.value < 1:
            message = f"{subject.written(sample.weights)} is the weight of every row, not the fraction of rows to draw"
            yield subject.finding(sample.weights, message, "write SAMPLE BY 1 LIMIT 10 PERCENT")


def _zero(subject: Subject) -> Iterator[Finding]:
    """Yield zero vectors in a cosine similarity."""
    for _, call in subject.parts(ast.Function):
        for argument in call.arguments if _is(call, "cosine_similarity") else ():
            if isinstance(argument, ast.Vector) and not any(argument.numbers):
                yield subject.finding(argument, "a zero vector has no direction: the similarity is 0 for every row")


def _by_cosine(subject: Subject) -> Iterator[Finding]:
    """Yield the sort keys that are L2 distances of a column from a vector, in ascending order with LIMIT."""
    for scope in subject.scopes:
        limit, keys = scope.select.limit, scope.select.order_by[:1]
        count = scope.select.top is not None or (limit is not None and limit.count is not None)
        for key in keys if count else ():
            found, below = subject.computed(key.expression, scope)
            if key.direction != "desc" and _is_distance(found, below):
                message = "if the embedding has an index, the engine sorts by the cosine of the vectors, which is the order of the distance only for vectors of length 1"
                written = subject.written(key.expression)
                yield subject.finding(key, message, f"for other vectors write {written} + 0, which compares every row")


def _is_distance(node: ast.Node, scope: SelectScope) -> bool:
    """Tell whether a node is the L2 distance of a column from a vector, `l2_norm(e - ARRAY[..])`; a known column is an embedding."""
    difference = node.arguments[0] if isinstance(node, ast.Function) and _is(node, "l2_norm") else None
    if not isinstance(difference, ast.Chain) or difference.operators != ("-",):
        return False
    column, vector = difference.operands
    known = scope.typed_column(column)
    is_embedding = known is None or known.kind == "embedding"
    return isinstance(column, ast.Column) and isinstance(vector, (ast.Vector, ast.Array)) and is_embedding


RULES = (
    Rule(
        code="TQL223",
        title="BM25 in an unsupported form",
        severity="error",
        explanation="BM25_SIMILARITY must be the first key of ORDER BY, with DESC and LIMIT, and its score can be selected only as `score`. The engine rejects anything else.",
        example="select id from X order by bm25_similarity(tb, 'apple') desc",
        find=_words,
        meant="select id from X order by bm25_similarity(tb, 'apple') desc limit 3",
    ),
    Rule(
        code="TQL232",
        title="BM25 without a text index",
        severity="error",
        explanation="BM25_SIMILARITY takes a text column with an index, and a string. A missing index is reported only with a schema.",
        example="select id from D order by bm25_similarity(text, 'doc') desc limit 3",
        find=_word_column,
        meant="select id from X order by bm25_similarity(tb, 'apple') desc limit 3",
    ),
    Rule(
        code="TQL233",
        title="MMR in the SELECT list",
        severity="error",
        explanation="MMR_SIMILARITY ranks each row by the rows before it, so it can only be a key of ORDER BY, not an output.",
        example="select mmr_similarity(emb, ARRAY[1, 0, 0, 0]) as x from D",
        find=_diverse,
        meant="select id from D order by mmr_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        code="TQL501",
        title="search that puts the farthest rows first",
        severity="warning",
        explanation="Cosine similarity, dot product, maxsim and mmr are largest for the closest rows, norms and distances are smallest, and ORDER BY is ascending without DESC. An explicit ASC is taken as intended, and no fix changes an explicit DESC.",
        example="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) limit 3",
        find=_worst_first,
        meant="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        code="TQL502",
        title="cosine similarity with a zero vector",
        severity="warning",
        explanation="A zero vector has no direction: its cosine similarity is 0 for every row, so the order is arbitrary.",
        example="select id from D order by cosine_similarity(emb, ARRAY[0, 0, 0, 0]) desc limit 3",
        find=_zero,
        meant="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
        reads=(SIZE,),
    ),
    Rule(
        code="TQL503",
        title="search without LIMIT",
        severity="warning",
        explanation="Without LIMIT a search sorts and returns every row.",
        example="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc",
        find=_all_rows,
        meant="select id from D order by cosine_similarity(emb, ARRAY[1, 0, 0, 0]) desc limit 3",
    ),
    Rule(
        code="TQL506",
        title="search with OFFSET",
        severity="warning",
        explanation="With an index of the embedding, LIMIT n OFFSET m returns n - m rows. In an outer query LIMIT and OFFSET are correct, and the search is exact.",
        example="select id from F order by cosine_similarity(e, ARRAY[1, 0, 0, 0]) desc limit 5 offset 3",
        find=_skipped,
        meant="select * from (select id from F order by cosine_similarity(e, ARRAY[1, 0, 0, 0]) desc) limit 5 offset 3",
    ),
    Rule(
        code="TQL507",
        title="SAMPLE BY with a fraction",
        severity="warning",
        explanation="SAMPLE BY 0.1 gives every row the weight 0.1, so all rows are equally likely. LIMIT 10 PERCENT draws a tenth of the rows.",
        example="select id from D sample by 0.1",
        find=_constant_weight,
        meant="select id from D sample by 1 limit 10 percent",
        reads=(WEIGHT,),
    ),
    Rule(
        code="TQL531",
        title="LIMIT of a search without its order",
        severity="warning",
        explanation="A score in the SELECT list sorts nothing: LIMIT takes the first rows of the dataset, or the first ones by other sort keys, with their scores. A sort key has to read the score for the nearest rows.",
        example="select id, cosine_similarity(emb, ARRAY[1, 0, 0, 0]) as score from D limit 3",
        find=_unsorted,
        meant="select * from (select id, cosine_similarity(emb, ARRAY[1, 0, 0, 0]) as score from D) order by score desc limit 3",
    ),
    Rule(
        code="TQL541",
        title="L2 distance as the order of an index",
        severity="info",
        explanation="With an index of the embedding, built after enough rows or with the indexing mode Always, and with LIMIT, `order by l2_norm(e - ARRAY[..])` returns the rows in the order of their cosine. For vectors of length 1 that is the order of the distance; for others the rows are not the closest. Reported only with the severity info.",
        example="select id from F order by l2_norm(e - ARRAY[1, 0, 0, 0]) limit 3",
        find=_by_cosine,
        meant="select id from F order by l2_norm(e - ARRAY[1, 0, 0, 0]) + 0 limit 3",
    ),
)
