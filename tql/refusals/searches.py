"""Refusals of searches by similarity and for words."""

from __future__ import annotations

from tql.refusals.refusal import Refusal, columns

REFUSALS = (
    Refusal("words that are no text", 'select("id").bm25("t", 3)'),
    Refusal("hybrid of one ranking", 'select("id").hybrid(vector=("e", [1, 0]), text=[])'),
    Refusal("pairs of a hybrid search", 'select("id").hybrid(vector="e", text=("t", "apple"))'),
    Refusal(
        "weights of a hybrid search", 'select("id").hybrid(vector=("e", [1, 0]), text=("t", "apple"), weights=[1, -1])'
    ),
    Refusal("count of a search", 'select("id").hybrid(vector=("e", [1, 0]), text=("t", "apple"), candidates=0)'),
    Refusal("`exact` that is no bool", 'select("id").similarity("e", [1, 0], exact=1)'),
    Refusal("metric", 'select("id").similarity("e", [1, 0], metric="manhattan")'),
    Refusal(
        "exact search by a metric with one form",
        'select("id").similarity("e", [1, 0], metric="mmr", as_=None, exact=True)',
    ),
    Refusal("score of a metric without one", 'select("id").similarity("e", [1, 0], metric="mmr")'),
    Refusal(
        "second search with hybrid",
        'select("id").hybrid(vector=("e", [1, 0]), text=("t", "apple")).similarity("e", [1, 0], as_="s2")',
    ),
    Refusal(
        "aggregate of a hybrid search",
        'select(k=fn.count()).hybrid(vector=("e", [1, 0]), text=("t", "apple"))',
    ),
    Refusal(
        "key of a hybrid search",
        'select("id").hybrid(vector=("e", [1, 0]), text=("t", "apple"), key="idd")',
        columns(e="embedding[2]", t="text bm25"),
    ),
    Refusal(
        "words in an index of other rows",
        'select("id").bm25("t", "apple").order_by("score").limit(2)',
        columns(t="text bm25 stale"),
    ),
    Refusal(
        "words in a column that is not there",
        'select("id").bm25("retry", "t").order_by("score").limit(2)',
        columns(t="text bm25"),
    ),
    Refusal("words without a limit", 'select("id").bm25("t", "apple").order_by("score")'),
    Refusal("words with another key", 'select("id").bm25("t", "apple").order_by("score", "id").limit(2)'),
    Refusal("words by another key", 'select("id").bm25("t", "apple").order_by("id").limit(2)'),
    Refusal("worst words first", 'select("id").order_by(asc(fn.bm25_similarity("t", "apple"))).limit(2)'),
    Refusal(
        "condition on the score of words",
        'select("id").bm25("t", "apple").where(col("score") > 1).order_by("score").limit(2)',
    ),
    Refusal(
        "name of the score of words",
        'select("id", score="k").bm25("t", "apple", as_="words").order_by("words").limit(2)',
    ),
    Refusal(
        "words of a column without an index",
        'select("id").bm25("t", "apple").order_by("score").limit(2)',
        columns(t="text"),
    ),
    Refusal(
        "similarity of what is no vector",
        'select("id").similarity("t", [1, 0]).order_by("score").limit(2)',
        columns(t="text"),
    ),
    Refusal(
        "vector of another length",
        'select("id").similarity("e", [1, 0, 0]).order_by("score").limit(2)',
        columns(e="embedding[2]"),
    ),
)
