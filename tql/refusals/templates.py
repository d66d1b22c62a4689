"""Refusals of the values of templates."""

from __future__ import annotations

from tql.refusals.refusal import Refusal

REFUSALS = (
    Refusal("argument that is no template", "query(3)"),
    Refusal("value by position of a template", 'query("select id where a = {x}", 5)'),
    Refusal("value without a hole", 'query("select id", x=1)'),
    Refusal("None in a template", 'query("select id where a = {x}", x=None)'),
    Refusal("query in an expression of a template", 'query("select id where a = {x}", x=select("id"))'),
    Refusal("array in a comparison of a template", 'query("select id where a = {x}", x=[1, 2])'),
    Refusal("empty list of a template", 'query("select id where a in ({x})", x=[])'),
    Refusal("None in a list of a template", 'query("select id where a in ({x})", x=[1, None])'),
    Refusal("limit of a template without a number", 'query("select id limit {x}", x=None)'),
    Refusal("sort key of a template that is a value", 'query("select id order by {x}", x="year")'),
    Refusal("name of a function as a hole", 'query("select {x}(a) as b", x="sum")'),
    Refusal("source of a template", 'query("select id from {x}", x=3)'),
    Refusal(
        "scope of a name in a text",
        'query("select id where {x} and a + 1 > 2", x=col("id", of="source") == 1)',
    ),
    Refusal(
        "values of a t-string",
        'query(type("Template", (), {"strings": ("select id",), "interpolations": ()})(), x=1)',
    ),
    Refusal(
        "too many holes",
        'query("select id where a in (" + ", ".join(["{x}"] * 1300) + ")", x=1)',
    ),
)
