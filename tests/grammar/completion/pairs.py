"""
Random pairs of a prefix of a published query and a word, for the engine's parser.

``python -m tests.grammar.completion.pairs 20000`` compares the grammar with the engine for as many pairs, and prints those that differ.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.oracle import CRASH, HANG, Oracle
from tql_grammar.completion.place import place_at
from tql_grammar.syntax.keywords import RESERVED, SYMBOLS
from tql_grammar.syntax.lexer import cut_at_nul, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

CORPUS = Path(__file__).parents[2] / "corpus"
# One word of each kind that is no keyword.
OTHERS = ("zz", '"my col"', "'x'", "7", "1.5", "ARRAY[1.0, 2.0]", "character varying")
WORDS = (*sorted(word.lower() for word in RESERVED), *sorted(SYMBOLS), *OTHERS)
REFUSED, LATER = "syntax error, unexpected ", "unexpected end of file"
# Half of the words are some that the grammar allows: of all words the parser refuses most.
HALF = 0.5


def published() -> list[str]:
    """Return the published queries that the engine's parser accepts."""
    found = map(json.loads, (CORPUS / "real_world.jsonl").read_text("utf-8").splitlines())
    return list(dict.fromkeys(query["query"] for query in found if query["parses"]))


def measured() -> list[str]:
    """Return the measured queries."""
    found = map(json.loads, (CORPUS / "engine_verdicts.jsonl").read_text("utf-8").splitlines())
    return list(dict.fromkeys(query["query"] for query in found))


def pairs(count: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield random pairs of a prefix, which does not end in a comment, and a word."""
    drawn = random.Random(seed)  # noqa: S311 - a test
    texts = [*published(), *measured()]
    kinds = {word: tokens(word)[0].kind for word in WORDS}
    while count:
        text = drawn.choice(texts)
        token = drawn.choice(tokens(cut_at_nul(text)))
        prefix = _spaced(text[: token.start])
        place = place_at(prefix, len(prefix))
        if not place.readable:  # the engine does not read the words of a comment
            continue
        count -= 1
        offered = [word for word in WORDS if kinds[word] in place.kinds]
        words = offered if offered and drawn.random() < HALF else WORDS
        yield prefix, drawn.choice(words)


def _spaced(prefix: str) -> str:
    """Return a prefix after which a word is one of its own."""
    return prefix if prefix.endswith((" ", "\n", "(", "[", ",")) else f"{prefix} "


def engine_takes(oracle: Oracle, prefix: str, word: str) -> bool | None:
    """Tell whether the engine's parser does not refuse a word at its place, nor what is before it; None where it crashes."""
    said = oracle.ask(f"{prefix}{word} ")
    if said in {CRASH, HANG}:
        return None
    if said == "ok" or LATER in said:
        return True
    # What is left is the text of a date, of an interval or the like, which the engine reports by its place: that of the word, or one before it.
    return REFUSED not in said and not _is_malformed(str(oracle.ask(prefix)))


def _is_malformed(said: str) -> bool:
    """Tell whether the engine rejects the text of a token, not the token."""
    return said.startswith("RuntimeError: Pos ") and REFUSED not in said


def disagreements(count: int, seed: int) -> tuple[int, list[tuple[str, str, bool]]]:
    """Return the number of pairs that the engine takes, and the pairs about which the grammar says something else."""
    oracle = Oracle()
    taken, found = 0, []
    try:
        for prefix, word in pairs(count, seed):
            takes = engine_takes(oracle, prefix, word)
            if takes is None:
                continue
            taken += takes
            if takes != (tokens(word)[0].kind in place_at(prefix, len(prefix)).kinds):
                found.append((prefix, word, takes))
    finally:
        oracle.close()
    return taken, found


def main(arguments: list[str]) -> int:
    """Compare some pairs; return 1 if there is a difference."""
    count = int(arguments[0]) if arguments else 20_000
    taken, found = disagreements(count, random.SystemRandom().randrange(2**32))
    for prefix, word, takes in found:
        sys.stdout.write(f"{prefix!r} {word!r}: the engine {'takes' if takes else 'refuses'} it\n")
    sys.stdout.write(f"{count} pairs, of which the engine takes {taken}: {len(found)} differ\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
