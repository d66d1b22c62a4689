"""Refusals of tables and of types of rows."""

from __future__ import annotations

from tql.refusals.refusal import Refusal

DOCS = 'type("Docs", (tables.Table,), {"__annotations__": {"id": "Number[int]"}})'
HIT = 'NamedTuple("Hit", [("id", int), ("score", float)])'

REFUSALS = (
    Refusal("annotation that is no type of a column", DOCS.replace("Number[int]", "int")),
    Refusal("column of a table that the schema lacks", DOCS.replace("})", '}, schema=Schema(idd="int64"))')),
    Refusal("column of a table of another type", DOCS.replace("})", '}, schema=Schema(id="text"))')),
    Refusal("value of a column of a table", DOCS.replace("}})", '}, "id": 3})')),
    Refusal("column of a table with a private name", DOCS.replace('"id"', '"_id"')),
    Refusal("column that a table lacks", f'{DOCS}["idd"]'),
    Refusal("table without a source", f"select().from_({DOCS})"),
    Refusal("field without a column", f"{DOCS}.select_as({HIT}, scor=None)"),
    Refusal("name of a class that a module imports", 'tables_module(Schema(id="int64"), "Text")'),
    Refusal("type of rows that is none", f"{DOCS}.select_as(int)"),
    Refusal("type of rows without fields", f'{DOCS}.select_as(NamedTuple("Hit", []))'),
    Refusal("type of rows whose annotations do not exist", f'{DOCS}.select_as(NamedTuple("Hit", [("id", "integer")]))'),
)
