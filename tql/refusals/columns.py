"""Refusals of what columns of known types cannot do."""

from __future__ import annotations

from tql.refusals.refusal import Refusal, columns

REFUSALS = (
    Refusal("unknown column", 'select("idd")', columns(a="int8")),
    Refusal("array as a key", 'select("id").order_by("e")', columns(e="int64[3]")),
    Refusal("text as a condition", 'select("id").where(col("t"))', columns(t="text")),
    Refusal("order of two texts", 'select("id").where(col("t") < col("s"))', columns(t="text", s="text")),
    Refusal("pattern of a number", 'select("id").where(col("n").startswith("a"))', columns(n="int8")),
    Refusal("arithmetic of a text", 'select(x=col("t") + 1)', columns(t="text")),
    Refusal("`contains` with an index", 'select("id").where(fn.contains("t", "some"))', columns(t="text inverted")),
    Refusal("list in `contains`", 'select("id").where(col("n").contains([3, 4]))', columns(n="int32[?]")),
    Refusal("`contains` of lists of texts", 'select("id").where(fn.contains("t", "a"))', columns(t="sequence text[?]")),
    Refusal("`contains` of numbers", 'select("id").where(~fn.contains("n", 3))', columns(n="int8")),
    Refusal("`contains` of a number in texts", 'select("id").where(~fn.contains("t", 3))', columns(t="text")),
    Refusal("function of numbers over texts", 'select("id").where(~fn.any("t"))', columns(t="text")),
    Refusal(
        "keys of a column that is no JSON", 'select("id").where(~fn.contains(fn.keys("n"), "k"))', columns(n="int8")
    ),
    Refusal(
        "Hamming distance of vectors of unknown length",
        'select(x=fn.hamming_distance("a", [1, 2]))',
        columns(a="uint8[?]"),
    ),
    Refusal("null in a function", 'select(x=fn.any("n"))', columns(n="nullable int16")),
    Refusal(
        "many nullable columns together",
        'select(u=col("a") + col("b"), v=col("c") + col("d"), w=col("e") + col("f"), x=col("g") + col("h"), y=col("i") + col("j"), z=col("k") + col("l"))',
        columns(**dict.fromkeys("abcdefghijkl", "nullable int64")),
    ),
    Refusal(
        "number whose nulls have another type",
        'select("e", x=col("a") + col("b")).from_(select("a", "b", e=col("a") + 0.5))',
        columns(a="nullable int64", b="nullable int64"),
    ),
    Refusal("column of JSON as a whole", 'select("id").where(col("m") == "a")', columns(m="json")),
    Refusal("element of a JSON list as an output", 'select(x=col("m")["l"][0])', columns(m="json")),
    Refusal("key of a column that is no JSON", 'select(x=col("n")["k"])', columns(n="int8")),
    Refusal("length of one value", 'select(x=col("n").shape[0])', columns(n="int8")),
    Refusal("too many indices", 'select(x=col("e")[0, 1])', columns(e="embedding[4]")),
    Refusal("index beyond the end", 'select(x=col("e")[9])', columns(e="embedding[4]")),
    Refusal("slice beyond the end", 'select(x=col("e")[9:12])', columns(e="embedding[4]")),
    Refusal("index between slices", 'select(x=col("c")[:, 0, :])', columns(c="int64[2, 2, 2]")),
    Refusal("slice of rows of several lengths", 'select(x=col("a")[1:3])', columns(a="int64[?]")),
    Refusal("cosine of matrices", 'select(x=fn.cosine_similarity("b", [1, 1]))', columns(b="float32[2, 2]")),
    Refusal("elements of a list in JSON", 'select("id").where(fn.any(col("m")["l"] > 1))', columns(m="json")),
    Refusal("order of two values of JSON", 'select("id").where(col("m")["n"] >= col("m")["k"])', columns(m="json")),
    Refusal(
        "text of JSON from a subquery",
        'select("id").from_(select("id", s=col("m")["s"])).where(col("s") == "x")',
        columns(m="json"),
    ),
    Refusal("conditions on JSON as outputs", 'select(x=(col("m")["n"] == 1) | (col("id") == 1))', columns(m="json")),
    Refusal("array as one value", 'select("id").where(col("e") > 1)', columns(e="int64[3]")),
    Refusal(
        "conditions on elements and on rows",
        'select("id").where(fn.any((col("e") > 1) & (col("id") > 1)))',
        columns(e="int64[3]"),
    ),
    Refusal("arithmetic of rows of one element", 'select(x=col("a") * 2)', columns(a="int64[?]")),
    Refusal("value of JSON that a row may lack", 'select(x=col("m")["n"] + 1)', columns(m="json")),
    Refusal("index before a key of JSON", 'select("id").where(col("m")[0]["k"] == 1)', columns(m="json")),
    Refusal("slice of a list in JSON", 'select("id").where(col("m")["l"][0:2] == 1)', columns(m="json")),
    Refusal("index from the end of a list in JSON", 'select("id").where(col("m")["l"][-1] == 1)', columns(m="json")),
    Refusal(
        "element of a list in JSON in groups",
        'select("k", x=col("m")["l"][0]).group_by("k")',
        columns(k="int8", m="json"),
    ),
)
