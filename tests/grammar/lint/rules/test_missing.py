"""Texts that the engine answers with other rows than they say, because of null, NaN, newlines and letters that are not ASCII; and their right forms, those of the fixes and those of the builder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import deeplake
import pytest

from tests.engine import dataset, run
from tql import Schema, asc, check, col, desc, fix, fn, select

if TYPE_CHECKING:
    from tql import Query

NAN = float("nan")
TYPES = deeplake.types
KINDS = {
    "id": TYPES.Int64(),
    "grp": TYPES.Int8(),
    "f": TYPES.Float64(),
    "nint": TYPES.Nullable(TYPES.Int64()),
    "ntxt": TYPES.Nullable(TYPES.Text()),
    "txt": TYPES.Text(),
}
ROWS = {
    "id": [0, 1, 2, 3, 4],
    "grp": [0, 0, 1, 1, 2],
    "f": [NAN, 1.0, 2.0, NAN, 7.0],
    "nint": [-1, None, 3, 4, 4],
    "ntxt": ["DE", None, "", None, "Öst"],
    "txt": ["line 1", "line\n2", "", "öl", "ÖL"],
}
FIXED = [
    ("TQL537", "select id where f in (1.0, 7.0)", [0, 1, 3, 4], [1, 4]),
    ("TQL537", "select id where f not in (1.0, 7.0)", [2], [0, 2, 3]),
    ("TQL532", "select shape(id)[0] as id group by ntxt", [1, 3, 1], [1, 2, 1, 1]),
    ("TQL535", "select id where txt ilike 'öL'", [3], [3, 4]),
    ("TQL535", "select id where ntxt ilike 'ös?'", [], [4]),
    ("TQL302", "select distinct grp", [0, 0, 1, 1, 2], [0, 1, 2]),
    ("TQL302", "select distinct grp where id > 1", [1, 1, 2], [1, 2]),
    ("TQL110", "select id limit 1, 2", None, [1, 2]),
]
HINTED = [
    ("TQL334", "select id where ntxt not in ('DE')", "select id where ntxt is not null and ntxt not in ('DE')"),
    ("TQL533", "select sum(nint) as s group by grp", "select sum(nint) as s where nint is not null group by grp"),
    ("TQL534", "select id order by amax(nint) desc", "select id where nint is not null order by nint desc"),
    ("TQL536", "select id where txt like 'line%'", r"select id where txt like 'line[\s\S]{0,}'"),
    ("TQL302", "select distinct ntxt", "select ntxt[0] as ntxt group by ntxt, ntxt is null"),
]
# The queries of the builder with these meanings.
BUILT = [
    select("id").where(col("f").in_([1.0, 7.0])),
    select("id").where(col("f").not_in([1.0, 7.0])),
    select("ntxt", n=fn.count()).group_by("ntxt"),
    select("ntxt").distinct(),
    select("grp", n=fn.sum("nint")).group_by("grp"),
    select("id").order_by(desc("nint")),
    select("id").order_by(asc("nint"), "id"),
    select("id").where(col("txt").ilike("ö%")),
    select("id").where(col("txt").like("line%")),
    select("id").where(col("txt").contains("in")),
]


@pytest.fixture(scope="module")
def made() -> Any:
    """Return the dataset."""
    found = dataset("mem://missing_rules", KINDS, [])
    found.append(ROWS)
    found.commit()
    return found


def codes(text: str, schema: Schema) -> set[str]:
    """Return the codes of the findings in a text, with those that depend on the rows."""
    return {finding.code for finding in check(text, schema, info=True)}


def rows(made: Any, text: str) -> list[Any] | None:
    """Return the values of the first column, or None where the engine rejects the query."""
    try:
        return [next(iter(row.values())) for row in run(made, text)]
    except RuntimeError:
        return None


@pytest.mark.parametrize(("code", "text", "wrong", "right"), FIXED)
def test_a_fix_has_the_rows_that_the_text_means(code: str, text: str, wrong: Any, right: Any, made: Any) -> None:
    """The text has a finding and other rows than it says; the fixed one has the rows, and no such finding."""
    schema = Schema.from_dataset(made)
    fixed = fix(text, schema)

    assert code in codes(text, schema)
    assert code not in codes(fixed, schema)
    assert rows(made, text) == wrong
    assert rows(made, fixed) == right


@pytest.mark.parametrize(("code", "text", "right"), HINTED)
def test_the_form_of_the_hint_has_other_rows(code: str, text: str, right: str, made: Any) -> None:
    """The text has a finding and no fix; the form that the hint spells has other rows, and no such finding."""
    schema = Schema.from_dataset(made)

    assert code in codes(text, schema)
    assert fix(text, schema) == text
    assert code not in codes(right, schema)
    assert rows(made, right) not in (None, rows(made, text))


@pytest.mark.parametrize("query", BUILT)
def test_the_builder_writes_right_forms(query: Query, made: Any) -> None:
    """None of the rules finds anything in its texts."""
    schema = Schema.from_dataset(made)
    text = str(query.from_("mem://missing_rules", schema=schema))

    assert not codes(text, schema) & {code for code, *_ in (*FIXED, *HINTED)}


HINTS = [
    ("with x as (select id from m) select * from x", "write the query in place of the name x: from (select ..)"),
    ("select count(distinct txt) as n", "count the groups: select sum(one) as n from (select 1 as one from .. where txt is not null group by txt) group by 1"),
    ('select id where ntxt = "DE"', "a string takes single quotes: 'DE'; for a column, the columns are id, grp, f, nint, ntxt, txt"),
    ("select id where txt = DE", "a string takes single quotes: 'DE'; for a column, the columns are id, grp, f, nint, ntxt, txt"),
    ("select id where DE != txt", "a string takes single quotes: 'DE'; for a column, the columns are id, grp, f, nint, ntxt, txt"),
    ("select id where f = DE", "the columns are id, grp, f, nint, ntxt, txt"),
    ("select row_number() over (order by id) as n", "TQL has no OVER: sort in TQL, and number, rank or sum up the returned rows; the builder's limit(n, per=column) takes the first rows of each group"),
    ("select txt->>'channel' as c", "write the key in brackets: txt['channel']"),
    ("select id where txt not in ('DE', null)", "leave null out of the list, and test it apart: txt NOT IN (..) AND txt IS NOT NULL"),
    ("select amin(f)", "add an alias: amin(f) as amin_f"),
    ("select id order by nint desc", "filter null out in a subquery: from (select * from .. where nint is not null); the builder's order_by sorts null last"),
    ("select distinct ntxt", "group by the columns instead: select ntxt[0] as ntxt from .. group by ntxt, ntxt is null"),
    ("select min(f)", "AMIN reduces the elements of a row, or after GROUP BY the rows of a group"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "hint"), HINTS)
def test_a_hint_spells_the_right_form(text: str, hint: str, made: Any) -> None:
    """The finding has the hint, and there is no other error."""
    found = check(text, Schema.from_dataset(made))

    assert hint in [one.hint for one in found]
    assert len([one for one in found if one.severity == "error"]) <= 1


@pytest.mark.parametrize("operator", ["", "not "])
def test_counting_distinct_values_counts_groups(operator: str, made: Any) -> None:
    """The hint for COUNT(DISTINCT x), filled in, is the number of values that are not null."""
    text = f"select sum(one) as n from (select 1 as one from (select *) where ntxt is not null and {operator}id = 9 group by ntxt) group by 1"

    assert rows(made, text) == ([] if not operator else [3])
