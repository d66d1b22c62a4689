"""Texts whose difference from SQL, or refusal by the engine, has to be found, by kind: the codes that a text has with the schemas of its data sets."""

from __future__ import annotations

import pytest

from tql import Schema, check

SCHEMAS = {
    "mem://a": Schema(
        id="int64", grp="int64", i32="int32", u8="uint8", u16="uint16", u64="uint64", f64="float64", txt="text", ntxt="nullable text",
        nint="nullable int64", emb="embedding[3]", js="json", arr="int64[?]", words="sequence text[?]", marks="sequence int64[?]",
    ),
    "mem://b": Schema(id="int64", uid="int64", name="text"),
    "mem://x": Schema(id="int64", num="int64 inverted", te="text exact", emb="embedding[3]"),
}  # fmt: skip
FOUND = [
    ("TQL524", "select id from a where nint not in (1, 60)"),
    ("TQL524", "select id from a where not (nint = 3 and id > 2)"),
    ("TQL524", "select id, nint > 3 as k from a"),
    ("TQL334", "select id from a where ntxt != 'a.b'"),
    ("TQL334", "select id from a where ntxt in ('')"),
    ("TQL334", "select id from a where ntxt is null and ntxt = txt"),
    ("TQL334", "select id from a where ntxt not in ('a', 'b')"),
    ("TQL537", "select id from a where f64 in (1.0, 2.0)"),
    ("TQL537", "select id from a where f64 not in (1.0) and id > 3"),
    ("TQL537", "select id from a where f64 in (1.0) or f64 = f64"),
    ("TQL537", "select id from (select * from a where f64 > 0 or id = 3) where f64 in (1.0)"),
    ("TQL532", "select ntxt[0] as t from a group by ntxt"),
    ("TQL532", "select ntxt[0] as t, grp[0] as g from a where ntxt != 'a' group by grp, ntxt"),
    ("TQL533", "select sum(nint) as s from a group by grp"),
    ("TQL533", "select avg(nint * 2) + 1 as s from a where id > 3 group by grp"),
    ("TQL534", "select id from a order by amax(nint) desc"),
    ("TQL534", "select id from a order by sum(nint) + 1"),
    ("TQL511", "select id from a order by f64"),
    ("TQL511", "select id from a order by amax(f64) desc"),
    ("TQL535", "select id from a where txt ilike 'öst%'"),
    ("TQL535", "select id from a where not (txt ilike '[a]ö')"),
    ("TQL536", "select id from a where txt like 'line%'"),
    ("TQL536", "select id from a where txt ilike 'line?2'"),
    ("TQL319", "select id from x where num <> num + 1"),
    ("TQL316", "select id from x where num = 2.5"),
    ("TQL350", "select id from x where num in (3, 100, 0)"),
    ("TQL526", "select -u16 as k from a"),
    ("TQL526", "select id from a where u64 - u8 < 0"),
    ("TQL526", "select u16 * u16 as k from a"),
    ("TQL526", "select u8[0] as u8 from a where -u8 > -4 group by u8"),
    ("TQL526", "select u8[0] as u8 from a where u16 * u16 > 4 group by u8"),
    ("TQL514", "select id from a where txt like '%'"),
    ("TQL332", "select id from x where te in ('', 'w1')"),
    ("TQL229", "(select id from b) union all (select * from a)"),
    ("TQL311", "(select * from b) union (select * from a)"),
    ("TQL357", "(select id, uid from b) union all (select uid, id from b)"),
    ("TQL230", "(select * from b where id > 2) except (select * from b)"),
    ("TQL206", "select data(te, 11), id from x"),
    ("TQL238", "select id from x order by te limit 5"),
    ("TQL238", "select top 3 id from x order by num"),
    ("TQL238", "select * from (select id, num as y from x where id > 3) order by y desc limit 4"),
    ("TQL409", "select id from a where contains(words, 'x')"),
    ("TQL409", "select id from a where id > 3 or not contains(words, 'x')"),
    ("TQL418", "select id from a where shape(emb)[0] = 3 and u8 > 3 order by l2_norm(emb)"),
    ("TQL418", "select id from a where u8 > 3 and shape(emb)[0] = 3 or id = 3 order by l2_norm(emb)"),
    ("TQL419", "select id from a where id > 3 and hamming_distance(arr, ARRAY[1, 2]) > 0"),
    ("TQL419", "select id from a where shape(arr)[0] > 0 order by hamming_distance(arr * 2, ARRAY[1, 2])"),
    ("TQL419", "select hamming_distance(arr, arr) as d from (select * from a where not (shape(arr)[0] > 0))"),
    ("TQL420", "select keys(js['k']) as k from a where id > 3"),
    ("TQL420", "select id from a where js['n'] is not null and contains(keys(js['n']), 'a')"),
    ("TQL420", "select keys(s) as k from (select js['n'] as s from a where js['k'] is not null)"),
    ("TQL529", "select id from x where num > 3 order by te limit 5"),
    ("TQL239", "select id from x order by abs(num) limit 4"),
    ("TQL239", "select * from (select id, sum(emb) as y from x) order by y limit 3"),
    ("TQL251", "select shape(id)[0] as n from a"),
    ("TQL250", "select contains(id, 2) as k from a"),
    ("TQL250", "select contains((id > 2), 2) as k from a"),
    ("TQL359", "select id from a where not (contains(id, ''))"),
    ("TQL359", "select id from a where contains(nint, 1) group by grp"),
    ("TQL359", "select id from a where shape(id)[0] = 1"),
    ("TQL359", "select id from a where not (dot(emb, ARRAY[1, 2]) > 0) or id = 3"),
    ("TQL219", "select id from a order by emb[0]"),
    ("TQL219", "select id from a where id > 3 order by emb[0:2]"),
    ("TQL219", "select * from (select id, emb[0] as k from a) where id > 3 order by k"),
    ("TQL217", "select id from a where id = ARRAY['a', 'b']"),
    ("TQL237", "select id from a where 'x' like 'x'"),
    ("TQL253", "select txt in ('a.b') as k from a group by grp"),
    ("TQL352", "select * from (select txt, sum(id) as s from a group by grp) where txt = 'a'"),
    ("TQL352", "select * from (select grp, sum(id) as s from a group by grp) order by grp"),
    ("TQL508", "select b.id as y from a as a right join b as b on a.id = b.id where txt like 'b%'"),
    ("TQL227", "select name from a join b using (id)"),
    ("TQL256", "select a.id as y, b.id as z from a as a join b as b on a.nint = b.id"),
    ("TQL355", "select a.id as y, b.id as z from a as a join b as b on a.ntxt = b.name"),
    ("TQL254", "select u.id as y from a as u order by u.grp"),
    ("TQL219", "select id from a order by nint > 0"),
    ("TQL219", "select * from (select id, nint + 1 as k from a) order by k"),
    ("TQL512", "select * from (select id, id * 3 as k from a) order by k"),
    ("TQL252", "select id from (select id, js['s'] as s from a) where s like 'a%'"),
    ("TQL351", "select id from a where arr[0][1] = 2"),
    ("TQL353", "select grp, sum(id) as s from a group by 1"),
    ("TQL520", "select grp, sum(id) as s from a group by grp"),
    ("TQL521", "select sum(f64) as s from a"),
    ("TQL522", "select id / 2 as h from a"),
]
CLEAN = [
    "select id from (select id, keys(js) as words from a) where contains(words, 'x')",
    "select id from a where contains(keys(js), 'x')",
    "select id from a where contains(js['words'], 'x')",
    "select id from a where ntxt is not null and ntxt not in ('a')",
    "select id from a where f64 in (1.0, 2.0) and f64 = f64",
    "select id from a where f64 not in (1.0) or f64 != f64",
    "select id from a where f64 > 0 and (id = 3 or f64 in (1.0))",
    "select id from a where f64 = 1.0 or f64 = 2.0",
    "select id from (select * from a where f64 = f64) where f64 in (1.0)",
    "select id from a where id in (1, 2)",
    "select ntxt[0] as t from a group by ntxt, ntxt is null",
    "select ntxt[0] as t from a where ntxt is not null group by ntxt",
    "select txt[0] as t from a group by txt",
    "select sum(nint) as s from a where nint > 3 group by u8",
    "select id from a where nint is not null order by amax(nint) % 4194304",
    r"select id from a where txt ilike '[öÖ]st'",
    "select id from a where txt ilike 'ost'",
    "select id from a where txt like 'öst'",
    r"select id from a where txt like 'line[\s\S]{0,}'",
    "select id from a where nint is not null and nint not in (1, 60)",
    "select id from a where nint != 3",
    "select id from a where ntxt is not null and ntxt != 'a'",
    "select id from a where ntxt is null or ntxt = ''",
    "select id from a where u8 * 1 + u8 > 300",
    r"select id from a where txt like '[\s\S]{0,}' or txt = ''",
    "select id from x where num in (3, 100)",
    "select id from x where not num = id",
    "(select id, uid from b) union all (select id, uid from b where id > 2)",
    "(select id, grp as n from a) union all (select id, nint as n from a)",
    "select * from (select id from x order by te) limit 5",
    "select id from a where shape(arr)[0] = 1",
    "select grp[0] as grp, sum(id) as s from a group by i32 % 3",
    "select a from (select id as a from a group by txt) ungroup by split",
    "select id as y from a as u order by u.txt",
    "select u.id as y from a as u order by u.txt limit 3",
    "select sum(arr) as s from a",
    "select (id - id % 2) / 2 as h from a",
    "select id from a where arr[1] = 2",
    "select id from a where id > 3 order by emb[0]",
    "select id from a where u8 > 3 and shape(emb)[0] = 3 order by l2_norm(emb)",
    "select id from a where u8 >= shape(emb)[0] order by l2_norm(emb)",
    "select hamming_distance(emb, arr) as d from a",
    "select hamming_distance(arr, emb) as d from a where id > 3 and shape(arr)[0] > 0",
    "select hamming_distance(arr, emb) as d from (select * from a where any(arr > 1))",
    "select emb[0] as k, shape(id)[0] as n from a where grp = 2 group by emb[0]",
]
# Keys without NaN: TQL512 is about the digits of the same keys.
WITHOUT_NAN = [
    "select id from a where f64 = f64 order by f64",
    "select id from a where id > 3 and f64 < 7 order by amax(f64)",
    "select id from (select * from a where f64 = f64) order by f64",
    "select id from (select * from a order by f64 != f64) order by f64",
]


def codes(text: str) -> set[str]:
    """Return the codes of the findings in a text, with those that depend on the rows."""
    for name in ("a", "b", "x"):
        text = text.replace(f"from {name}", f'from "mem://{name}"').replace(f"join {name}", f'join "mem://{name}"')
    return {finding.code for finding in check(text, SCHEMAS, info=True)}


@pytest.mark.parametrize(("code", "text"), FOUND)
def test_a_difference_is_found(code: str, text: str) -> None:
    """The rule of the kind finds it."""
    assert code in codes(text)


@pytest.mark.parametrize("text", CLEAN)
def test_a_right_form_is_clean(text: str) -> None:
    """A text that means the same in the engine has no finding."""
    assert codes(text) <= {"TQL515"}


@pytest.mark.parametrize("text", WITHOUT_NAN)
def test_a_key_without_nan_is_clean(text: str) -> None:
    """A condition or a sort key decides NaN."""
    assert codes(text) <= {"TQL512"}
