"""The check agrees with the engine about the queries that the engine rejects, over all measured verdicts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.differential.measured import CASES, text_of
from tql import Schema, check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSING = ("TQL0", "TQL1", "TQL2", "TQL4")
# The source does not exist, which a check of the text cannot know.
NO_SOURCE = "query source"


def errors(text: str, schemas: dict[str, Schema], *families: str) -> Iterator[str]:
    """Yield the codes of the errors of some families."""
    for finding in check(text, schemas):
        if finding.severity == "error" and finding.code.startswith(families):
            yield finding.code


def test_what_the_engine_refuses_has_an_error(
    schemas: dict[str, Schema], record_property: Callable[[str, object], None]
) -> None:
    """At least 97 % of the rejected queries have an error of the families for rejected queries."""
    refused = [text_of(case) for case in CASES if case["engine"] != "ok" and NO_SOURCE not in case["engine"]]
    found = sum(any(True for _ in errors(text, schemas, *REFUSING)) for text in refused)
    said = f"of {len(refused)} texts that the engine refuses, {found} have an error: {found / len(refused):.2%}"
    record_property("figure", said)

    assert found / len(refused) >= 0.97


def test_what_the_engine_runs_has_none(
    schemas: dict[str, Schema], record_property: Callable[[str, object], None]
) -> None:
    """At most 0.5 % of the queries that run have an error of the families for rejected queries."""
    run = [text_of(case) for case in CASES if case["engine"] == "ok"]
    found = sum(any(True for _ in errors(text, schemas, "TQL1", "TQL2", "TQL4")) for text in run)
    said = f"of {len(run)} texts that the engine runs, {found} have an error: {found / len(run):.2%}"
    record_property("figure", said)

    assert found / len(run) <= 0.005
