"""The refusals of queries that an older engine computes wrongly."""

from __future__ import annotations

from tql.refusals.refusal import Refusal, columns

REFUSALS = (
    Refusal("remainder on an older engine", 'select(x=col("id") % col("m"))', columns(m="int64[3]"), engine="4.7.0"),
    Refusal(
        "Hamming distance on an older engine",
        'select(x=fn.hamming_distance(col("e"), [1.0, 2.0]))',
        columns(e="embedding[2]"),
        engine="4.7.0",
    ),
    Refusal(
        "pattern of single characters on an older engine",
        r"""select("id").where(col("t").like("a_"))""",
        columns(t="text"),
        engine="4.5.1",
    ),
)
