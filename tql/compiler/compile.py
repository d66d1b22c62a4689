"""
The compiler: the text in which the engine gives a query its meaning, in five passes.

``bind`` puts values and datasets into the statement, and ``lower`` makes a plan of it. ``resolve`` turns names into columns,
``legalize`` exchanges what the engine does wrong, and ``pack`` writes the plan as SELECTs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tql.compiler import cache
from tql.compiler.bind import bind
from tql.compiler.context import NOWHERE, Context
from tql.compiler.legalize import legalize
from tql.compiler.lower import lower, source
from tql.compiler.pack import pack
from tql.compiler.resolve import resolve
from tql.parameters import require_bound, require_fitting
from tql.plan.helpers import names_apart_from, names_in
from tql.plan.schema import schema
from tql_grammar.engines import NEWEST, compiling_for
from tql_grammar.errors import ArgumentError
from tql_grammar.printing.parts import Slot
from tql_grammar.printing.printer import chunks, to_tql
from tql_grammar.rewrite.source import depth, fill_source, lacks_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.compiler.pack import Packed
    from tql.statement import Statement
    from tql_grammar import ast
    from tql_grammar.engines import Engine
    from tql_grammar.rewrite.scope import Scope
    from tql_grammar.schema import Schema

PASSES: tuple[Callable[[Any, Context], Any], ...] = (bind, lower, resolve, legalize, pack)
# So many SELECTs in one another the engine's parser always holds.
SHALLOW = 60


class Wanted(NamedTuple):
    """
    What a text depends on besides the query.

    Attributes:
        dataset: the source of a query that has none.
        needs_source: whether a query that has none, and gets none, is refused.
        schemas: the columns of datasets by their names.
        engine: the engine that runs the text.
    """

    dataset: str | None = None
    needs_source: bool = False
    schemas: tuple[tuple[str | None, Schema], ...] = ()
    engine: Engine = NEWEST


NOTHING = Wanted()


def compiled(query: Statement, context: Context = NOWHERE) -> Packed:
    """
    Return the tree of the text of a query, with the reason of each level.

    Raises:
        ArgumentError: no text has the query's meaning.
    """
    found: Any = query
    with names_apart_from(names_in(query, context.schemas.values())), compiling_for(context.engine):
        for step in PASSES:
            found = step(found, context)
    packed: Packed = found
    return packed


def tree(query: Statement) -> ast.Query:
    """Return the tree of the text of a query; see `compiled`."""
    return compiled(query).tree


def seen(query: Statement) -> Scope:
    """Return the columns of the source of a query."""
    with names_apart_from(names_in(query, ())):
        return schema(resolve(source(bind(query, NOWHERE).source), NOWHERE))


def compile_query(
    query: Statement,
    dataset: str | None = None,
    schemas: Mapping[str | None, Schema] | None = None,
    *,
    needs_source: bool = False,
    engine: Engine = NEWEST,
) -> str:
    """
    Return the text to send.

    Args:
        query: what to say.
        dataset: the source of a query that has none; None leaves it without FROM.
        schemas: the columns of datasets by their names, and under None those of the source of a query that has none.
        needs_source: whether a query that has none, and gets none, is refused.
        engine: the engine that runs the text.

    Raises:
        ArgumentError: no text has the query's meaning.
    """
    plain = dataset is None and not needs_source and engine is NEWEST
    wanted = NOTHING if plain else Wanted(dataset, needs_source, engine=engine)
    if schemas:
        wanted = wanted._replace(schemas=tuple(schemas.items()))
    if query.bindings:
        require_fitting(query)
    # A query is frozen: it has one text for each dataset.
    kept = query.__dict__
    known: tuple[Wanted, str] | None = kept.get("_sent")
    if known is not None and known[0] == wanted:
        return known[1]
    text = cache.text(query, compiled_chunks, wanted) or "".join(compiled_chunks(query, wanted))
    kept["_sent"] = wanted, text
    return text


def compiled_chunks(query: Statement, wanted: Wanted) -> list[str]:
    """Return the text to send in chunks, with slots for the literals that are traced."""
    dataset = wanted.dataset
    try:
        found = compiled(query, Context(dataset, dict(wanted.schemas), wanted.engine)).tree
        if dataset is not None:
            found = fill_source(found, dataset)
        elif wanted.needs_source and lacks_source(found):
            raise without_source(compile_query(query))
        written = chunks(found)
    except RecursionError:
        raise too_deep("more than Python can walk down") from None
    require_bound("query", written)
    levels = depth(found)
    if levels > SHALLOW and not _fits(written):
        raise too_deep(str(levels))
    return written


def _fits(written: Iterable[str]) -> bool:
    """Tell whether the engine's parser holds all that is open at once in a text."""
    from tql_grammar.syntax.parser import read

    return read("".join("0" if isinstance(chunk, Slot) else chunk for chunk in written)).parses


def too_deep(found: str) -> ArgumentError:
    """Return the error about more SELECTs than the engine can hold."""
    rule = "takes at most about 140 SELECTs in one another"
    why = "each key of order_by is one, and an exact number two to four"
    hint = "sort by fewer keys, take fewer steps with from_, or nest fewer operators in one expression"
    return ArgumentError("query", rule, found, hint, why=why)


def without_source(text: str) -> ArgumentError:
    """Return the error about a query that names no dataset where it has to."""
    return ArgumentError(
        "query",
        "takes a query that names its dataset",
        repr(text[:60]),
        'pass connect(.., dataset="hub://org/dataset"), or name it in the query with from_',
        why="the client has no default dataset",
    )


def with_source(text: str, dataset: str) -> str:
    """Return a text in which every SELECT without FROM takes its rows from *dataset*; any other text stays as it is."""
    from tql_grammar.syntax.parser import read

    found = read(text).tree
    return text if found is None or not lacks_source(found) else to_tql(fill_source(found, dataset))
