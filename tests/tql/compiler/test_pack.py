"""Operations that the engine evaluates in their order share a SELECT, any other has one of its own, and each of these has its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tql.drawn import drawn
from tql import ArgumentError, Schema, col, desc, fn, select
from tql.compiler.compile import PASSES, compiled
from tql.compiler.context import NOWHERE, Context
from tql.compiler.pack import BEGINS, CLAUSES, REASONS, Packed, pack
from tql.plan import nodes
from tql.plan.nodes import (
    Aggregate,
    Barrier,
    Explode,
    Extend,
    Filter,
    Limit,
    Plan,
    Project,
    Sample,
    Scan,
    Sort,
    Subquery,
    Verbatim,
)
from tql.plan.tree import operations
from tql.views import passes
from tql_grammar import ast
from tql_grammar.printing.printer import to_tql
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from tql import Query
    from tql.statement import Statement

A, B = ast.Column("a"), ast.Column("b")
CONDITION = ast.Comparison(">", A, ast.Number(1))
ROWS = Scan("d")
STEPS: dict[str, Callable[[Plan], Plan]] = {
    "filter": lambda plan: Filter(plan, CONDITION),
    "sample": lambda plan: Sample(plan, A),
    "sort": lambda plan: Sort(plan, (ast.Order(A),)),
    "project": lambda plan: Project(plan, (A, B)),
    "limit": lambda plan: Limit(plan, ast.Number(3)),
    "aggregate": lambda plan: Aggregate(plan, (A,), (A,)),
}
# The steps that may follow a step in the same SELECT: what the engine evaluates later.
LATER = {
    "filter": ("sample", "sort", "project", "limit", "aggregate"),
    "sample": ("project",),
    "sort": ("project", "limit"),
    "project": ("limit",),
    "limit": (),
    "aggregate": (),
}


@pytest.mark.parametrize("first", STEPS)
@pytest.mark.parametrize("second", STEPS)
def test_two_operations(first: str, second: str) -> None:
    """They share a SELECT where the engine evaluates the second after the first."""
    tree = pack(STEPS[second](STEPS[first](ROWS)), NOWHERE).tree

    selects = sum(isinstance(node, ast.Select) for node in walk(tree))
    assert selects == (1 if second in LATER[first] else 2), to_tql(tree)


def test_one_select_holds_all() -> None:
    """A condition, an order, a select list and a limit need no more."""
    plan = Limit(Project(Sort(Filter(ROWS, CONDITION), (ast.Order(B, "desc"),)), (A,)), ast.Number(5), ast.Number(2))

    assert to_tql(pack(plan, NOWHERE).tree) == "select a from d where a > 1 order by b desc limit 5 offset 2"


def test_a_barrier_has_its_reason() -> None:
    """Whatever stands above it is in another SELECT, and says why."""
    packed = pack(Limit(Barrier(Sort(ROWS, (ast.Order(A),)), "so that it is exact"), ast.Number(3)), NOWHERE)

    assert to_tql(packed.tree) == "select * from (select * from d order by a) limit 3"
    assert packed.reasons == {id(packed.tree): "so that it is exact"}


def test_a_subquery_of_the_user_has_no_reason() -> None:
    """It was asked for."""
    query = select("id").from_(select().from_("d").limit(3)).where(col("id") > 1)

    assert compiled(query.statement).reasons == {}


@pytest.fixture(scope="module")
def queries() -> list[Query]:
    """Return random queries of every clause."""
    return list(drawn(3000))


def _legal(query: Statement, context: Context) -> tuple[Plan, Packed]:
    """Return a query before and after the last pass."""
    found: object = query
    for step in PASSES[:-1]:
        found = step(found, context)
    assert PASSES[-1] is pack
    return found, pack(found, context)  # type: ignore[arg-type,return-value]  # a plan


def test_every_select_that_nobody_wrote_has_its_reason(queries: list[Query]) -> None:
    """SELECTs around others without a reason are as many as the sub-queries that the user wrote."""
    schema = Schema(uid="int64", i="int32", f="float64", t="nullable text", n="nullable int64", id="int64")
    compared = 0
    for query in queries:
        for context in (NOWHERE, Context("mem://d", {None: schema})):
            try:
                plan, packed = _legal(query.statement, context)
            except ArgumentError:
                continue
            written = sum(isinstance(part, Subquery) and not part.reason for part in operations(plan))
            around = [node for node in walk(packed.tree) if isinstance(node, ast.Select) and _is_around(node)]
            assert sum(id(node) not in packed.reasons for node in around) <= written, to_tql(packed.tree)
            compared += len(packed.reasons)

    assert compared > 1000


def _is_around(select_: ast.Select) -> bool:
    """Tell whether a SELECT is around another one."""
    return isinstance(select_.source, ast.Derived)


def test_the_reasons_of_a_query() -> None:
    """One for each SELECT, from the outside."""
    query = select("k", n=fn.count()).group_by("k").where(col("n") > 2).order_by("k", desc("n")).limit(1)
    packed = compiled(query.statement)

    listed = [packed.reasons.get(id(node), "") for node in walk(packed.tree) if isinstance(node, ast.Select)]
    assert [reason.partition(":")[0] for reason in listed] == [
        "the engine sorts by one key only",
        "the engine sorts by one key only",
        "filters, order and limit on groups go in an outer query",
        "the expressions that the groups are made of are computed for each row in a subquery; a key of unknown type is compared as float32",
        "",
    ]


KINDS = {kind for kind in vars(nodes).values() if isinstance(kind, type) and issubclass(kind, Plan)} - {Plan}


def test_every_operation_has_its_place() -> None:
    """An operation is packed, has the reason of what is around it, and is drawn; one that is a clause is among the steps of this test."""
    packed = {*CLAUSES, *BEGINS, Verbatim, Barrier}

    assert packed | {Extend} == KINDS
    assert {kind for kind in CLAUSES if kind is not Project} == set(REASONS)
    assert set(passes._ARGUMENTS) == KINDS  # noqa: SLF001 - the table of the view
    assert {type(make(ROWS)) for make in STEPS.values()} == set(CLAUSES) - {Explode}
