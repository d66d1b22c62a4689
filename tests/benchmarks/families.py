"""The families of queries that SQL can say, each by tql and by SQLAlchemy Core, with a number that is a part of most literals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.benchmarks.case import peer
from tql import col, fn, not_, select

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query


def ours(k: int) -> list[Query]:
    """Return a query of each family; `tests.benchmarks.checking.FAMILIES` has most of them as texts."""
    a, b, c, ident, name, text, year = map(col, ("a", "b", "c", "id", "name", "text", "yr"))
    meta = col("meta")
    d = select("id").from_("d")
    nested = select("id", x=a + k).from_("d").where(b == f"w{k}")
    left, right = {"of": "a"}, {"of": "b"}
    on = col("id", **left) == col("uid", **right)
    join = select(x=col("id", **left), y=col("name", **right)).from_("d", alias="a").join("u", alias="b", on=on)
    return [
        select("id", x=fn.abs(a - k)).from_("d").where((fn.sqrt(b * (k + 0.5)) > k) | (ident > k)),
        d.where(year.between(k, k + 20) & name.between(f"a{k}", f"b{k}") | ident.between(2, k)),
        d.where(text.like(f"%word{k}%") & not_(name.ilike(f"Ab{k}_")) | col("url").startswith(f"http://x.org/{k}")),
        d.where((ident > k) & text.contains(f"abc{k}") | col("tags").contains(f"x{k}") & year.between(5, k)),
        select("id", k=meta[f"key{k}"]).from_("d").where(meta["kind"] == f"v{k}", meta["n"][f"m{k}"] != f"n{k}"),
        d.where(a.in_([k, 2, 3]), b.not_in([f"x{k}", "y"]), c.in_([k, 4])),
        select("id", "x").from_(nested).where(col("x") > k, col("x") < 20 * k).limit(k),
        select("grp", s=fn.sum(a * k)).from_("d").where(a > k, col("kind") == f"k{k}").group_by("grp"),
        join.where(col("val", **left) > k, col("kind", **right) == f"k{k}").limit(k),
        select("id", "name").from_("d").where(a != k, b == f"w{k}").order_by("name").limit(k).offset(k + 10),
    ]


def theirs() -> Callable[[int], list[Any]]:
    """Return the function that creates the same queries with SQLAlchemy Core."""
    sa = peer("sqlalchemy")
    func, both = sa.func, sa.and_
    plain = ("id", "a", "b", "c", "yr", "name", "text", "url", "tags", "kind", "grp")
    table = sa.table("d", *map(sa.column, plain), sa.column("meta", sa.JSON()))
    d, meta = table.c, table.c.meta
    one = sa.table("d", sa.column("id"), sa.column("val")).alias("a")
    two = sa.table("u", *map(sa.column, ("uid", "name", "kind"))).alias("b")

    def make(k: int) -> list[Any]:
        ids = sa.select(d.id)
        nested = sa.select(d.id, (d.a + k).label("x")).where(d.b == f"w{k}").subquery()
        join = sa.select(one.c.id.label("x"), two.c.name.label("y")).select_from(one.join(two, one.c.id == two.c.uid))
        key = meta[f"key{k}"].as_string().label("k")
        value = meta["n"][f"m{k}"].as_string()
        return [
            sa.select(d.id, func.abs(d.a - k).label("x")).where((func.sqrt(d.b * (k + 0.5)) > k) | (d.id > k)),
            ids.where(both(d.yr.between(k, k + 20), d.name.between(f"a{k}", f"b{k}")) | d.id.between(2, k)),
            ids.where(
                both(d.text.like(f"%word{k}%"), sa.not_(d.name.ilike(f"Ab{k}_")))
                | d.url.startswith(f"http://x.org/{k}", autoescape=True)
            ),
            ids.where(
                both(d.id > k, d.text.contains(f"abc{k}", autoescape=True))
                | both(d.tags.contains(f"x{k}", autoescape=True), d.yr.between(5, k))
            ),
            sa.select(d.id, key).where(meta["kind"].as_string() == f"v{k}", value != f"n{k}"),
            ids.where(d.a.in_([k, 2, 3]), d.b.not_in([f"x{k}", "y"]), d.c.in_([k, 4])),
            sa.select(nested).where(nested.c.x > k, nested.c.x < 20 * k).limit(k),
            sa.select(d.grp, func.sum(d.a * k).label("s")).where(d.a > k, d.kind == f"k{k}").group_by(d.grp),
            join.where(one.c.val > k, two.c.kind == f"k{k}").limit(k),
            sa.select(d.id, d.name).where(d.a != k, d.b == f"w{k}").order_by(d.name).limit(k).offset(k + 10),
        ]

    return make
