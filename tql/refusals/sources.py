"""Refusals of sources, joins and set operations."""

from __future__ import annotations

from tql.refusals.refusal import Refusal, columns

REFUSALS = (
    Refusal("name as the condition of a join", 'select("id").from_("x", "a").join("y", on="id", alias="b")'),
    Refusal("source that is no name", 'select("id").from_(3)'),
    Refusal("schema that is no Schema", 'select("id").from_("d", schema={"id": "int64"})'),
    Refusal("schema of a query", 'select("id").from_(select("id"), schema=Schema(id="int64"))'),
    Refusal("description of a column", 'Schema(id="integer")'),
    Refusal("JSON of a schema", 'Schema.from_json("[]")'),
    Refusal(
        "text that is missing after an outer join",
        'select().from_(select(x=col("id", of="a"), t=col("t", of="b")).from_("mem://a", alias="a").join("mem://a", col("id", of="a") == col("r", of="b"), how="left", alias="b")).where(col("t").is_null())',
        columns(r="int64", t="text"),
    ),
    Refusal(
        "computation with a column of unknown type that is missing after an outer join",
        'select(x=fn.abs("f")).from_(select(f=col("f", of="b")).from_("mem://b", alias="a").join("mem://b", col("k", of="a") == col("r", of="b"), how="left", alias="b"))',
    ),
    Refusal(
        "array that is missing after an outer join",
        'select(x=fn.l2_norm("e")).from_(select(e=col("e", of="b")).from_("mem://a", alias="a").join("mem://a", col("id", of="a") == col("r", of="b"), how="left", alias="b"))',
        columns(r="int64", e="embedding[4]"),
    ),
    Refusal("no source", 'select("id")', needs_source=True),
    Refusal(
        "second join",
        'select("id").from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"), alias="b").join("v", col("id", of="a") == col("id", of="c"), alias="c")',
    ),
    Refusal(
        "kind of a join",
        'select("id").from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"), how="full", alias="b")',
    ),
    Refusal(
        "kind of a join that is no name",
        'select("id").from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"), how=3, alias="b")',
    ),
    Refusal(
        "joined source without an alias",
        'select("id").from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"))',
    ),
    Refusal(
        "join by another condition",
        'select("id").from_("d", alias="a").join("u", col("id", of="a") < col("id", of="b"), alias="b")',
    ),
    Refusal(
        "join by columns of one source",
        'select(x=col("id", of="a")).from_("d", alias="a").join("u", col("id", of="a") == col("k", of="a"), alias="b")',
    ),
    Refusal(
        "source of a join without an alias",
        'select(x=col("id", of="a")).from_("d").join("u", col("id", of="a") == col("id", of="b"), alias="b")',
    ),
    Refusal(
        "`*` of a join", 'select().from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"), alias="b")'
    ),
    Refusal(
        "column of a join without its source",
        'select("id").from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"), alias="b")',
    ),
    Refusal("alias of no source", 'select(x=col("id", of="c")).from_("d", alias="a")'),
    Refusal(
        "outer join of a sample",
        'select(x=col("id", of="a")).from_("d", alias="a").join(select().from_("u").sample_by("id"), col("id", of="a") == col("id", of="b"), how="left", alias="b")',
    ),
    Refusal(
        "outer join of groups in a join",
        'select(x=col("k", of="a"), n=col("n", of="b")).from_("d", alias="a").join(select(k=col("k", of="a"), n=col("n", of="a")).from_(select("k", n=fn.count()).from_("d").group_by("k"), "a").join("u", col("k", of="a") == col("k", of="b"), alias="b"), col("k", of="a") == col("k", of="b"), how="left", alias="b")',
    ),
    Refusal(
        "outer join of a sequence in a join",
        'select(x=col("s", of="b")).from_("mem://a", alias="a").join(select(k=col("id", of="a"), s=col("s", of="a")).from_("mem://a", alias="a").join("mem://a", col("id", of="a") == col("id", of="b"), alias="b"), col("id", of="a") == col("k", of="b"), how="left", alias="b")',
        columns(s="sequence int64"),
    ),
    Refusal(
        "join by arrays",
        'select(x=col("id", of="a")).from_("mem://a", alias="a").join("mem://a", col("e", of="a") == col("e", of="b"), alias="b")',
        columns(e="int64[3]"),
    ),
    Refusal(
        "join of a text and a number",
        'select(x=col("id", of="a")).from_("mem://a", alias="a").join("mem://a", col("t", of="a") == col("id", of="b"), alias="b")',
        columns(t="text"),
    ),
    Refusal(
        "join of int64 and uint64",
        'select(x=col("id", of="a")).from_("mem://a", alias="a").join("mem://a", col("u", of="a") == col("id", of="b"), alias="b")',
        columns(u="uint64"),
    ),
    Refusal(
        "function of what has no match",
        'select(x=fn.abs(col("id", of="b"))).from_("d", alias="a").join("u", col("id", of="a") == col("id", of="b"), how="left", alias="b")',
    ),
    Refusal("set of what is no query", 'select("id").union("select id")'),
    Refusal("set of `*`", 'select().union(select("id"))'),
    Refusal("sets of different columns", 'select("id").union(select("k"))'),
    Refusal(
        "sets of computed values with null",
        'select(x=col("n") + 1).union_all(select(x=col("n") + 1))',
        columns(n="nullable int16"),
    ),
    Refusal("sets of two types with null", 'select(x="id").union_all(select(x="n"))', columns(n="nullable int16")),
    Refusal(
        "sets of an inferred schema",
        'select(x="id").from_("d", schema=Schema(id="inferred int64")).union_all(select(x="u").from_("u", schema=Schema(u="uint64")))',
    ),
)
