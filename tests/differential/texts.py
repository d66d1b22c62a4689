"""Random texts, generated from the grammar or by mutating tokens and characters of other texts."""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from importlib import resources
from typing import TYPE_CHECKING, Any

from tql_grammar.functions import CATALOGUE
from tql_grammar.syntax import keywords, lexer
from tql_grammar.syntax.lexer import STOP

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

NAMES = [
    "id",
    "text",
    "embedding",
    "score",
    "t",
    "my_col",
    '"my col"',
    '"select"',
    "Id",
    "a1",
    "count",
    *CATALOGUE,
    "x" * 70,
]
STRINGS = ["'a'", "''", "'it''s'", "'--'", "'2020-01-31'", "'1 days'", "'é€𝄞'", "'a\nb'", "'a;b'", "'3'", "'x' "]
FLOATS = ["1.5", ".5", "5.", "1e5", "1E+5", "1.e-5", "010.5", "1e400", "0.1"]
INTEGERS = ["0", "1", "2", "10", "007", "08", "9223372036854775807", "9223372036854775808", "-9223372036854775808"]
SPELLINGS = {
    "NAME": NAMES,
    "STRING": STRINGS,
    "FLOAT": FLOATS,
    "INTEGER": INTEGERS,
    "VECTOR": [
        "ARRAY[1,2]",
        "array[ 1.5 , -2e3]",
        "ARRAY [0.1,0.2,0.3]",
        "ARRAY[-0,010]",
        "ARRAY[ - 1]",
        "ARRAY[1,2 --c\n,3]",
    ],
    # The terminals of plain.lark.
    "DATE_TEXT": ["'2020-01-31'", "'20-1-3'", "' +1- 2-03'"],
    "AMOUNT_TEXT": ["'1'", "' -30'"],
    "PERIOD_TEXT": ["'1 day'", "'2HOURS'", "' +3  months'"],
    "FILE_TYPE": ["csv", "TBL", '"bin"', "binary"],
    "TABLE_FILE": ["tbl", '"TBL"'],
    "CHARACTER_VARYING": [
        "character varying",
        "CHARACTER  VARYING",
        "Character\nvarying",
        "character \n\n\tVARYING",
        # A token inside a comment.
        "--character\nvarying zzz\n",
        "-- c\n  Character \n VARYING\n",
        "--\n\ncharacter\nvaryingcharacter\nvarying -- c\n",
    ],
}
BLANKS = [" "] * 30 + ["\n", "\t", "  ", "\n ", "\n\n", "--c\n", "-- c \n", "--\n\n", " --c\n ", "--'\n", "-- \n \n"]
CHARACTERS = " \t\n\r\0\f\v'\"`;,.:()[]{}<>=!+-*/%^|&~@#$?\\_0123456789eExXaASéß€𝄞\u00a0\u200b\u2028"
WORDS = (*sorted(keywords.RESERVED), *(word for words in SPELLINGS.values() for word in words), *keywords.SYMBOLS)


@functools.cache
def compiled(file: str) -> tuple[Any, ...]:
    """Return the terminals and the rules of a grammar file."""
    from lark.load_grammar import load_grammar

    grammar = resources.files("tql_grammar").joinpath("syntax", file).read_text(encoding="utf-8")
    loaded, _files = load_grammar(grammar, file, [], global_keep_all_tokens=False)  # type: ignore[no-untyped-call]  # lark is partially typed
    found: tuple[Any, ...] = loaded.compile(["start"], "*")
    return found


@functools.cache
def rules(file: str = "tql.lark") -> dict[str, list[list[tuple[str, bool]]]]:
    """Return the alternatives of each symbol of a grammar file, as lists of symbols, each with whether it is a token."""
    found: dict[str, list[list[tuple[str, bool]]]] = defaultdict(list)
    for rule in compiled(file)[1]:
        found[rule.origin.name].append([(symbol.name, symbol.is_term) for symbol in rule.expansion])
    return dict(found)


@functools.cache
def heights(file: str = "tql.lark") -> dict[str, int]:
    """Return the minimum depth of rules that each symbol needs."""
    found: dict[str, int] = {}
    while len(found) < len(rules(file)):
        found |= {name: lowest for name in rules(file).keys() - found if (lowest := _lowest(rules(file)[name], found))}
    return found


def _lowest(alternatives: Sequence[Sequence[tuple[str, bool]]], known: dict[str, int]) -> int:
    """Return the minimum height of a symbol, from the known ones; 0 if it needs others."""
    complete = (
        [0, *(known[part] for part, token in parts if not token)]
        for parts in alternatives
        if all(token or part in known for part, token in parts)
    )
    return 1 + min(map(max, complete), default=-1)


@functools.cache
def allowed(kind: str, file: str) -> list[str]:
    """Return the spellings in `SPELLINGS` that a grammar file allows for a token: all of them, if it does not define the token."""
    patterns = [terminal.pattern.to_regexp() for terminal in compiled(file)[0] if terminal.name == kind]
    return [word for word in SPELLINGS.get(kind, ()) if all(re.fullmatch(pattern, word) for pattern in patterns)]


def spelt(kind: str, rng: random.Random, file: str = "tql.lark") -> str:
    """Return one spelling of a token."""
    known = allowed(kind, file)
    if known:
        return rng.choice(known)
    words = _spellings()[kind]
    word = rng.choice(words)
    return rng.choice([word, word.lower(), word.upper(), word.title()])


@functools.cache
def _spellings() -> dict[str, list[str]]:
    """Return the spelling of each keyword and sign."""
    found: dict[str, list[str]] = defaultdict(list)
    for word, kind in (*keywords.TOKEN_OF_WORD.items(), *keywords.SYMBOLS.items()):
        found[kind].append(word)
    return found


def tokens_of(name: str, rng: random.Random, size: int, file: str = "tql.lark") -> Iterator[str]:
    """Yield the tokens of a random text of a symbol; after *size* tokens, open rules end with their shortest alternatives."""
    open_parts = [(name, False)]
    made = 0
    while open_parts:
        part, token = open_parts.pop()
        if token:
            made += 1
            yield spelt(part, rng, file)
            continue
        alternatives = rules(file)[part]
        if made + len(open_parts) >= size:
            alternatives = [min(alternatives, key=lambda parts: _tallest(parts, file))]
        open_parts.extend(reversed(rng.choice(alternatives)))


def _tallest(parts: Sequence[tuple[str, bool]], file: str) -> int:
    """Return the maximum height of the parts."""
    return max((0 if token else heights(file)[part] for part, token in parts), default=0)


def walked(file: str, rng: random.Random) -> str:
    """Return a text made from a grammar file alone: each of its tokens with a spelling that it allows, and blanks between them."""
    return " ".join(tokens_of("start", rng, rng.randint(4, 40), file))


def joined(words: Sequence[str], rng: random.Random) -> str:
    """Return tokens joined to a text, separated by white space and comments; in one of three texts the separators can be empty."""
    blanks = rng.choice([[" "], BLANKS, [*BLANKS, "", ""]])
    return "".join(word + rng.choice(blanks) for word in words)


def generated(rng: random.Random) -> str:
    """Return a text generated from the grammar, which the engine usually accepts."""
    start = "statements" if rng.random() < 0.05 else "query"
    return joined(list(tokens_of(start, rng, rng.randint(4, 40))), rng)


def other_tokens(text: str, rng: random.Random) -> str:
    """Return a text with tokens removed, doubled, swapped or replaced."""
    words = [text[token.start : token.end] for token in lexer.tokens(lexer.cut_at_nul(text)) if token.kind != STOP]
    for _ in range(rng.randint(1, 3)):
        if not words:
            break
        at = rng.randrange(len(words))
        change = rng.randrange(5)
        if change == 0:
            del words[at]
        elif change == 1:
            words.insert(at, rng.choice(words))
        elif change == 2:
            words[at] = rng.choice(WORDS)
        elif change == 3:
            words.insert(at, rng.choice(WORDS))
        else:
            other = rng.randrange(len(words))
            words[at], words[other] = words[other], words[at]
    return joined(words, rng)


def other_characters(text: str, rng: random.Random) -> str:
    """Return a text with characters removed, inserted or replaced."""
    letters = list(text)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(letters) + 1)
        letters[at : at + rng.randint(0, 1)] = rng.choice(["", rng.choice(CHARACTERS), rng.choice(BLANKS)])
    return "".join(letters)


def cut_short(text: str, rng: random.Random) -> str:
    """Return a text that ends after one of its tokens, at once or with something that the engine skips or stops at."""
    ends = [token.end for token in lexer.tokens(lexer.cut_at_nul(text)) if token.kind != STOP]
    after = rng.choice(["", "", "", *BLANKS, "\0", "'", "é"])
    return text[: rng.choice(ends)] + after if ends else text


def texts(seed: int, number: int, given: Sequence[str]) -> Iterator[str]:
    """Yield *number* texts: generated ones, and mutations of generated and given ones."""
    import random

    rng: Any = random.Random(seed)  # noqa: S311 - repeatable, not secret
    for _ in range(number):
        base = generated(rng) if rng.random() < 0.6 else rng.choice(given)
        change = rng.choice([str, str, other_tokens, other_characters, cut_short])
        yield base if change is str else change(base, rng)
