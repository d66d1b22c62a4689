"""Comparison of rows with an answer of the reference: ties, and rows without an order, may come in any order."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.tql.world.clauses import RowsInAnyOrder
from tests.tql.world.reference import tied
from tests.tql.world.values import Relevance, Rounded, near

if TYPE_CHECKING:
    from tests.tql.world.reference import Answer

Row = dict[str, Any]


def difference(answer: Answer, rows: list[Row]) -> str:
    """Return a difference of the rows from those of the reference, or ""."""
    if answer.sampled is not None:
        return _sample_difference(answer, rows)
    if len(rows) != answer.count:
        return f"{len(rows)} rows, expected {answer.count}"
    if rows and list(rows[0]) != answer.names:
        return f"columns {list(rows[0])}, expected {answer.names}"
    disorder = _disorder(answer, rows)
    if disorder:
        return disorder
    begin = 0
    for first, last in _blocks(answer):
        stop = min(last, answer.start + answer.count) - answer.start
        here = rows[begin:stop]
        wrong = _unexpected(here, answer.rows[first:last])
        if wrong is not None:
            return f"row {wrong} is not among rows {begin} to {stop} of the reference: {answer.rows[first:last][:6]}"
        begin = stop
    return ""


def _disorder(answer: Answer, rows: list[Row]) -> str:
    """Return the place where the scores of words, which are the sort key, increase; "" if they do not."""
    if not answer.keys or not isinstance(answer.keys[0][0], Relevance):
        return ""
    names = [name for name, cell in answer.rows[0].items() if isinstance(cell, Relevance)]
    scores = [row[name] for name in names[:1] for row in rows]
    rising = [pair for pair in itertools.pairwise(scores) if pair[0] < pair[1]]
    return f"scores rise: {rising}" if rising else ""


def _sample_difference(answer: Answer, rows: list[Row]) -> str:
    """Return a difference of drawn rows from those that may be drawn."""
    assert answer.sampled is not None
    if not answer.sampled(len(rows)):
        return f"{len(rows)} rows are drawn from {len(answer.rows)}"
    found = next((row for row in rows if not any(_equal(row, other) for other in answer.rows)), None)
    return "" if found is None else f"row {found} may not be drawn"


def _blocks(answer: Answer) -> list[tuple[int, int]]:
    """Return the ranges of rows that tie, of those that limit and offset keep."""
    stop = answer.start + answer.count
    if answer.keys is None:
        return [(0, len(answer.rows))] if answer.count else []
    found, begin = [], 0
    for place in range(1, len(answer.rows) + 1):
        if place == len(answer.rows) or not tied(answer.keys[place - 1], answer.keys[place]):
            if begin < stop and place > answer.start:
                found.append((begin, place))
            begin = place
    return found


def _unexpected(rows: list[Row], allowed: list[Row]) -> Row | None:
    """Return the first row that is not among the allowed ones, each of which may be used once."""
    names = [name for name in (allowed[0] if allowed else {}) if all(is_exact(row[name]) for row in allowed)]
    exact: dict[Any, list[Row]] = {}
    for row in allowed:
        exact.setdefault(_key(row, names), []).append(row)
    return next((row for row in rows if not _taken(row, exact.get(_key(row, names), []))), None)


def _key(row: Row, names: list[str]) -> tuple[Any, ...]:
    """Return the cells of some columns."""
    return tuple(hashable(plain(row.get(name))) for name in names)


def _taken(row: Row, others: list[Row]) -> bool:
    """Remove the first of the rows that is equal, and return whether there is one."""
    place = next((place for place, other in enumerate(others) if _equal(row, other)), None)
    if place is not None:
        del others[place]
    return place is not None


def is_exact(cell: Any) -> bool:
    """Return whether a cell is no float and no list."""
    return cell is None or isinstance(cell, (str, int))


def hashable(cell: Any) -> Any:
    """Return a cell as part of a key."""
    return repr(cell) if isinstance(cell, (list, dict)) else cell


def _equal(row: Row, other: Row) -> bool:
    """Return whether two rows are equal, floats within the rounding of what was computed."""
    return len(row) == len(other) and all(equal(cell, other[name]) for name, cell in row.items() if name in other)


def equal(found: Any, expected: Any) -> bool:
    """Return whether a cell is equal to that of the reference; a float32 is shown with the fewest digits."""
    one, two = plain(found), plain(expected)
    if isinstance(expected, RowsInAnyOrder):
        return sorted(map(repr, one)) == sorted(map(repr, two))
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(equal, one, two))
    if isinstance(one, float) and isinstance(two, (int, float)):
        return _agree(one, expected, two)
    return one == two and isinstance(one, bool) == isinstance(two, bool)


def _agree(found: float, expected: Any, number: float) -> bool:
    """Return whether a float is equal to a number of the reference, within its rounding."""
    if math.isnan(found) or math.isnan(number):
        return math.isnan(found) and math.isnan(number)
    if isinstance(expected, Rounded) and near(found, expected):
        return True
    return found == number or bool(np.float32(found) == number)


def plain(cell: Any) -> Any:
    """Return a cell as the engine returns it: the empty text is None, and null in JSON is an empty object."""
    if isinstance(cell, (np.ndarray, np.generic)):
        return cell.tolist()
    if isinstance(cell, dict):
        return {
            key: {} if part is None else plain(part) if isinstance(part, dict) else part for key, part in cell.items()
        }
    if isinstance(cell, list):
        return [plain(part) for part in cell]
    return cell or None if isinstance(cell, str) else cell
