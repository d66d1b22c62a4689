"""The catalogue of functions: an entry is all that the builder, the compiler and the checks know of a function."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tql_grammar.functions import CATALOGUE, OF_NUMBERS, PLACES, REDUCTIONS
from tql_grammar.typing.inference import GIVEN, RESULTS

# A function like the absolute value, in a process that reads a catalogue with it, and what the process finds of it.
ENTRY = (
    """Function("cube", (X,), "same shape", "The cube.", gives="argument", computes="elements", promotes="integers"),"""
)
CHILD = """
import json, sys, types
from importlib.util import find_spec

spec = find_spec("tql_grammar.functions")
begin = "    for function in (\\n"
source = spec.loader.get_source(spec.name)
assert source.count(begin) == 1
module = sys.modules[spec.name] = types.ModuleType(spec.name)
exec(compile(source.replace(begin, begin + ENTRY), spec.origin, "exec"), module.__dict__)

import tql
from tql import Schema, check, col, fn, select

schema = Schema(a="int8", wide="int64", n="nullable int64", t="text", v="int8[?]")
rows = select("a").from_("D", schema=schema)
def report(name):
    call = getattr(fn, name)
    found = {
        "text": str(select(x=call("a"))),
        "sum": str(rows.where(call("a") + col("a") > 1)),
        "element": str(rows.where((call("v") + 1)[0] > 1)),
        "sort": str(rows.order_by(call("wide"))),
        "documentation": f"{name}(x" in call.__doc__,
        "completion": name in dir(fn),
    }
    for title, query in QUERIES.items():
        found[title] = sorted({finding.code for finding in check(query.replace("cube", name), schema)})
    return found

print(json.dumps({name: report(name) for name in ("cube", "abs")}))
"""
QUERIES = {
    "unknown": "select quad(a) as x from D",
    "right": "select cube(a) as x from D",
    "text argument": "select cube(t) as x from D",
    "two arguments": "select cube(a, a) as x from D",
    "nullable output": "select cube(n) as x from D",
    "nullable condition": "select a from D where cube(n) > 1",
    "sort of many digits": "select a from D order by cube(wide)",
}
FOUND = {
    "text": "select cube(a * 1) as x",
    "sum": "select a from D where cube(a * 1) + a > 1",
    "element": "select a from D where cube((- -v)[0] * 1) + 1 > 1",
    "sort": "select a from (select * from (select * from D order by cube(wide) % 4194304) order by (cube(wide) - cube(wide) % 4194304) % 17592186044416) order by cube(wide) - cube(wide) % 17592186044416",
    "documentation": True,
    "completion": True,
    "unknown": ["TQL201"],
    "right": [],
    "text argument": ["TQL234"],
    "two arguments": ["TQL204"],
    "nullable output": ["TQL339"],
    "nullable condition": ["TQL414"],
    "sort of many digits": ["TQL512"],
}


def test_a_function_is_one_entry() -> None:
    """With an entry of the catalogue and nothing else a function is built, promoted, typed and checked, as the absolute value is."""
    code = f"ENTRY, QUERIES = {ENTRY!r}, {QUERIES!r}\n{CHILD}"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=100)

    assert found.stderr == ""
    reports = json.loads(found.stdout)
    assert reports["cube"] == FOUND
    assert json.loads(json.dumps(reports["abs"]).replace("abs", "cube")) == FOUND


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_entry_is_complete(name: str) -> None:
    """What a function gives is a type or a rule; a function of numbers computes something of them, and a reduction is promoted or has a type."""
    function = CATALOGUE[name]

    assert function.gives in GIVEN or name in RESULTS
    assert (name in OF_NUMBERS or name in PLACES) is (function.computes != "")
    assert not (function.promotes and name in REDUCTIONS) or function.gives == "element"
