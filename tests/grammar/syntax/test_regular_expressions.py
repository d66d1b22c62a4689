"""The regular expressions of the language read what a scanner reads that has none, on every version of Python, in time that grows as the text does."""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.grammar.syntax import scanner
from tql_grammar.lint import cache
from tql_grammar.printing.highlighting import OPENING
from tql_grammar.syntax import lexer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PACKAGES = ("tql", "grammar/tql_grammar", "client/tql_client")
TAKES_A_PATTERN = {
    f"re.{name}" for name in ("compile", "match", "fullmatch", "search", "sub", "split", "findall", "finditer")
}
POSSESSIVE = re.compile("POSSESSIVE_REPEAT|ATOMIC_GROUP")


def texts(pieces: Sequence[str]) -> st.SearchStrategy[str]:
    """Return texts of pieces."""
    return st.lists(st.sampled_from(pieces), max_size=14).map("".join)


def every(characters: str, longest: int) -> Iterator[str]:
    """Yield every text of the characters up to a length."""
    for length in range(longest + 1):
        yield from map("".join, itertools.product(characters, repeat=length))


def kinds(pattern: re.Pattern[str], text: str) -> list[tuple[str | None, int, int]]:
    """Return kind, start and end of each match of a pattern."""
    return [(m.lastgroup, *m.span(m.lastgroup or 0)) for m in pattern.finditer(text) if m.lastgroup]


def same_tokens(text: str) -> None:
    """Compare the tokens of a text."""
    assert kinds(lexer.TOKEN, text) == [*scanner.tokens(text)]


def same_comments(text: str) -> None:
    """Compare the comments of a text."""
    assert [match.span() for match in lexer.COMMENTS.finditer(text)] == [*scanner.comments(text)]


def same_elements(inner: str) -> None:
    """Compare the numbers that are parsed from a list."""
    written = f"[{inner}]"
    found = lexer.ELEMENTS.match(written)

    assert bool(found and found[1]) == scanner.are_plain(written)


def same_literals(text: str) -> None:
    """Compare the literals of a text, and the values alone."""
    values: dict[str, Any] = {"": scanner.value}

    assert kinds(cache.LITERAL, text) == [*scanner.literals(text)]
    assert [("", *match.span()) for match in cache.VALUE.finditer(text)] == [*scanner.literals(text, values)]


def same_opening(text: str) -> None:
    """Compare whether a parenthesis is next."""
    assert bool(OPENING.match(text)) == text.lstrip(scanner.BLANKS).startswith("(")


NUMBERS = [*"0123789.eE+-_", "10", "1.5", "-1", "123456789012345", "999999999999999999", scanner.SMALLEST]
OTHERS = [
    *" \t\n'\",[]()xaA$é",
    "--",
    "''",
    "array",
    "ARRAY[",
    "character varying",
    "character\nvarying",
    "--character \n varying",
    "in (",
    "IN",
    "vary\u0131ng",
    "\u0131n (1)",
    "== <> ||",
]
ELEMENTS = [*"0123789.eE+-, \t\n", ", ", "1.5", "-0", "10", "999999999999999999", scanner.SMALLEST]
SAME: dict[str, tuple[Callable[[str], None], list[str]]] = {
    "tokens": (same_tokens, NUMBERS + OTHERS),
    "comments": (
        same_comments,
        [*" \t\n-x'", "--", "--\n", "-- \n", "\n\n", "character", "character\nvarying", "Varying"],
    ),
    "elements": (same_elements, ELEMENTS),
    "literals": (same_literals, NUMBERS + OTHERS),
    "opening": (same_opening, [*scanner.BLANKS, "("]),
}


@pytest.mark.parametrize("name", SAME)
@settings(max_examples=600, deadline=None)
@given(data=st.data())
def test_patterns_read_what_the_scanner_reads(name: str, data: st.DataObject) -> None:
    """Each pattern finds the same in any text of its own characters."""
    same, pieces = SAME[name]
    same(data.draw(texts(pieces)))


@pytest.mark.parametrize(
    ("name", "before", "characters", "longest"),
    [
        ("tokens", "", "'a\n", 7),
        ("tokens", "--", "- \na", 6),
        ("tokens", "array[", "1,.e-]", 5),
        ("tokens", "1", "0.e+-", 5),
        ("tokens", "", '"a\n ', 6),
        ("comments", "--", "- \na", 6),
        ("elements", "", "01.e-,", 5),
        ("elements", "1,", "1 ,.e", 5),
        ("literals", "", "'a,\n", 6),
        ("literals", "in (", "1', )", 5),
        ("literals", "", "0.1-a", 6),
        ("literals", "array[", "1,[]", 5),
    ],
)
def test_patterns_read_every_short_text(name: str, before: str, characters: str, longest: int) -> None:
    """Each pattern finds the same in all texts of a few characters."""
    same, _ = SAME[name]
    for text in every(characters, longest):
        same(before + text)


def test_a_list_that_ends_in_a_comma_is_not_plain() -> None:
    """The list that Python 3.11.2 took for plain numbers is read element by element."""
    assert lexer.numbers("[1,]") is None
    assert lexer.numbers("[.5,]") is None


@pytest.mark.parametrize(
    "piece",
    ["'", "''", "''x", "'a',", '"', '"a\n', "-", "--\n", "-- \n", "-- a\n b", "\n x", " ", "1", "1.", "1e", "-1", "array[", "array[1,", "in (", "in (1,", "character ", "character\n", "character\nvarying", "character\nvarying\n\n", "a", "a   "],
)  # fmt: skip
@pytest.mark.parametrize("before", ["", "'", "--", "array[", "in ("])
def test_a_text_is_read_once(before: str, piece: str) -> None:
    """A long text costs milliseconds: no pattern goes back through it from each of its places."""
    text = before + piece * (100_000 // len(piece))
    begun = time.process_time()
    for pattern in (lexer.TOKEN, lexer.COMMENTS, cache.LITERAL):
        for _ in pattern.finditer(text):
            pass
    lexer.ELEMENTS.match(f"[{text}]")

    assert time.process_time() - begun < 1.5


def compiled(value: object) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns in the value of a module's name."""
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from compiled(part)
    elif isinstance(value, dict):
        yield from compiled([*value, *value.values()])


def in_calls(tree: ast.Module) -> Iterator[re.Pattern[Any]]:
    """Yield the patterns that are written as arguments of functions of `re`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in TAKES_A_PATTERN and node.args:
            written = node.args[0]
            if isinstance(written, ast.Constant) and isinstance(written.value, str | bytes):
                yield re.compile(written.value)


def ours() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Yield the patterns of all our modules that import `re`."""
    root = Path(__file__).parents[3]
    for package in PACKAGES:
        for path in sorted(root.glob(f"{package}/**/*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(isinstance(node, ast.Import) and node.names[0].name == "re" for node in ast.walk(tree)):
                name = ".".join(path.relative_to(root / package).with_suffix("").parts).removesuffix(".__init__")
                module = importlib.import_module(f"{Path(package).name}.{name}")
                yield from (
                    (module.__name__, one)
                    for one in itertools.chain(compiled([*vars(module).values()]), in_calls(tree))
                )


def test_no_pattern_of_ours_is_possessive(capsys: pytest.CaptureFixture[str]) -> None:
    """No pattern has a possessive quantifier or an atomic group, which `re` before Python 3.11.5 misreads around other repetitions."""
    patterns = dict.fromkeys(ours())
    assert len(patterns) > 40
    for module, pattern in patterns:
        re.compile(pattern.pattern, pattern.flags | re.DEBUG)
        assert not POSSESSIVE.search(capsys.readouterr().out), (module, pattern)


def test_a_possessive_pattern_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    """The test above sees what it looks for."""
    for pattern in ("a*+", "(?:ab)?+", "(?>a)"):
        re.compile(pattern, re.DEBUG)
        assert POSSESSIVE.search(capsys.readouterr().out), pattern
