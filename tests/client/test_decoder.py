"""
Mutations of valid responses: the decoder returns the correct result or raises a `TqlError`.

The correct result is computed with Python's json module from the same bytes. `make fuzz` runs ten times as many.
"""

from __future__ import annotations

import json
import os
import random
import re
from typing import Any

import pytest

from tql_client.protocol import streaming, wire
from tql_client.protocol.wire import Decoding, decode_answer
from tql_client.results.result import Meta, Result
from tql_grammar.errors import TqlError

MUTATIONS = int(os.environ.get("TQL_MUTATIONS", "100000"))
PARTS = 4
ANSWERS: list[Any] = [
    {
        "message": "Query successful.",
        "tensors": ["id", "text"],
        "data": [{"id": 1, "text": "a"}, {"id": 2, "text": "é"}],
    },
    {"message": "Query successful.", "tensors": ["id", "e"], "data": {"id": [1, 2], "e": [[0.5, 1e-9], [3, -0.0]]}},
    {"tensors": ["js"], "data": [{"js": {"a": [1, None, True], "b": {"c": '\\"\n'}}}]},
    {"data": {"f": [0.1, 1e308, -5], "t": [None, "", "😀"]}, "extra": {"took": 3}},
    {"data": []},
    {"tensors": [], "data": {}},
]
BYTES = [json.dumps(answer, ensure_ascii=ascii_).encode() for answer in ANSWERS for ascii_ in (True, False)]
SPLICES = [
    b"NaN",
    b"Infinity",
    b"null",
    b"1e999",
    b"9" * 30,
    b"\\ud800",
    b"\xff",
    b"\x00",
    b"{}",
    b"[]",
    b'"data"',
    b",",
    b":",
]


def mutated(rng: random.Random, body: bytes) -> bytes:
    """Return a body with one to three mutations: a flipped bit, a cut, a part of another body, a repeated part, a token of JSON."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(body) + 1)
        other = rng.choice(BYTES)
        begin = rng.randrange(len(other))
        piece = other[begin : begin + rng.randint(1, 12)]
        match rng.randrange(6):
            case 0 if body:
                at = min(at, len(body) - 1)
                body = body[:at] + bytes([body[at] ^ 1 << rng.randrange(8)]) + body[at + 1 :]
            case 1:
                body = body[:at]
            case 2:
                body = body[:at] + piece + body[at:]
            case 3:
                body = body[:at] + body[at + rng.randint(1, 6) :]
            case 4:
                body = body[:at] + rng.choice(SPLICES) + body[at:]
            case _:
                body = body[:at] + body[max(0, at - 8) : at] + body[at:]
    return body


def reference(body: bytes) -> Any:
    """Return the names and columns of a response, decoded by Python's json module, or None if it is invalid."""
    try:
        found = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    data = found.get("data") if isinstance(found, dict) else None
    if not isinstance(data, (list, dict)):
        return None
    names = named(found.get("tensors"), data)
    columns = None if names is None else of_rows(names, data) if isinstance(data, list) else of_columns(names, data)
    return None if columns is None else (names, columns)


def named(names: Any, data: list[Any] | dict[str, Any]) -> list[str] | None:
    """Return the names of the columns, from the data if `tensors` is missing, or None if they are not unique strings."""
    if names is None:
        rows = data if isinstance(data, list) else [data]
        return list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    good = isinstance(names, list) and all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return names if good else None


def of_rows(names: list[str], rows: list[Any]) -> dict[str, list[Any]] | None:
    """Return the columns of rows, or None if a row is not an object."""
    good = all(isinstance(row, dict) for row in rows)
    return {name: [row.get(name) for row in rows] for name in names} if good else None


def of_columns(names: list[str], data: dict[str, Any]) -> dict[str, list[Any]] | None:
    """Return the columns, or None if one is not a list, or their lengths differ."""
    good = all(isinstance(data.get(name), list) for name in names) and len({len(data[name]) for name in names}) <= 1
    return {name: data[name] for name in names} if good else None


LARGE = re.compile(rb"[0-9]{19}")


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_answers(part: int) -> None:
    """A mutated response has the result of Python's json module, or raises a `TqlError`; each part has a fixed seed."""
    rng = random.Random(part)  # noqa: S311 - not a secret
    right = 0
    for _ in range(MUTATIONS // PARTS):
        body = mutated(rng, rng.choice(BYTES))
        wanted = reference(body)
        for decoding in (Decoding(), Decoding(strict=True)):
            try:
                result = Result(decode_answer(body, decoding), Meta("select"))
                found = (list(result.names), result.columns)
                assert len(result) == len(result.rows)
            except TqlError:
                assert wanted is None or decoding.strict, body
                continue
            if not decoding.strict and LARGE.search(body):
                continue  # integers beyond 64 bits are decoded as the nearest float
            assert repr(found) == repr(wanted), body
            right += 1

    assert right > MUTATIONS // PARTS // 100


@pytest.mark.parametrize("part", range(PARTS))
def test_mutated_answers_piece_by_piece(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The incremental decoder, with chunks of a few bytes, returns the same result or raises a `TqlError`."""
    rng = random.Random(part)  # noqa: S311 - not a secret
    monkeypatch.setattr(wire, "LARGE", 0)
    monkeypatch.setattr(streaming, "SHORT", 1)
    right = 0
    for _ in range(MUTATIONS // PARTS // 2):
        monkeypatch.setattr(streaming, "CHUNK", rng.choice([1, 5, 30, 10_000]))
        body = mutated(rng, rng.choice(BYTES))
        wanted = reference(body)
        try:
            result = Result(decode_answer(bytearray(body)), Meta("select"))
            found = (list(result.names), result.columns)
        except TqlError:
            assert wanted is None or body.count(b"data") != 1 or body.startswith(b"\xef\xbb\xbf"), body
            continue
        if LARGE.search(body) or wanted is None or not same_rows(body):
            # Without `tensors`, the names of rows can have another order.
            assert wanted is not None or LARGE.search(body), body
            continue
        assert repr(found) == repr(wanted), body
        right += 1

    assert right > MUTATIONS // PARTS // 200


def same_rows(body: bytes) -> bool:
    """Return whether the order of the names is defined: by `tensors`, or by an object of columns."""
    found = json.loads(body.decode("utf-8-sig"))
    return found.get("tensors") is not None or isinstance(found["data"], dict) or len(found["data"]) < 2
