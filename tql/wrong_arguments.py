"""Arguments that users of other libraries pass first, each with the code that does the same here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql.messages import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

# The keyword in Python's message.
_KEYWORD = re.compile(r"unexpected keyword argument '(\w+)'")


def _names(names: str, code: str) -> dict[str, str]:
    """Return the same code for several names, which blanks separate."""
    return dict.fromkeys(names.split(), code)


_THRESHOLDS = "score_threshold threshold min_score similarity_threshold cutoff"
_SEARCH = {
    **_names(
        "k n top_k topk top limit n_results num_results", 'write .order_by("score").limit({value}) after the search'
    ),
    **_names(
        _THRESHOLDS,
        'write .where(col("score") >= {value}) after the search; "l2", "l1", "linf" and "hamming" are closer if lower',
    ),
    **_names("filter where filters expr", "write .where(..): a condition applies before the search"),
    **_names("name alias score score_name", 'write as_="{value}"'),
}


def _send(method: str) -> dict[str, str]:
    """Return the code for the arguments of a method that sends a query."""
    return {
        **_names("timeout", f"write client.with_options(timeout={{value}}).{method}(..)"),
        **_names("attempts retries", f"write client.with_options(attempts={{value}}).{method}(..)"),
        **_names("limit", "write .limit({value}) in the query"),
        "": f'the values of a text go into tql.query: client.{method}(tql.query("select id where tenant = {{tenant}}", tenant="t1"))',
    }


# The code to write by method and keyword; that of "" answers any other keyword, and arguments by position.
CALLS: Mapping[str, Mapping[str, str]] = {
    "similarity": _SEARCH,
    "bm25": {
        **_SEARCH,
        **_names(
            _THRESHOLDS, 'write select().from_(query).where(col("score") >= {value}), after the limit of the search'
        ),
    },
    "hybrid": {
        **_SEARCH,
        "": 'write the arguments by name: hybrid(vector=("embedding", vector), text=("body", "moon"))',
    },
    "between": {"": "write .between(low, high), or compare with >= or <="},
    "query": _send("query"),
    "aquery": {**_send("aquery"), "into": "write (await client.aquery(..)).as_(..)"},
}


def with_hint(method: str, message: str, named: Mapping[str, object]) -> str:
    """Return the message of Python about the arguments of a call, with the code to write instead."""
    # The class of the method is a detail of how `Query` is built.
    message = re.sub(r"^\w+\.(?=\w+\()", "", message)
    answers = CALLS[method]
    found = _KEYWORD.search(message)
    keyword = found[1] if found else ""
    code = answers.get(keyword, answers.get("", ""))
    if not code:
        return message
    value = shown(named.get(keyword)).strip("'")
    return f"{message}: {code.replace('{value}', value)}"
