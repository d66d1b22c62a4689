"""Exploration of functions that build queries: the paths, seeded faults of an application, and samples of many paths."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tql import ArgumentError, Query, Schema, choice, col, explore, fn, select
from tql.compiler.compile import compile_query
from tql.findings import findings

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Schema(id="int64", title="text", author="text", year="int64", meta="json", embedding="embedding[2]")
# The queries of a page that lists documents: 8 options, 256 paths.
APPLICATION = """
def listing(vector=None, words=None, year=None, author=None, tag=None, sort=False, grouped=False, paged=False):
    query = select("author", n=fn.count()) if grouped else select("id", "title")
    query = query.when(year, lambda q: q.where(col("year") >= year))
    query = query.when(author, lambda q: q.where(col("author") == author))
    query = query.when(words, lambda q: q.where(col("title").contains(words)))
    query = query.when(tag, lambda q: q.where(col("meta")["tag"] == tag))
    query = query.when(grouped, lambda q: q.group_by("author"))
    query = query.when(vector and not grouped, lambda q: q.similarity("embedding", vector))
    order = "n" if grouped else "score" if vector else "year"
    query = query.when(sort, lambda q: q.order_by(order))
    return query.when(paged, lambda q: q.limit(10).offset(20))
"""
# Faults that some combinations of options show, each as a replacement in the application.
FAULTS = (
    ('"n" if grouped else "score" if vector else "year"', '"n" if grouped else "score"'),
    ('"n" if grouped else "score" if vector', '"n" if grouped or (year and not tag) else "score" if vector'),
    ('col("title")', 'col("titel" if author and not year else "title")'),
    (">= year", ">= (str(year) if words and not author else year)"),
    ("vector and not grouped", "vector and not sort"),
    ('select("id", "title")', 'select("id", "score" if vector or (paged and not sort) else "title")'),
    ("limit(10)", "limit(-1 if tag and not words else 10)"),
    ('["tag"] == tag', '["tag"].like(3 if year and not sort else tag)'),
    ('similarity("embedding", vector)', 'similarity("embedding", [*vector, 0.0] if words and not tag else vector)'),
    ('group_by("author")', 'group_by("autor" if paged and not sort else "author")'),
    ("== author", "== (5 if sort and not paged else author)"),
    ('else "score" if vector', 'else "embedding" if tag and not vector else "score" if vector'),
    ('where(col("year") >= year)', 'where(fn.count() >= year if not grouped and not vector else col("year") >= year)'),
    ('col("title").contains', 'col("id" if year and not author else "title").contains'),
    ("offset(20)", "offset(-20 if author and not words else 20)"),
    ('col("author") ==', 'col("author", of="a" if vector and not tag else None) =='),
    ('col("year") >=', 'col("embedding" if paged and not grouped and not vector else "year") >='),
    ("n=fn.count()", 'n=fn.count(), **({"more": col("title") + 1} if words and not year else {})'),
    ("order_by(order)", 'order_by(order, *(["nothing"] if tag and not author else []))'),
    ("limit(10)", 'limit("10" if vector and not year and not grouped else 10)'),
)  # fmt: skip
ALL: dict[str, Any] = {
    "vector": [1.0, 2.0], "words": "cats", "year": 2020, "author": "ann", "tag": "new", "sort": True, "grouped": True, "paged": True,
}  # fmt: skip


def application(old: str = "", new: str = "") -> Callable[..., Query]:
    """Return the function of the application, with a fault."""
    assert old in APPLICATION
    names: dict[str, Any] = {"select": select, "col": col, "fn": fn}
    exec(APPLICATION.replace(old, new, 1) if old else APPLICATION, names)  # noqa: S102 - the text above
    return names["listing"]  # type: ignore[no-any-return]


def all_paths(listing: Callable[..., Query]) -> Callable[[], Query]:
    """Return the function that chooses each option."""
    return lambda: listing(
        **{name: choice([None if value is not True else False, value], name) for name, value in ALL.items()}
    )


def passes(listing: Callable[..., Query], **options: Any) -> bool:
    """Return whether an ordinary test of one call passes: the query can be compiled, and has no findings."""
    try:
        text = compile_query(listing(**options).statement, None, {None: SCHEMA})
    except Exception:  # noqa: BLE001 - whatever it is, the test would fail
        return False
    return not findings(text, SCHEMA)


def test_an_application_without_faults() -> None:
    """All paths are found once, those with the fewest decisions first, and none fails."""
    found = explore(all_paths(application()), SCHEMA, when="given")

    assert len({path.text for path in found}) == 192  # a group has no score
    assert (len(found), found.is_complete, found.failures) == (256, True, ())
    assert [len(path.words) for path in found] == sorted(len(path.words) for path in found)
    assert found[0].text == "select id, title"


def test_seeded_faults(record_property: Callable[[str, object], None]) -> None:
    """Every seeded fault is found; ordinary tests that run every line find few of them."""
    started = time.monotonic()
    found = [explore(all_paths(application(*fault)), SCHEMA, when="given", until_failure=True) for fault in FAULTS]
    seconds = time.monotonic() - started
    ordinary = [
        fault
        for fault in FAULTS
        if not all(passes(application(*fault), **options) for options in ({}, ALL, {**ALL, "grouped": False}))
    ]

    assert [fault for fault, exploration in zip(FAULTS, found, strict=True) if not exploration.failures] == []
    assert all(len(exploration.failures[0].words) <= 4 for exploration in found)
    assert len(ordinary) <= 5
    record_property(
        "figure",
        f"exploration: {len(FAULTS)} of {len(FAULTS)} seeded faults in {seconds:.1f} s; three tests with full line coverage: {len(ordinary)}",
    )


def test_the_words_of_a_path() -> None:
    """A failure has its decisions with their places, the query and the reason."""

    def search(year: int | None, sort: str | None) -> Query:
        query = select("id").when(year, lambda q: q.where(col("year") >= year))
        return query.when(sort, lambda q: q.order_by(str(sort)))

    found = explore(lambda: search(2020, choice(["id", "scor"], "sort")), SCHEMA)
    (first, *_) = found.failures

    assert [path.words[1:] for path in found.failures if len(path.words) > 2] != []
    assert first.words[0] == "sort is 'scor'"
    assert first.words[1].startswith("test_exploration.py:")
    assert first.words[1].endswith(" when(sort) is true")
    assert "has no column of this name" in str(first)
    assert str(found).startswith("8 paths: 2 fail\n\nsort is 'scor'\n")


def test_several_choices_in_a_line() -> None:
    """Each has its own values in the words of a path, in one line and in several; without positions none is guessed."""

    def search(title: str | None, sort: str) -> Query:
        query = (
            select("id").when(title, lambda q: q.where(col("title") == title)).when(sort, lambda q: q.order_by(sort))
        )
        return query.limit(3)

    one = explore(lambda: search(choice([None, "é)"]), choice(["id", "score"])), SCHEMA)
    other = explore(
        lambda: search(
            None, choice(
                ["id", "score"],
            )
        ), SCHEMA
    )  # fmt: skip
    names: dict[str, Any] = {"search": search, "choice": choice}
    unknown = explore(eval("lambda: search(choice([None]), choice(['id', 'score']))", names), SCHEMA)  # noqa: S307 - the text here
    chosen = [{words.partition(" ")[2] for path in found.failures for words in path.words} for found in (one, other)]

    assert chosen[0] == {
        """choice(["id", "score"]) is 'score'""", """choice([None, "é)"]) is 'é)'""", "when(title) is true", "when(sort) is true",
    }  # fmt: skip
    assert chosen[1] == {"""choice(["id", "score"]) is 'score'""", "when(sort) is true"}
    assert unknown.failures[0].words[0].endswith(":1 choice is 'score'")


def test_only_the_defaults() -> None:
    """An exploration without decisions says so, and one path is singular."""
    alone = "only the defaults were tried: pass values as choice([None, 2020]) to explore other paths"

    assert str(explore(lambda: select("id").when(0, lambda q: q.limit(1)))) == f"1 path: 0 fail\n{alone}"
    assert str(explore(lambda: select("id").when(1, lambda q: q.limit(1)))) == "2 paths: 0 fail"
    assert str(explore(lambda: select("nothing"), SCHEMA)).startswith("1 path: 1 fails\n\nno condition holds")


def test_conditions_are_followed() -> None:
    """With when="given" a condition has one branch; otherwise a true one has both, and a false one has one."""

    def search() -> Query:
        return select("id").when(1, lambda q: q.limit(1)).when(0, lambda q: q.limit(0))

    assert [path.text for path in explore(search)] == ["select id", "select id limit 1"]
    assert [path.text for path in explore(search, when="given")] == ["select id limit 1"]


def test_more_paths_than_most() -> None:
    """Half of the paths are those with the fewest decisions, the others a sample without repetition; a failure of the sample is shrunk."""

    def search() -> Query:
        chosen = [number for number in range(20) if choice([False, True], f"number {number}")]
        query = select("id").where(col("id").in_([*chosen, -1]))
        return query.order_by("nothing") if {3, 5, 8, 13} <= {*chosen} else query

    found = explore(search, SCHEMA, most=400)
    shrunk = explore(search, SCHEMA, most=400, until_failure=True).failures[0]

    assert (len(found), found.is_complete) == (400, False)
    assert len({tuple(decision.index for decision in path.decisions) for path in found}) == 400
    assert str(found).startswith("400 paths, a sample: ")
    assert shrunk.words == ("number 3 is True", "number 5 is True", "number 8 is True", "number 13 is True")


def test_each_query_is_run() -> None:
    """The results are those of *run*, and its exceptions are failures."""

    def run(query: Query) -> int:
        assert "limit" not in str(query), "no limit, please"
        return len(str(query))

    found = explore(lambda: select("id").when("x", lambda q: q.limit(1)), run=run)

    assert [path.result for path in found] == [9, None]
    assert [str(path.error).splitlines()[0] for path in found.failures] == ["no limit, please"]


def test_texts_and_what_is_no_query() -> None:
    """A function may return a text; one that returns something else is rejected with the path."""
    text = explore(lambda: choice(["select id", "select id where id = null"]))

    assert [[finding.code for finding in path.findings] for path in text] == [[], ["TQL203"]]
    branch: Any = lambda: select("id").when(1, lambda _: None)  # type: ignore[arg-type,return-value]  # noqa: E731 - one branch forgets it
    assert [str(path.error).splitlines()[0] for path in explore(branch).failures] == [
        "`when` takes a function that returns a query, got None"
    ]
    forgotten: Any = lambda: None if choice([False, True]) else select("id")  # noqa: E731 - the same
    with pytest.raises(ArgumentError, match=r"must return a query, got None\nhint: .*choice"):
        explore(forgotten)
    rows: Any = lambda: [{"id": 1}]  # noqa: E731 - a program that sends its query
    with pytest.raises(ArgumentError, match=r"got \[.*\] \(list\)\nhint: .* return tql_recorder\.queries\[-1\]"):
        explore(rows)


def test_a_choice_without_exploration() -> None:
    """It is the first value; a list without values is rejected, and so are arguments of explore."""
    array: Any = np.arange(3, 5)
    assert choice([3, 4]) == choice((3,)) == choice(range(3, 5)) == choice(array) == 3
    wrong: Any = 3
    no_sequences: tuple[Any, ...] = ({"a": 1}, {3}, iter([3]), np.array(3), bytearray(b"ab"))
    acts: list[Callable[[], object]] = [
        lambda: choice([]),
        lambda: choice("ab"),
        *(functools.partial(choice, values) for values in no_sequences),
        lambda: explore(wrong),
        lambda: explore(select, when="x"),
        lambda: explore(select, most=0),
    ]
    for act in acts:
        with pytest.raises(ArgumentError, match="must be"):
            act()


def test_the_decider_is_gone_after_an_exception() -> None:
    """A function that raises leaves `when` and `choice` as they were."""

    def broken() -> Query:
        message = "no"
        raise RuntimeError(message)

    assert str(explore(broken).failures[0].error) == "no"
    assert str(select("id").when(1, lambda q: q.limit(1))) == "select id limit 1"


def test_the_fixture(pytester: pytest.Pytester) -> None:
    """`tql_explore` fails a test with the simplest failing path."""
    pytester.makepyfile(
        test_it="""
from tql import Schema, choice, col, select

SCHEMA = Schema(id="int64", year="int64")


def search(year, sort):
    return select("id").when(year, lambda q: q.where(col("year") > year)).order_by(sort)


def test_right(tql_explore):
    assert len(tql_explore(lambda: search(choice([None, 3]), choice(["id", "year"])), SCHEMA)) == 6


def test_wrong(tql_explore):
    tql_explore(lambda: search(3, choice(["id", "yaer"])), SCHEMA)
"""
    )
    result = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*a path fails, after 2 paths*", "*is 'yaer'*", "*did you mean 'year'*"])
