"""The smallest program that shows a failure: ``python -m tests.tql.world.shrinking SEED/NUMBER [MODE]``."""

from __future__ import annotations

import base64
import itertools
import pickle
import sys
import time
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.tql.world import terms
from tests.tql.world.composing import Composer
from tests.tql.world.queries import drawn_query, drawn_tables
from tests.tql.world.reference import Reference
from tests.tql.world.runner import Child
from tests.tql.world.tables import Made, create, written
from tests.tql.world.terms import Drawn
from tests.tql.world.values import Unanswered, Undecided
from tql import ArgumentError, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = "import math\n\nimport deeplake\nimport numpy as np\n\nfrom tql import *\nfrom tql_client import connect\nfrom tql_grammar.schema import Column\n\nT = deeplake.types"
LONGEST = 40.0
BAD = {"wrong", "error", "crash", "hang"}
Case = tuple[dict[str, Made], Drawn]
serial = itertools.count()


def outcome(child: list[Child], case: Case, mode: str) -> tuple[str, str]:
    """Return the outcome of a case, in a child process that is replaced after a crash."""
    child[0].ask(["case", base64.b64encode(pickle.dumps(case)).decode(), next(serial), mode])
    said = child[0].line()
    if said is None or said[0] == "hang":
        child[0].close()
        child[0] = Child()
        return ("crash" if said is None else "hang"), ""
    return said[0], said[1]


def shrunk(case: Case, mode: str) -> tuple[Case, tuple[str, str]]:
    """Return a smaller case that ends in the same way."""
    child = [Child()]
    found = outcome(child, case, mode)
    smaller, end = True, time.monotonic() + LONGEST
    while smaller and found[0] in BAD:
        smaller = False
        for other in candidates(case):
            if time.monotonic() > end:
                break
            now = outcome(child, other, mode)
            if now[0] == found[0] and (now[0] != "error" or now[1][:40] == found[1][:40]):
                case, found, smaller = other, now, True
                break
    child[0].close()
    return case, found


def candidates(case: Case) -> Iterator[Case]:
    """Yield smaller cases."""
    made, drawn = case
    used = {node.name for node in every(drawn) if isinstance(node, terms.Table)}
    if set(made) - used:
        yield {name: one for name, one in made.items() if name in used}, drawn
    yield from ((made, other) for other in simpler(drawn) if isinstance(other, Drawn))
    for name, one in made.items():
        yield from (({**made, name: smaller}, drawn) for smaller in _fewer(one, drawn))


def _fewer(made: Made, drawn: Drawn) -> Iterator[Made]:
    """Yield tables with fewer steps, rows and columns."""
    if "\n".join(made.steps) != "\n".join(rebuilt(made, made.rows).steps):
        yield rebuilt(made, made.rows)
    for part in (2, 4, 8, 16, 64):
        each = max(1, len(made.rows) // part)
        yield from (
            rebuilt(made, made.rows[:begin] + made.rows[begin + each :]) for begin in range(0, len(made.rows), each)
        )
    for name in set(made.kinds) - {"id", *_read(drawn)}:
        kinds = {label: kind for label, kind in made.kinds.items() if label != name}
        yield rebuilt(replace(made, kinds=kinds), [{label: row[label] for label in kinds} for row in made.rows])


def _read(drawn: Drawn) -> Iterator[str]:
    """Yield the names of the columns that a query reads."""
    for node in every(drawn):
        if isinstance(node, terms.Column):
            yield node.name
        elif isinstance(node, terms.Joined):
            yield from node.keys
        elif isinstance(node, (terms.Search, terms.Words, terms.Fused)):
            yield node.column


def rebuilt(made: Made, rows: list[dict[str, Any]]) -> Made:
    """Return a table with other rows, appended at once."""
    url = made.steps[0].split('"')[1]
    steps = [f'data = deeplake.create("{url}")']
    steps += ["data.indexing_mode = deeplake.IndexingMode.Always"] if made.built else []
    steps += [f"data.add_column({label!r}, {kind.type})" for label, kind in made.kinds.items()]
    steps += [step for step in made.steps if "metadata" in step and "lab" in made.kinds]
    columns = {label: [row[label] for row in rows] for label in made.kinds}
    steps += [f"data.append({written(columns)})"] if rows else []
    return Made(made.name, made.kinds, rows, [*steps, "data.commit()"], made.built)


def every(node: Any) -> Iterator[Any]:
    """Yield all parts of a drawn query."""
    if isinstance(node, tuple):
        for part in node:
            yield from every(part)
    elif is_dataclass(node):
        yield node
        for own in fields(node):
            yield from every(getattr(node, own.name))


def simpler(node: Any) -> Iterator[Any]:
    """Yield simpler forms of a part of a query: without a clause, an operand in its place, or with a simpler part."""
    if isinstance(node, tuple):
        for place, part in enumerate(node):
            yield node[:place] + node[place + 1 :]
            yield from ((*node[:place], other, *node[place + 1 :]) for other in simpler(part))
    elif is_dataclass(node):
        yield from _operands(node)
        for own in fields(node):
            yield from _simpler_part(node, own.name, own.default)


def _simpler_part(node: Any, name: str, default: Any) -> Iterator[Any]:
    """Yield a part of a query without one of its own parts, if it is a clause, or with simpler ones."""
    given = getattr(node, name)
    if isinstance(node, Drawn) and given != default and name not in {"source", "shadow"}:
        yield changed(node, name, default)
    yield from (changed(node, name, other) for other in simpler(given))


def changed(node: Any, name: str, part: Any) -> Any:
    """Return a part of a query with another value of one of its own parts."""
    return replace(node, **{name: part})


def _operands(node: Any) -> Iterator[Any]:
    """Yield the operands of a condition, the source of a query, and the members of a chain."""
    if isinstance(node, (terms.Logic, terms.Arithmetic)):
        yield from (node.left, node.right)
    elif isinstance(node, (terms.Not, terms.Negative)):
        yield node.value
    elif isinstance(node, Drawn) and isinstance(node.source, Drawn):
        yield node.source
    elif isinstance(node, terms.Combined):
        yield from (node.first, *(other for _, other in node.others))
    elif isinstance(node, terms.Joined):
        yield from (node.left, node.right)


def program(case: Case, mode: str) -> str:
    """Return a program that makes the datasets and runs the query, with the rows that are right."""
    made, drawn = case
    urls = {name: one.steps[0].split('"')[1] for name, one in made.items()}
    lines = [HEAD]
    for one in made.values():
        lines += [*one.steps, f"{one.name} = data"]
    others = (
        {name: Schema.from_dataset(create(one)) for name, one in list(made.items())[1:]} if mode == "schema" else {}
    )
    lines.append(f"query = {said(urls, others, drawn)}")
    url = next(iter(urls.values()))
    lines.append(f'client = connect("{url}", allow_sources=True)\nprint(client.compile(query))\nprint(client.query(query).rows)' if mode == "schema" else "print(str(query))\nview = deeplake.query(str(query))\nprint({column.name: list(view[column.name][:]) for column in view.schema.columns})")  # fmt: skip
    try:
        answer = Reference(made).answer(drawn)
        lines.append(f"# rows {answer.start} to {answer.start + answer.count} of")
        lines += [f"# {row}" for row in answer.rows[:30]]
    except (Undecided, Unanswered):
        lines.append("# undecided")
    return "\n".join(lines)


def said(urls: dict[str, str], schemas: dict[str, Schema], drawn: Drawn) -> str:
    """Return a query as Python, or why it cannot be built."""
    try:
        return repr(Composer(urls, schemas).query(drawn))
    except ArgumentError as error:
        return repr(str(error))


def shown(seed: str, mode: str) -> str:
    """Return the smallest program that shows the failure of a seed, and what is wrong."""
    made = drawn_tables(int(seed.split("/", maxsplit=1)[0]), plain=mode == "plain")
    case, found = shrunk((made, drawn_query(seed, made, plain=mode == "plain")), mode)
    return f"# seed {seed}, {mode}\n{program(case, mode)}\n# {found[0]}: {found[1][:600]!r}"


if __name__ == "__main__":
    sys.stdout.write(shown(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "schema") + "\n")
