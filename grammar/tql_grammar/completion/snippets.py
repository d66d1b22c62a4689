"""Forms of searches that the engine takes in one way only, as snippets of the Language Server Protocol."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar.completion.wanted import ARGUMENTS
from tql_grammar.record import Record
from tql_grammar.schema import INTEGERS
from tql_grammar.syntax.keywords import is_bare_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_grammar.schema import Column


class Snippet(Record):
    """
    One form.

    Attributes:
        label: its name.
        meaning: the rows that it returns, and why it has this form.
        text: the query, with ``{name}`` for the columns and the dataset.
        needs: the kind of each column, by its name in the text.
    """

    label: str
    meaning: str
    text: str
    needs: tuple[tuple[str, str], ...]


# One search of a hybrid one, its ranking by words, and the parts of its key.
_RANKED = "(select {{key}}, 1.0 / (61 + row_number()) as rank from (select {{key}} from {{dataset}} order by {} desc limit 100))"
_WORDS = "bm25_similarity({text}, '${{5:words}}')"
_KEY = "{key}, {key} % 17592186044416, {key} % 4194304"
SNIPPETS = (
    Snippet(
        "vector search",
        "The rows with the closest vectors; the score is computed in a subquery, since ORDER BY does not see the aliases of its own SELECT.",
        "select * from (select *, cosine_similarity({vector}, ARRAY[${{3:1.0,2.0}}]) as score from {dataset}) order by score desc limit ${{6:10}}",
        (("vector", "vector"),),
    ),
    Snippet(
        "word search (BM25)",
        "The rows that match words best; the score is the only key of ORDER BY, with DESC and LIMIT: the engine has no other form.",
        "select * from {dataset} order by bm25_similarity({text}, '${{5:words}}') desc limit ${{6:10}}",
        (("text", "bm25"),),
    ),
    Snippet(
        "hybrid search",
        "The rows that a vector and words rank best: the reciprocal ranks of both searches are added up. The key is three parts, since the engine compares keys as float32.",
        f"select * from (select {{key}}[0] as {{key}}, sum(rank) as score from ({_RANKED.format('cosine_similarity({vector}, ARRAY[${{3:1.0,2.0}}])')} union all {_RANKED.format(_WORDS)}) group by {_KEY}) order by score desc limit ${{{{6:10}}}}",  # noqa: S608 - a constant
        (("key", "key"), ("vector", "vector"), ("text", "bm25")),
    ),
)
# The names of the columns where no schema has one, and the numbers of their parts.
DEFAULTS = {"key": "id", "vector": "embedding", "text": "text"}
NUMBERS = {"key": 1, "vector": 2, "text": 4}


def snippets(columns: Mapping[str, Column | None]) -> Iterator[tuple[Snippet, str]]:
    """Yield the snippets for the columns of a dataset, each with its text; without a schema all of them."""
    for snippet in SNIPPETS:
        found = {name: _column(name, kind, columns) for name, kind in snippet.needs}
        if None not in found.values():
            places = {name: f"${{{NUMBERS[name]}:{_escaped(str(column))}}}" for name, column in found.items()}
            yield snippet, snippet.text.format(dataset="${7:dataset}", **places)


def _column(name: str, kind: str, columns: Mapping[str, Column | None]) -> str | None:
    """Return the first column of a kind as a query writes it; the default where no types are known, None where no column is of the kind."""
    fits = ARGUMENTS.get(kind, _is_key)
    known = {key: column for key, column in columns.items() if column is not None}
    found = next((key for key, column in known.items() if fits(column)), None)
    if found is None:
        return None if known else DEFAULTS[name]
    return found if is_bare_name(found) else f'"{found}"'


def _is_key(column: Column) -> bool:
    """Tell whether a column has an integer that is never null in each row."""
    return column.is_single and column.dtype in INTEGERS and not (column.nullable or column.is_label)


def _escaped(text: str) -> str:
    """Return a text as the default of a part to fill in."""
    return re.sub(r"[\\$}]", r"\\\g<0>", text)
