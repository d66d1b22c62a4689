"""Write the page "From a query to its text" from the compiler: ``python docs/passes_page.py`` after a change of it; a test compares."""

from __future__ import annotations

from pathlib import Path

import tql
from tql import Query
from tql.compiler.compile import PASSES
from tql.views.passes import stages

PAGE = Path(__file__).parent / "passes.md"
HEAD = """# From a query to its text

The compiler has five passes. Each takes the result of the one before:

| pass | from | to | it |
|---|---|---|---|
{passes}

A plan is read from the bottom: the lowest operation happens first.
"""
DOES = {
    "bind": ("statement", "statement", "puts values in the places of parameters, and adds the default dataset and its columns"),
    "lower": ("statement", "plan", "makes an operation of each clause; DISTINCT, set operations, hybrid searches and joins are plans made of plans"),
    "resolve": ("plan", "plan", "turns names into columns, and puts each clause below or above the select list whose names it reads"),
    "legalize": ("plan", "plan", "exchanges what the engine would do wrong for what it does right"),
    "pack": ("plan", "SELECTs", "puts as many operations into one SELECT as the engine's order of evaluation allows"),
}  # fmt: skip
QUERIES = {
    "Conditions and a limit": """\
select("id", "text").where(col("text").startswith("ab"), col("year").between(2020, 2024)).limit(5)""",
    "A condition on a name that the query makes": """\
select("id", total=col("price") * col("amount")).where(col("total") > 100, col("kind") == "a")""",
    "Several keys": """\
select("id").order_by("kind", desc("year")).limit(10)""",
    "Timestamps, with a schema": """\
select("id").from_("hub://org/ds", schema=Schema(id="int64", ts="int64")).order_by(desc("ts")).limit(1)""",
    "A similarity search": """\
select("id", "text").similarity("embedding", [0.1, 0.2]).where(col("year") >= 2020).order_by("score").limit(5)""",
    "A similarity search that an index may answer": """\
(
    select("id")
    .from_("hub://org/ds", schema=Schema(id="int64", e="embedding[2] quantized"))
    .similarity("e", [0.1, 0.2])
    .order_by("score")
    .limit(5)
    .offset(5)
)""",
    "Groups with a condition": """\
select("kind", n=fn.count(), mean=fn.mean("price")).group_by("kind").where(col("n") > 1).order_by(desc("n"))""",
    "The mean of numbers that may be null": """\
(
    select("kind", mean=fn.mean("price"))
    .from_("hub://org/ds", schema=Schema(kind="text", price="nullable float64"))
    .group_by("kind")
)""",
    "DISTINCT": """\
select("kind").where(col("year") > 2020).distinct().order_by("kind")""",
    "A set operation": """\
select("id").from_("a").union_all(select("id").from_("b")).limit(3)""",
    "A hybrid search": """\
select("id").hybrid(vector=("embedding", [0.1, 0.2]), text=("text", "cats")).order_by("score").limit(5)""",
    "A join": """\
(
    select(id=col("id", of="a"), name=col("name", of="b"))
    .from_("people", alias="a", schema=Schema(id="int64"))
    .join("names", col("id", of="a") == col("uid", of="b"), alias="b")
    .where(col("name", of="b") != "")
)""",
}


def page() -> str:
    """Return the page."""
    rows = "\n".join(f"| `{step.__name__}` | {' | '.join(DOES[step.__name__])} |" for step in PASSES)
    return HEAD.format(passes=rows) + "".join(_query(title, code) for title, code in QUERIES.items())


def _query(title: str, code: str) -> str:
    """Return a query after each pass."""
    query: Query = eval(code, vars(tql).copy())  # noqa: S307 - the queries above
    parts = [f"\n## {title}\n\n```py\n{code}\n```\n"]
    before = ""
    for stage in stages(query.statement)[1:]:
        same = "as before" if stage.text == before else f"\n\n```text\n{stage.text}\n```"
        parts.append(
            f"\n`{stage.name}`: {same}".rstrip() + "\n" if same == "as before" else f"\n`{stage.name}`{same}\n"
        )
        before = stage.text
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
