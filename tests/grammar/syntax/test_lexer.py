"""An array of numbers is one token where its elements, read one by one, are the same; reading them one by one is the judge."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tql_grammar import ast
from tql_grammar.syntax import lexer
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.lalr import Malformed, TooDeep, Unexpected, run
from tql_grammar.walk import walk

BLANKS = st.text(" \t\n", max_size=2)
DIGITS = st.text("0123456789", max_size=21)
WRITTEN = st.builds("".join, st.tuples(st.sampled_from(["", "-", "+", "- ", "--"]), DIGITS, st.sampled_from(["", ".", ".5", "e5", "E-3", ".e1", "e", "e400", "x", "_1"])))  # fmt: skip
LIMITS = ("0", "-0", "0.0", "-0.0", ".5", "5.", "1e17", str(2**63 - 1), str(2**63), str(-(2**63)), str(-(2**63) - 1))
NUMBERS = st.floats().map(repr) | st.integers(-(2**64), 2**64).map(str) | st.sampled_from(LIMITS)
ELEMENTS = st.builds("".join, st.tuples(BLANKS, NUMBERS | WRITTEN, BLANKS))


def outcome(text: str, *, whole_vectors: bool) -> object:
    """Return the tree, with the signs of zeros, or the failure of the parser."""
    try:
        tree, _open_chains = run(*parse_table(), lexer.tokens(text, whole_vectors=whole_vectors))
    except (Malformed, TooDeep, Unexpected) as failure:
        return type(failure), failure.token.start
    return tree


# The first call makes the parser's table, where none is kept.
@settings(deadline=None)
@given(
    word=st.sampled_from(["array", "ARRAY", "Array "]),
    elements=st.lists(ELEMENTS, max_size=6) | st.lists(NUMBERS, min_size=1, max_size=4),
    after=st.text(", 0-]['a", max_size=4),
)
def test_a_whole_vector_is_what_its_elements_are(word: str, elements: list[str], after: str) -> None:
    """With whole vectors a text has the tree, or the error, that it has without."""
    text = f"select {word}[{','.join(elements)}] as v, 010 as o{after} from t"

    assert outcome(text, whole_vectors=True) == outcome(text, whole_vectors=False)


@given(numbers=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_numbers_keep_every_bit(numbers: list[float]) -> None:
    """The elements of a token are the float64 that Python reads, the sign of zero included."""
    token = lexer.tokens(f"ARRAY{numbers}")[0]

    assert isinstance(token.value, lexer.Plain)
    assert [(number, math.copysign(1, number)) for number in token.value.numbers] == [
        (number, math.copysign(1, number)) for number in numbers
    ]


@pytest.mark.parametrize("text", ["ARRAY[1, 2.5, -3e2]", "array[.5, 5.]", "ARRAY [ -0.0 , 0 ]", "array[1e400, 1]"])
def test_plain_numbers_are_one_token(text: str) -> None:
    """An array of numbers as people write them is one token, and one leaf of the tree."""
    assert [token.kind for token in lexer.tokens(text)] == ["VECTOR", "$END"]


@pytest.mark.parametrize(
    "text", ["array[.5, -0]", "array[010]", "array[- 5]", "array[1,]", "array[9223372036854775807]", "array[+1]", "array[a]", "array[1e]"]
)  # fmt: skip
def test_odd_numbers_are_tokens_of_their_own(text: str) -> None:
    """What the engine reads otherwise than JSON is read element by element."""
    assert lexer.tokens(text)[0].kind == "ARRAY"


def test_a_text_of_many_odd_arrays_is_read() -> None:
    """Many arrays that are not plain lists of numbers are tokenized in linear time."""
    many = 2_000
    tree, _open_chains = run(*parse_table(), lexer.tokens(f"select {', '.join(['array[-0, 1] as v'] * many)} from t"))

    assert sum(isinstance(node, ast.Aliased) for node in walk(tree[0])) == many  # type: ignore[index]  # the statements


@pytest.mark.parametrize(
    ("text", "kinds", "comments"),
    [
        ("--character\nvarying zzz\n(9)", ["CHARACTER_VARYING", "LPAR", "INTEGER", "RPAR"], ["--character\nvarying zzz\n"]),
        ("a -- x\n  Character \n varyingcharacter\nvarying\n\n9", ["NAME", "CHARACTER_VARYING", "CHARACTER_VARYING"], ["-- x\n  Character \n varyingcharacter\nvarying\n\n9"]),
        ("--\ncharacter\nvarying zzz", ["CHARACTER_VARYING", "NAME"], ["--\n"]),
        ("-- character\nvarying", ["NAME"], ["-- character\n"]),
        ("--character varying\n9 --x", ["INTEGER"], ["--character varying\n", "--x"]),
        ("9 --x\0--character\nvarying", ["INTEGER"], ["--x"]),
    ],
)  # fmt: skip
def test_a_type_in_two_lines_is_a_token_in_a_comment(text: str, kinds: list[str], comments: list[str]) -> None:
    """The engine reads it where the content of a comment begins with it, and goes on with the comment; the comment is one, with the token inside."""
    found = lexer.tokens(lexer.cut_at_nul(text))

    assert [token.kind for token in found] == [*kinds, "$END"]
    assert [text[start:end] for start, end in lexer.comments(text, found)] == comments
    for token in found:
        if token.kind == "CHARACTER_VARYING":
            assert "".join(str(token.value).split()).lower() == "charactervarying"
            assert token.value == text[token.start : token.end]
