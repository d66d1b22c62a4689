"""Refusals of expressions, whatever the types of their columns."""

from __future__ import annotations

from tql.refusals.refusal import Refusal

REFUSALS = (
    Refusal("value that is no expression", 'select("id").order_by(3)'),
    Refusal("`and` of expressions", '(col("a") > 1) and (col("b") > 2)'),
    Refusal("comparisons without parentheses", 'col("a") == "x" & col("b") > 2'),
    Refusal("count of values", 'fn.count("a")'),
    Refusal("`in` of Python", '"x" in col("t")'),
    Refusal("iteration", 'list(col("e"))'),
    Refusal("arithmetic with a text", 'col("a") + "x"'),
    Refusal("comparison with a list", 'col("a") == [1, 2]'),
    Refusal("order of None", 'col("a") < None'),
    Refusal("members of two kinds", 'col("a").in_([1, "x"])'),
    Refusal("query in IN", 'col("id").in_(select("id"))'),
    Refusal("members that are no list", 'col("t").in_("x")'),
    Refusal("None in IN", 'col("a").in_([1, None])'),
    Refusal("expression in IN", 'col("a").in_([col("b")])'),
    Refusal("pattern that is no text", 'col("t").startswith(3)'),
    Refusal("search for None", 'col("t").contains(None)'),
    Refusal("long pattern", 'col("t").contains("x" * 600_000)'),
    Refusal("regular expression", 'col("t").matches("(")'),
    Refusal("look-ahead", 'col("t").matches("(?=a)b")'),
    Refusal("no index", 'col("e")[()]'),
    Refusal("expression as an index", 'col("e")[col("a")]'),
    Refusal("slice without elements", 'col("e")[3:1]'),
    Refusal("index from the end", 'select(x=col("e")[-2])'),
    Refusal("slice without an end", 'select(x=(col("e") + 1)[1:])'),
    Refusal("subscript after a slice", 'select(x=col("e")[0:2][0])'),
    Refusal("wrong number of arguments", 'fn.abs("a", "b")'),
    Refusal("unknown argument", 'fn.abs(z="a")'),
    Refusal("row that is no integer", 'fn.data("a", 1.5)'),
    Refusal("axis", 'fn.any("a", 0)'),
    Refusal("weights by conditions", 'fn.max_weight(col("a") > 1)'),
    Refusal("raw expression that is no text", "raw(3)"),
    Refusal("raw expression that is no TQL", 'raw("a >")'),
    Refusal("raw clause", 'raw("a from d")'),
    Refusal("two keys of JSON", 'col("m")["a", "b"]'),
)
