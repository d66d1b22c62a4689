"""
Texts of many shapes and any length, and the work that checking, fixing, formatting and parsing them takes.

``python -m tests.grammar.growth`` prints for each shape and operation the seconds for 1 MB, and how they grow with the length; it exits with 1 where they grow faster than the text.
"""

from __future__ import annotations

import inspect
import sys
import time
from typing import TYPE_CHECKING, Any, TypeAlias

import tql
from tql import Schema
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

Operation: TypeAlias = "Callable[[str], object]"
SCHEMA = Schema(id="int64", a="nullable int64", f="float32", text="nullable text bm25", e="embedding[3]", m="json")
MEGABYTE = 1_000_000


def _repeated(before: str, piece: str, after: str = "") -> Callable[[int], str]:
    """Return the function that repeats *piece* up to a length."""
    return lambda length: before + piece * max(1, (length - len(before) - len(after)) // len(piece)) + after


def _chained(before: str, joint: str, piece: str) -> Callable[[int], str]:
    """Return the function that joins numbered pieces up to a length."""
    return lambda length: before + joint.join(f"{piece}{n}" for n in range(max(1, length // (len(joint + piece) + 5))))


HEAD = 'select id from "mem://t" where '
SHAPES: dict[str, Callable[[int], str]] = {
    # Comments and blanks.
    "comments": _repeated("select id ", "-- x\n", "from t"),
    "comments that go on": _repeated("select id ", "-- x\n y\n"),
    "one comment": _repeated("select id -- ", "x"),
    "ignore comments": _repeated("select id -- ", "tql: ignore["),
    "ignore comments with codes": _repeated("select id -- ", "tql: ignore[TQL301] "),
    "dashes": _repeated("select id ", "-"),
    "blanks": _repeated("select id", " ", "from t"),
    "newlines": _repeated("select id", "\n", "from t"),
    "carriage returns": _repeated("select id\r\n", "\r\n", "from t"),
    "carriage returns in a list": _repeated("select id", ",\r\nid", " from t"),
    "unknown characters": _repeated("select id ", "é"),
    "NUL": _repeated("select id ", "\0"),
    # Literals and names.
    "string": _repeated(f"{HEAD}text = '", "x", "'"),
    "string of quotes": _repeated(f"{HEAD}text = '", "''", "'"),
    "open string": _repeated(f"{HEAD}text = '", "x"),
    "open string of quotes": _repeated(f"{HEAD}text = '", "''"),
    "string of newlines": _repeated(f"{HEAD}text = '", "\n", "'"),
    "pattern of stars": _repeated(f"{HEAD}text like '", "*a", "'"),
    "pattern of brackets": _repeated(f"{HEAD}text like '", "[a", "'"),
    "pattern of parentheses": _repeated(f"{HEAD}text like '", "(a|b", "'"),
    "name": _repeated("select ", "x"),
    "quoted name": _repeated('select "', "x", '"'),
    "open quoted names": _repeated("select ", '"\n'),
    "digits": _repeated(f"{HEAD}id = ", "1"),
    "zeros": _repeated(f"{HEAD}id = ", "0"),
    "exponents": _repeated(f"{HEAD}id = ", "1e"),
    "vector": _repeated("select id order by l2_norm(e - ARRAY[1", ",0.5", "]) limit 3"),
    "open vector": _repeated("select id order by l2_norm(e - ARRAY[1", ",0.5"),
    "vectors": _repeated("select ARRAY[1] as a", ", ARRAY[1,2] as b"),
    "array of names": _repeated("select ARRAY[id", ",id", "]"),
    # Lists and chains.
    "columns": _chained("select ", ", ", "id + 1 as c"),
    "the same column": _repeated("select id", ", id"),
    "keys": _chained("select id order by ", ", ", "c"),
    "members": _chained(f"{HEAD}id in (", ", ", "1"),
    "arguments": _repeated("select sum(id", ", id", ") as s"),
    "weights": _repeated(f"{HEAD}max_weight(id > 1: 2", ", id > 1: 2", ") > 1"),
    "conditions": _chained(HEAD, " and ", "id = 1"),
    "alternatives": _chained(HEAD, " or ", "a < "),
    "terms": _chained(HEAD, " + ", "a * "),
    "subscripts": _repeated("select e", "[0]", " as x"),
    "tests": _repeated(f"{HEAD}id", " is null"),
    "parentheses": _repeated(HEAD, "("),
    "minus signs": _repeated(HEAD, "- "),
    "sources": _chained("select id from ", ", ", "t"),
    "joins": _chained("select id from a", " join ", "b on a.x = b.x"),
    "unions": _repeated("(select id from t)", " union (select id from t)"),
    "subqueries": _repeated("", "select id from (", "select id from t"),
    "tables of WITH": _repeated("with a as (select id)", ", a as (select id)", " select id"),
    "statements": _repeated("select id", "; select id"),
    "nothing of TQL": _repeated("", "x "),
    "signs": _repeated("", "<>=!"),
}
OPERATIONS: dict[str, Operation] = {
    "check": tql.check,
    "check with a schema": lambda text: tql.check(text, SCHEMA, info=True),
    "fix": lambda text: tql.fix(text, SCHEMA),
    "format": tql.format,
    "parse": tql.parse,
    "compile": lambda text: str(tql.parse(text)),
}


def tried(operation: Operation, text: str) -> None:
    """Run an operation, which may reject the text."""
    try:
        operation(text)
    except TqlError:
        return


def calls(operation: Operation, text: str) -> int:
    """Return the number of calls of functions that an operation makes."""
    made = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in {"call", "c_call"}

    sys.setprofile(counted)
    try:
        tried(operation, text)
    finally:
        sys.setprofile(None)
    return made


def steps(operation: Operation, text: str) -> int:
    """Return the number of bytecodes that an operation executes: it has the rounds of loops that call nothing, too."""
    made = 0

    def traced(frame: FrameType, event: str, _argument: object) -> Callable[..., Any]:
        nonlocal made
        frame.f_trace_opcodes = True
        made += event == "opcode"
        return traced

    before = sys.gettrace()
    # Python 3.12 has events for bytecodes only if a frame asked for them before the trace began.
    own = inspect.currentframe()
    assert own is not None
    own.f_trace_opcodes = True
    sys.settrace(traced)
    try:
        tried(operation, text)
    finally:
        sys.settrace(before)
    return made


def seconds(operation: Operation, text: str) -> float:
    """Return the processor time of an operation."""
    begun = time.process_time()
    tried(operation, text)
    return time.process_time() - begun


def main(longest: int) -> int:
    """Print the seconds of each shape and operation for a text of *longest* characters and their growth from a quarter of it; return the number of those that grow faster than the text."""
    late = 0
    for shape, text in SHAPES.items():
        for name, operation in OPERATIONS.items():
            tried(operation, text(100))
            short, whole = seconds(operation, text(longest // 4)), seconds(operation, text(longest))
            # A quadratic operation takes 16 times as long.
            growth = whole / short if short > 0.05 else 1.0  # below this the clock is too coarse
            slow = growth > 9  # between 4, which is linear, and 16
            late += slow
            sys.stdout.write(f"{shape:30} {name:20} {whole:8.2f} s {growth:6.1f}{' SLOW' if slow else ''}\n")
            sys.stdout.flush()
    return late


if __name__ == "__main__":
    sys.exit(1 if main(int(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTE) else 0)
