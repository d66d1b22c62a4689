"""Refusals of values, names and parameters."""

from __future__ import annotations

from tql.refusals.refusal import Refusal

REFUSALS = (
    Refusal("name that is no text", "select(col(3))"),
    Refusal("empty name", 'col("")'),
    Refusal("name with a quote", "col(chr(34))"),
    Refusal("integer beyond 64 bits", 'col("a") == 2**63 + 1'),
    Refusal("NaN", 'col("a") == float("nan")'),
    Refusal("text with NUL", 'col("t") == chr(0)'),
    Refusal("half of a surrogate pair", 'col("t") == chr(0xD800)'),
    Refusal("bytes", 'col("t") == b"x"'),
    Refusal("date", 'col("t") == date(2026, 1, 1)'),
    Refusal("member of an Enum", 'col("t") == Enum("Kind", {"A": 0.5}).A'),
    Refusal("value of another type", 'col("t") == object()'),
    Refusal("empty vector", 'select("id").similarity("e", [])'),
    Refusal("matrix for a vector", 'select("id").similarity("e", [[[1.0]]])'),
    Refusal("vector for a matrix", 'select("id").similarity("e", [1.0], metric="maxsim")'),
    Refusal("vector of texts", 'select("id").similarity("e", ["1", "2"])'),
    Refusal("text for a vector", 'select("id").similarity("e", "apple")'),
    Refusal("None in a vector", 'select("id").similarity("e", [1.0, None])'),
    Refusal("vector of complex numbers", 'select("id").similarity("e", [1j, 2j])'),
    Refusal("vector of NaN", 'select("id").similarity("e", [float("nan"), 1.0])'),
    Refusal("rows of several lengths", 'select("id").similarity("e", [[1.0], [1.0, 2.0]])'),
    Refusal("masked array", 'select("id").similarity("e", numpy.ma.masked_array([1.0, 2.0], [True, False]))'),
    Refusal("tensor of another device", 'select("id").similarity("e", type("Tensor", (), {"__dlpack__": None})())'),
    Refusal("parameter without a value", 'select("id").where(col("id") == param("x"))'),
    Refusal("unknown parameter", 'select("id").bind(x=1)'),
    Refusal("value that a parameter cannot have", 'select("id").similarity("e", param("v")).bind(v=3)'),
    Refusal(
        "matrix that a parameter cannot have", 'select("id").similarity("e", param("v"), metric="maxsim").bind(v=[1.0])'
    ),
    Refusal("words that a parameter cannot have", 'select("id").bm25("t", param("w"), as_=None).limit(2).bind(w=3)'),
    Refusal("prepared query without parameters", 'select("id").to_prepared()'),
    Refusal("parameter of a subquery", 'select("id").where(col("id") == param("x")).order_by("k", "id").to_prepared()'),
    Refusal(
        "parameter compared with a rounded column",
        'select("id").from_("mem://a", schema=Schema(id="int64", x="float32")).where(col("x") == param("x")).to_prepared()',
    ),
    Refusal("missing value of a prepared query", 'select("id").where(col("id") == param("x")).to_prepared().values()'),
    Refusal("None in a prepared query", 'select("id").where(col("id") == param("x")).to_prepared().values(x=None)'),
    Refusal(
        "order of a text in a prepared query", 'select("id").where(col("id") < param("x")).to_prepared().values(x="a")'
    ),
    Refusal(
        "smallest int64 in a prepared query",
        'select("id").where(col("id") == param("x")).to_prepared().values(x=-(2**63))',
    ),
    Refusal("check of no query", "check(None)"),
    Refusal("parsing of no text", 'parse(select("id"))'),
    Refusal("schema of a check", 'check("select id", schema=3)'),
    Refusal("place outside of a text", 'complete("select id", 99)'),
    Refusal("missing value of a package", 'col("a") == pandas.NA'),
    Refusal("choice without values", "choice([])"),
    Refusal("exploration of no function", "explore(3)"),
    Refusal("conditions of an exploration", 'explore(select, when="x")'),
    Refusal("exploration of no paths", "explore(select, most=0)"),
    Refusal("function that returns no query", "explore(lambda: [])"),
    Refusal("strategy of no schema", 'strategies.rows({"id": "int64"})'),
    Refusal("conditions of a schema without plain columns", 'strategies.conditions(Schema(meta="json"))'),
    Refusal("values of no known type", 'strategies.values("inferred unknown")'),
)
