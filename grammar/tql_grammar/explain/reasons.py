"""Reasons why a SELECT is around another one, as sentences."""

from __future__ import annotations

ONE_KEY = "the engine sorts by one key only: each key has a subquery of its own, the least significant innermost"
DIGITS = "the engine compares sort keys as float32: a number with more digits is sorted in parts, the least significant innermost"
ROUNDED = "a key of unknown type is compared as float32: pass a schema, or reflect=True"
INDEXES = (
    "an index that is not known here reads a number in the type of its column: pass a schema if a column has an index"
)
EXACT_ORDER = (
    "the rows are sorted before they are limited: "
    "with LIMIT in the same SELECT the engine may take the order from an approximate index"
)
ALIAS = "{names}: an alias is visible only in the enclosing query"
WITH_ALIAS = "another clause reads an alias of the subquery, so this clause is in the enclosing query too"
GROUPS = "filters, order and limit on groups go in an outer query"
EACH_ROW = "the expressions that the groups are made of are computed for each row in a subquery"
PATTERN = "LIKE, and KEYS, of a value of JSON fail where a row lacks it, so those rows are left out in a subquery"
ROW_NUMBERS = "{call} counts the rows of the source, so the other clauses go in an outer query"
SHAPES = "in one SELECT the engine crashes where WHERE reads SHAPE of a column and the key its values, or the other way round"
SAMPLE = "order and limit apply to the sampled rows"
SET_OPERATION = "the engine applies clauses after a set operation to a part of it only, so they go in an outer query"
OFFSET = (
    "OFFSET is applied in an outer query: in the SELECT of the order it would skip rows that an index has not found"
)
