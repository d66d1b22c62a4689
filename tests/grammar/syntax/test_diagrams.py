"""The page of railroad diagrams: each rule has its diagram with all its symbols, each link leads to a place on the page, and the page loads nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from html import unescape

import pytest

from tql_grammar.syntax import diagrams, standalone
from tql_grammar.syntax.keywords import RESERVED, SYMBOLS
from tql_grammar.syntax.tables import HERE

FIGURE = re.compile(r'<h3 id="(\w+)">\1</h3>\n<figure tabindex="0">(.*?)</figure>', re.DOTALL)
RULES = sorted(set(re.findall(r"^([a-z_]+)(?:\.\d)?:", HERE.joinpath("tql.lark").read_text("utf-8"), re.MULTILINE)))


@cache
def page() -> str:
    """Return the page."""
    return diagrams.page()


@cache
def figures() -> dict[str, str]:
    """Return the diagram of each rule."""
    return dict(FIGURE.findall(page()))


def test_each_rule_of_the_grammar_has_its_diagram() -> None:
    """The rules of tql.lark, each once."""
    assert sorted(name for name, _ in FIGURE.findall(page())) == RULES
    assert len(RULES) > 90
    assert page().count("<svg") == len(RULES)


@pytest.mark.parametrize("name", RULES)
def test_a_diagram_has_all_symbols_of_its_rule(name: str) -> None:
    """The boxes of a diagram are the symbols of the rule, with the spelling of keywords and signs; a loop has no box for the rule itself."""
    spelt = standalone.spellings()
    expected = set()
    for symbols, _ in standalone.source_rules()[name]:
        for symbol in symbols[symbols[:1] == (name,) :]:
            signs = re.findall("'(.+?)'", spelt.get(symbol, ""))
            expected |= {symbol} if symbol in diagrams.TERMINALS or symbol.islower() else set(signs)

    assert {unescape(text) for text in re.findall(r"<text[^>]*>(.*?)</text>", figures()[name])} == expected
    assert expected <= {*RULES, *diagrams.TERMINALS, *RESERVED, *SYMBOLS}


def test_each_link_leads_to_a_place() -> None:
    """A box of a rule or a terminal leads to its definition."""
    places = re.findall(r'id="(\w+)"', page())

    assert len(places) == len(set(places))
    assert set(re.findall(r'href="([^"]*)"', page())) <= {f"#{place}" for place in places}


def test_the_page_loads_nothing() -> None:
    """No address, script, picture or style sheet, and colours for light and dark."""
    assert not re.search(r"https?:|src=|url\(|@import|<script|<link|<img", page(), re.IGNORECASE)
    assert "prefers-color-scheme: dark" in page()


@pytest.mark.parametrize(
    ("alternatives", "first", "rest"),
    [
        ([("a",), ("x", "COMMA", "a")], [("a",)], [("COMMA", "a")]),
        ([("a",), ("x", "a")], [("a",)], [("a",)]),
        ([("a", "x"), ()], [("a", "x"), ()], []),
        ([("a",), ("a",), ("b",)], [("a",), ("b",)], []),
    ],
)
def test_a_rule_that_begins_with_itself_is_a_loop(
    alternatives: list[standalone.Symbols], first: list[standalone.Symbols], rest: list[standalone.Symbols]
) -> None:
    """The alternatives that do not begin with the rule, and those that can follow them."""
    assert diagrams.part_of("x", alternatives) == (first, rest)


def test_the_command_prints_the_page() -> None:
    """``tql grammar --format railroad``."""
    done = subprocess.run(
        [sys.executable, "-m", "tql_client", "grammar", "--format", "railroad"], capture_output=True, check=True
    )

    assert done.stdout.decode() == page()


def test_without_the_library_the_command_names_the_extra() -> None:
    """The message has the command that installs it."""
    program = (
        "import sys; sys.modules['railroad'] = None; from tql_client.cli.main import main; "
        "sys.exit(main(['grammar', '--format', 'railroad']))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "railroad diagrams require the `cli` extra: pip install" in done.stderr
    assert "Traceback" not in done.stderr
