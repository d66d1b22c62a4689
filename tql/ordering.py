"""Order and limit of rows: the direction that puts the best first, and LIMIT where no index of the engine changes its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql.naming import made_names
from tql.placed import Placed
from tql.search import Search, ranked_by_index
from tql.statement import Dataset, DerivedQuery, Statement
from tql_grammar import ast
from tql_grammar.functions import CLOSENESS, FLAT
from tql_grammar.walk import walk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql.expr import Key
    from tql.metrics import Direction
    from tql.search import Fusion, TextSearch


def direct(query: Statement, key: Key) -> ast.Order:
    """Return a key with the direction that it has where none was given."""
    if key.direction is not None or not isinstance(key.expression, (ast.Column, Placed)):
        return ast.Order(key.expression, key.direction)
    best = best_direction(query, key.expression)
    return ast.Order(key.expression, best if best == "desc" else None)


def may_lose_rows(query: Statement) -> bool:
    """Tell whether an OFFSET could take away more rows than it says: a search over columns that may have an index."""
    if query.row_offset is None or not any(_is_search(query, key) for key in query.keys):
        return False
    return any(isinstance(part, (Dataset, Statement)) and _is_unknown(part) for part in walk(query))


def _is_unknown(part: Dataset | Statement) -> bool:
    """Tell whether rows are from a dataset whose indexes are not known."""
    return part.schema is None if isinstance(part, Dataset) else part.source is None


def _is_search(query: Statement, key: Key) -> bool:
    """Tell whether a key is a score, or computes one."""
    node = key.expression
    if isinstance(node, (ast.Column, Placed)):
        return best_direction(query, node) is not None
    return any(
        isinstance(part, ast.Function) and part.name in CLOSENESS and part.name not in FLAT for part in walk(node)
    )


def best_direction(query: Statement, label: ast.Column | Placed) -> Direction | None:
    """Return the direction that puts the best first, if a name is the score of a search, here or in the query that is the source."""
    found = _search_of(query, label)
    return None if found is None else found.best


def _search_of(query: Statement, label: ast.Column | Placed) -> Search | TextSearch | Fusion | None:
    """Return the search whose score a name is, here or in the query that is the source."""
    here = isinstance(label, ast.Column) or label.place == "output"
    for search in query.searches:
        if here and search.alias == label.name:
            return search
    below = made_names(query).get(label.name, label) if here else label
    if isinstance(query.source, DerivedQuery) and isinstance(below, (ast.Column, Placed)):
        return _search_of(query.source.query, ast.Column(below.name))
    return None


def is_exact(query: Statement) -> bool:
    """Tell whether a key is the score of a search that no index may answer."""
    found = (
        _search_of(query, key.expression) for key in query.keys if isinstance(key.expression, (ast.Column, Placed))
    )
    return any(isinstance(search, Search) and search.exact for search in found)


def is_found_by_index(query: Statement, keys: Sequence[ast.Order]) -> bool:
    """
    Tell whether an index of the embeddings may answer: the one key is a similarity, the closest first, with LIMIT, over a dataset.

    A second key would order the rows that the index found, and a query over another one may have lost or moved rows: those are exact.
    Of a dataset whose columns are not known LIMIT is in the same SELECT in any case.
    """
    if (
        query.row_limit is None
        or len(keys) != 1
        or not isinstance(query.source, Dataset)
        or query.source.schema is None
    ):
        return False
    (key,) = keys
    best = ranked_by_index(key.expression)
    if isinstance(key.expression, (ast.Column, Placed)):
        search = _search_of(query, key.expression)
        best = search.best if isinstance(search, Search) and search.by_index else None
    return best == (key.direction or "asc")


def is_cut(query: Statement) -> bool:
    """Tell whether a query has LIMIT or OFFSET."""
    return query.row_limit is not None or query.row_offset is not None


def cut_rows(select: ast.Select, query: Statement, *, indexed: bool = False, found: bool = False) -> ast.Select:
    """
    Return *select* with LIMIT and OFFSET.

    Args:
        select: the rows in their order.
        query: says how many.
        indexed: whether the order could come from an index that ranks by guess, or fails: then it is made first, one level below.
        found: whether an index may find the rows: LIMIT is in the SELECT of the order, as for a search that has to be flat,
            and the rows are cut once more outside, since OFFSET would take them from those that were found.
    """
    if not is_cut(query):
        return select
    count, skip = query.row_limit, query.row_offset
    if count is not None and (found or any(_is_flat(key) for key in select.order_by)):
        rows = select.replace(limit=_limit(count + (skip or 0), None))
        return _all_of(rows).replace(limit=_limit(count, skip)) if skip else rows
    return (_all_of(select) if indexed else select).replace(limit=_limit(count, skip))


def _is_flat(key: ast.Order) -> bool:
    """Tell whether a key has to stand beside its LIMIT."""
    return isinstance(key.expression, ast.Function) and key.expression.name in FLAT


def _all_of(select: ast.Select) -> ast.Select:
    """Return a select of all that another one selects."""
    return ast.Select((ast.Star(),), ast.Derived(select))


def _limit(count: int | None, skip: int | None) -> ast.Limit:
    """Return LIMIT and OFFSET."""
    return ast.Limit(*(None if rows is None else ast.Number(rows) for rows in (count, skip)))
