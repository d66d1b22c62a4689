"""Round trips of float32 numbers through their text and the engine."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.oracle import Runner
from tests.tql.every_float import is_kept
from tql import select
from tql_grammar.floats import MIDDLE, NEARER, bracketed, few
from tql_grammar.syntax.lexer import LONGEST_SHORT, numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

# The one whose fewest digits are read as its neighbour, and the ends of the range.
ODD = np.array([np.float32(NEARER), -np.float32(NEARER), -0.0, 1e-45, 1.1754944e-38, 3.4028235e38], "f4").view("u4")
finite = st.integers(0, 2**32 - 1).filter(lambda bits: bits & 0x7F800000 != 0x7F800000)
patterns = st.lists(finite | st.sampled_from(ODD.tolist()), min_size=1, max_size=50)


def inside(bits: list[int]) -> str:
    """Return the numbers of a vector literal for float32 numbers with the given bits."""
    text = str(select("id").similarity("emb", np.array(bits, "u4").view("f4")))
    return text.partition("ARRAY[")[2].partition("]")[0]


@given(bits=patterns)
def test_every_bit_is_in_the_text(bits: list[int]) -> None:
    """Denormal numbers, both zeros and the ends of the range keep their bits when the text is parsed as by the engine."""
    numbers = np.array([float(number) for number in inside(bits).split(",")])

    assert numbers.astype("f4").view("u4").tolist() == bits


everyday = st.floats(-1e13, 1e13) | st.floats(-1000, 1000).map(lambda number: round(number, 3))


@given(numbers=st.lists(everyday | st.integers(-(10**6), 10**6), min_size=1, max_size=9))
@example(numbers=[-0.0, 1e-4, 9.999e11, 1e12])
def test_few_numbers_are_written_as_many(numbers: list[float]) -> None:
    """The text of a few numbers, which is written without numpy, is the one of orjson, or there is none."""
    narrow = np.array(numbers, np.float32)
    text = few(narrow.tobytes())

    assert text in {bracketed(narrow), None}
    assert text or len(numbers) > 8 or any(number and not 1e-4 <= abs(number) < 1e12 for number in narrow.tolist())


@given(bits=patterns)
def test_short_lists_are_read_as_long_ones(bits: list[int]) -> None:
    """Numbers are parsed one by one in a short list, and as JSON in a long one."""
    narrow = np.array(bits, "u4").view("f4")
    text = bracketed(narrow)
    blanks = text.replace(",", "," + " " * LONGEST_SHORT)
    expected = [float(number) for number in text[1:-1].split(",")]

    assert numbers(text) == expected
    assert numbers(f"{blanks[:-1]}{' ' * LONGEST_SHORT}]") == expected


@pytest.fixture(scope="module")
def runner() -> Iterator[Runner]:
    """Return the engine."""
    found = Runner()
    yield found
    found.close()


def read_by(runner: Runner, numbers: str) -> list[int]:
    """Return the bits of an array as the engine reads it."""
    answer = runner.ask(f'select ARRAY[{numbers}] as x from "mem://t" limit 1')
    found: list[int] = np.array(ast.literal_eval(answer["rows"]["x"][0]), "f4").view("u4").tolist()
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_engine_reads_every_bit(seed: int, runner: Runner) -> None:
    """Random bits are unchanged by the engine."""
    drawn = np.random.default_rng(seed).integers(0, 2**32, 2000, dtype=np.uint32)
    bits = [*drawn[np.isfinite(drawn.view("f4"))].tolist(), *ODD.tolist()]

    assert read_by(runner, inside(bits)) == bits


def test_one_number_is_read_as_another_by_its_fewest_digits(runner: Runner) -> None:
    """The text has one digit more for these, since the engine rounds twice, as numpy does through float64."""
    assert read_by(runner, MIDDLE) == [np.float64(MIDDLE).astype("f4").view("u4")] != ODD[:1].tolist()
    assert read_by(runner, NEARER) == ODD[:1].tolist()
    assert orjson.dumps(ODD[:1].view("f4"), option=orjson.OPT_SERIALIZE_NUMPY).decode() == f"[{MIDDLE}]"
    assert is_kept(ODD)
