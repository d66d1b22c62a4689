"""
The grammar as railroad diagrams, on one page of HTML that loads nothing.

A rule that begins with itself is drawn as a loop, and an empty alternative as a line past the others.
"""

from __future__ import annotations

import re
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.syntax import standalone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tql_grammar.syntax.standalone import Symbols

# The title of a part of the grammar, above its rules.
SECTION = re.compile(r"^// --- ([a-z ]+) -+$", re.MULTILINE)
# Terminals by what they hold; the others are keywords and signs, which a diagram spells.
TERMINALS = {
    "NAME": "a word that is not a keyword, or anything between double quotes",
    "STRING": "anything between single quotes; two single quotes in it are one",
    "INTEGER": "digits of a 64-bit number",
    "FLOAT": "digits with a point or an exponent",
    "DATE_TEXT": "a date in single quotes: '2026-01-31'",
    "AMOUNT_TEXT": "an integer in single quotes: '3'",
    "PERIOD_TEXT": "an integer and a unit in single quotes: '3 days'",
    "FILE_TYPE": "csv, tbl, binary or bin",
    "TABLE_FILE": "tbl",
    "CHARACTER_VARYING": "the words CHARACTER VARYING",
}
STYLE = """\
:root { color-scheme: light dark; --page: #fff; --ink: #1f2328; --line: #57606a; --link: #0550ae; --word: #dafbe1; --rule: #ddf4ff; }
@media (prefers-color-scheme: dark) {
  :root { --page: #0d1117; --ink: #e6edf3; --line: #8d96a0; --link: #79c0ff; --word: #12361f; --rule: #0c2d51; }
}
body { background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 1rem; }
a { color: var(--link); }
code, td:first-child { font-family: ui-monospace, monospace; }
pre, figure { overflow-x: auto; }
figure { margin: 0; }
h3 { margin: 1.5rem 0 0; font: 600 1rem ui-monospace, monospace; }
td { padding: .1rem 1rem .1rem 0; vertical-align: top; }
svg.railroad-diagram path { stroke: var(--line); stroke-width: 2; fill: none; }
svg.railroad-diagram text { fill: var(--ink); font: 14px ui-monospace, monospace; text-anchor: middle; }
svg.railroad-diagram rect { stroke: var(--line); stroke-width: 1.5; fill: var(--rule); }
svg.railroad-diagram g.terminal rect { fill: var(--word); }
svg.railroad-diagram a text { fill: var(--link); }
svg.railroad-diagram a:focus rect { stroke-width: 3; }
"""
INTRODUCTION = (
    "The grammar of TQL, the Tensor Query Language, as the parser of Deep Lake's engine reads it.",
    "Green boxes are written as they are, in any case. Blue boxes are rules, and lead to them.",
    "The engine silently drops parts of a text and runs the rest: an unknown character ends the query, a comment includes the next line if that begins with a blank or is empty, and a number with a leading 0 is octal.",
    "The command tql check reports that.",
)


class Part(NamedTuple):
    """
    The alternatives of a rule, as a diagram shows them.

    Attributes:
        first: the alternatives that do not begin with the rule itself.
        rest: what can follow them, any number of times.
    """

    first: Sequence[Symbols]
    rest: Sequence[Symbols]


def page() -> str:
    """
    Return the page.

    Raises:
        ImportError: the library ``railroad-diagrams`` is not installed.
    """
    rules, spelt = standalone.source_rules(), standalone.spellings()
    sections = list(_sections(rules))
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>The grammar of TQL</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>The grammar of TQL</h1>",
            *(f"<p>{escape(text)}</p>" for text in INTRODUCTION),
            *_contents(sections),
            *(line for title, names in sections for line in _section(title, names, rules, spelt)),
            *_precedences(spelt),
            *_terminals(),
            "</main>\n</body>\n</html>\n",
        ]
    )


def part_of(name: str, alternatives: Iterable[Symbols]) -> Part:
    """Return the alternatives of a rule without the left recursion."""
    different = list(dict.fromkeys(alternatives))
    rest = [symbols[1:] for symbols in different if symbols[:1] == (name,)]
    return Part([symbols for symbols in different if symbols[:1] != (name,)], rest)


def _sections(rules: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield the titles of the grammar's parts, each with the names of its rules."""
    source = standalone.source()
    known = set(rules)
    begins = [*SECTION.finditer(source)]
    for number, found in enumerate(begins):
        end = begins[number + 1].start() if number + 1 < len(begins) else len(source)
        names = re.findall(r"^([a-z_]+)(?:\.\d+)?:", source[found.end() : end], re.MULTILINE)
        if names:
            yield found[1], [name for name in names if name in known]


def _contents(sections: Iterable[tuple[str, list[str]]]) -> Iterator[str]:
    """Yield the lines of the table of contents."""
    yield "<nav>"
    for title, names in sections:
        links = " ".join(f'<a href="#{name}"><code>{name}</code></a>' for name in names)
        yield f"<p>{_title(title)}: {links}</p>"
    yield '<p><a href="#precedences">Precedences</a>, <a href="#terminals">Terminals</a></p>\n</nav>'


def _title(text: str) -> str:
    """Return a title with a capital letter."""
    return text[0].upper() + text[1:]


def _section(title: str, names: Iterable[str], rules: standalone.Rules, spelt: dict[str, str]) -> Iterator[str]:
    """Yield the lines of one part of the grammar."""
    yield f"<h2>{_title(title)}</h2>"
    for name in names:
        part = part_of(name, [symbols for symbols, _ in rules[name]])
        yield f'<h3 id="{name}">{name}</h3>\n<figure tabindex="0">{_drawn(name, part, spelt)}</figure>'


def _drawn(name: str, part: Part, spelt: dict[str, str]) -> str:
    """Return the diagram of a rule as SVG."""
    import railroad

    diagram = railroad.Diagram(_whole(part, spelt), css="", type="complex")
    diagram.attrs |= {"role": "img", "aria-label": f"diagram of the rule {name}"}
    written = StringIO()
    diagram.writeSvg(written.write)
    return written.getvalue()


def _whole(part: Part, spelt: dict[str, str]) -> object:
    """Return the alternatives of a rule, and the loop of what can follow them."""
    import railroad

    first = _choice(part.first, spelt)
    if not part.rest:
        return first
    if len(part.first) == 1 and len(part.rest) == 1 and part.rest[0][-len(part.first[0]) :] == part.first[0]:
        between = part.rest[0][: -len(part.first[0])]
        return railroad.OneOrMore(first, _sequence(between, spelt) if between else None)
    return railroad.Sequence(first, railroad.ZeroOrMore(_choice(part.rest, spelt)))


def _choice(alternatives: Sequence[Symbols], spelt: dict[str, str]) -> object:
    """Return alternatives one below the other; the empty one is a line past them."""
    import railroad

    drawn = [_sequence(symbols, spelt) for symbols in sorted(alternatives, key=bool)]
    return drawn[0] if len(drawn) == 1 else railroad.Choice(0, *drawn)


def _sequence(symbols: Symbols, spelt: dict[str, str]) -> object:
    """Return symbols one after the other."""
    import railroad

    drawn = [_symbol(symbol, spelt) for symbol in symbols]
    return railroad.Skip() if not drawn else drawn[0] if len(drawn) == 1 else railroad.Sequence(*drawn)


def _symbol(symbol: str, spelt: dict[str, str]) -> object:
    """Return the box of a rule, a keyword, a sign, or another terminal."""
    import railroad

    if symbol in TERMINALS or symbol.islower():
        return railroad.NonTerminal(symbol, href=f"#{symbol}")
    signs = re.findall("'(.+?)'", spelt[symbol])
    boxes = [railroad.Terminal(sign) for sign in signs]
    return boxes[0] if len(boxes) == 1 else railroad.Choice(0, *boxes)


def _precedences(spelt: dict[str, str]) -> Iterator[str]:
    """Yield the lines of the table of precedences."""
    yield '<h2 id="precedences">Precedences</h2>\n<p>Of the operators, lowest first.</p>\n<table>'
    for side, names in standalone.levels():
        written = " ".join(dict.fromkeys(spelt.get(name, name).replace("'", "") for name in names))
        yield f"<tr><td>{escape(written)}</td><td>{side}</td></tr>"
    yield "</table>"


def _terminals() -> Iterator[str]:
    """Yield the lines of the table of terminals."""
    patterns = {name.partition(".")[0]: pattern for name, pattern in standalone.PATTERNS.items()}
    yield '<h2 id="terminals">Terminals</h2>\n<p>Blanks and comments may be between any two of them.</p>\n<dl>'
    for name, meaning in TERMINALS.items():
        yield f'<dt id="{name}"><code>{name}</code></dt>\n<dd>{escape(meaning)}'
        yield f'<pre tabindex="0">{escape(patterns[name])}</pre></dd>'
    yield "</dl>"
