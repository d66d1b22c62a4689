"""Facts about indexes, searches by similarity and searches for words."""

from __future__ import annotations

from tql.compiler.expand import words_ranked
from tql.compiler.legalize.facts.fact import Fact, columns
from tql.compiler.legalize.rows import cut
from tql.expressions.metrics import METRICS, exactly
from tql.expressions.patterns import pattern
from tql.plan.scores import direction
from tql_grammar.rewrite.comparison import comparison
from tql_grammar.rewrite.membership import membership
from tql_grammar.rewrite.typed import require_kind

V, E, WORDS = columns(v="int64 inverted"), columns(e="embedding[2]"), columns(t="text bm25")
FACTS = (
    Fact(
        "index and !=",
        "Finds no row for `!=` on an indexed number.",
        "Puts the literal on the left, where no index answers.",
        comparison,
        'select("id").where(col("v") != 0)',
        V,
    ),
    Fact(
        "index and another column",
        "Finds no row where an indexed number differs from another column.",
        "Exchanges the sides; between two indexed numbers it writes NOT before the equality.",
        comparison,
        'select("id").where(col("v") != col("id"))',
        V,
    ),
    Fact(
        "index and a fraction",
        "Casts a fraction to the type of an indexed column: `v = 2.5` finds 2.",
        "Writes FALSE: no integer is equal to it.",
        comparison,
        'select("id").where(col("v") == 2.5)',
        V,
    ),
    Fact(
        "index and NaN",
        "Finds all rows, or none, in an index over floats with one NaN.",
        "Puts the literal on the left.",
        comparison,
        'select("id").where(col("x") == 0.5)',
        columns(x="float64 inverted"),
    ),
    Fact(
        "index, NaN and a range",
        "Finds no row for a range in an index over floats with one NaN, where the index is not built.",
        "Puts the literal on the left.",
        comparison,
        'select("id").where(col("x") > 0.2)',
        columns(x="float64 inverted"),
    ),
    Fact(
        "index, NaN and IN",
        "Finds NaN in IN, or loses members, in an index over floats with one NaN.",
        "Writes equalities, with the literals on the left.",
        membership,
        'select("id").where(col("x").in_([0.5, 2.0]))',
        columns(x="float64 inverted"),
    ),
    Fact(
        "index and IN",
        "Loses members of IN that are not in ascending order, where the index is not built.",
        "Writes equalities.",
        membership,
        'select("id").where(col("v").in_([60, 0, 260]))',
        V,
    ),
    Fact(
        "index of other rows",
        "Uses the index of the dataset over the rows of a subquery, and returns wrong rows.",
        "Puts the literal on the left.",
        comparison,
        'select("id").from_(select().where(col("id") > 20).limit(40)).where(col("v") == 3)',
        V,
    ),
    Fact(
        "index and the empty text",
        "Does not find the empty text in an exact index.",
        "Writes BETWEEN, which reads no index of texts.",
        comparison,
        'select("id").where(col("t") == "")',
        columns(t="text exact"),
    ),
    Fact(
        "contains and an index",
        "Searches for whole words, not for a part of the text, where a text has an index.",
        "Writes a pattern.",
        pattern,
        'select("id").where(col("t").contains("some"))',
        columns(t="text inverted"),
    ),
    Fact(
        "fn.contains and an index",
        "Ends its process on `contains(t, '')` where the text has an index.",
        "Refuses `fn.contains` there.",
        require_kind,
        'select("id").where(fn.contains("t", ""))',
        columns(t="text inverted"),
    ),
    Fact(
        "indexed key with a limit",
        "Fails on ORDER BY an indexed column with LIMIT.",
        "Puts LIMIT in the outer SELECT.",
        cut,
        'select("id").order_by("a").limit(2)',
        columns(a="int8 inverted"),
    ),
    Fact(
        "indexed text with a limit",
        "Fails on ORDER BY a text with an exact index, with LIMIT.",
        "Puts LIMIT in the outer SELECT.",
        cut,
        'select("id").order_by("t").limit(2)',
        columns(t="text exact"),
    ),
    Fact(
        "renamed indexed key with a limit",
        "Fails on ORDER BY an indexed column with LIMIT also under another name.",
        "Puts LIMIT in the outer SELECT.",
        cut,
        'select("w").from_(select(w="a")).order_by("w").limit(2)',
        columns(a="int8 inverted"),
    ),
    Fact(
        "direction of a search",
        "Sorts a similarity like any other number: the farthest rows come first.",
        "Sorts the closest first, unless a direction is given.",
        direction,
        'select("id").similarity("e", [0, 1]).order_by("score").limit(1)',
        E,
    ),
    Fact(
        "offset of a search",
        "Takes the rows of OFFSET from those that an index found: LIMIT 2 OFFSET 1 returns one row.",
        "Searches for the rows of both, and skips in the outer SELECT.",
        cut,
        'select("id").similarity("e", [0, 1], as_=None).limit(2).offset(1)',
        E,
    ),
    Fact(
        "ranking by an index",
        "Ranks by an index of embeddings where it is built, and misses some of the closest rows.",
        "Lets the index rank unless `exact=True`, a second key or a subquery asks for all rows: then it adds 0 to the score, or puts LIMIT in the outer SELECT.",
        exactly,
        'select("id").similarity("e", [1] * 16, as_=None, exact=True).limit(9)',
        columns(e="embedding[16]"),
    ),
    Fact(
        "l1 and linf with a limit",
        "Refuses the L1 norm of an indexed embedding as a key with LIMIT.",
        "Adds 0 to it, and puts LIMIT in the outer SELECT.",
        METRICS["l1"].score,
        'select("id").similarity("e", [1, 1], metric="l1", as_=None).limit(2)',
        E,
    ),
    Fact(
        "hamming distance",
        "Returns an array of one number.",
        "Takes the number.",
        METRICS["hamming"].score,
        'select("id").similarity("e", [1, 1], metric="hamming")',
        E,
    ),
    Fact(
        "name of a score of words",
        "Ranks words in one form only: the score is the one key, and its name is `score`.",
        "Gives it another name in the outer SELECT.",
        words_ranked,
        'select("id").bm25("t", "apple", as_="words").order_by("words").limit(2)',
        WORDS,
    ),
    Fact(
        "offset of words",
        "Takes the rows of OFFSET from those of LIMIT.",
        "Searches for the rows of both, and skips in the outer SELECT.",
        words_ranked,
        'select("id").bm25("t", "apple", as_=None).limit(1).offset(1)',
        WORDS,
    ),
    Fact(
        "words without a limit",
        "Refuses to rank words without LIMIT.",
        "Asks for a limit.",
        words_ranked,
        'select("id").bm25("t", "apple").order_by("score")',
        WORDS,
    ),
)
