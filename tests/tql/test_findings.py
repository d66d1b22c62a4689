"""Schemas of the datasets of a query: one schema, and one for each dataset."""

from __future__ import annotations

from tql import Schema, check

ORDERS = Schema(id="int64", customer_id="int64", price="float64")
CUSTOMERS = Schema(id="int64", country="text")
JOIN = 'select o.price as p, c.country as c from "orders" as o join "customers" as c on o.customer_id = c.id'
EACH = 'give the schema of each: {"orders": {..}, "customers": {..}}'


def codes(text: str, schema: object) -> list[str]:
    """Return the codes of the errors in a text."""
    return [finding.code for finding in check(text, schema) if finding.severity == "error"]


def test_one_schema_is_that_of_the_first_dataset() -> None:
    """The columns of the joined dataset are unknown, and not missing; those of the first one are checked."""
    assert codes(JOIN, ORDERS) == []
    assert codes(JOIN.replace("o.price", "o.prise"), ORDERS) == ["TQL215"]
    assert codes(JOIN, {"orders": ORDERS, "customers": CUSTOMERS}) == []
    assert codes(JOIN.replace("c.country", "c.contry"), {"orders": ORDERS, "customers": CUSTOMERS}) == ["TQL215"]


def test_one_schema_is_that_of_every_source_of_one_dataset() -> None:
    """A join of a dataset with itself, and a query on the default dataset, have one schema."""
    text = 'select a.id as x, b.nope as y from "orders" as a join "orders" as b on a.id = b.id'

    assert codes(text, ORDERS) == ["TQL215"]
    assert codes("select nope", ORDERS) == ["TQL215"]


def test_a_column_that_another_dataset_may_have_leads_to_a_schema_for_each() -> None:
    """The hint names the datasets of the query; that for a single dataset does not."""
    (finding,) = (one for one in check(JOIN, CUSTOMERS) if one.code == "TQL215" and "price" in one.message)
    (alone,) = check("select price", CUSTOMERS)

    assert finding.hint is not None
    assert finding.hint.endswith(f"the schema is taken as that of orders, the first dataset; {EACH}")
    assert EACH not in str(alone.hint)
