"""Replies to what the page asks about a query text: findings, proposals, descriptions, the formatted, the fixed and the sent text."""

from __future__ import annotations

import ast as python_ast
from typing import TYPE_CHECKING, Any, NamedTuple

from tql import check, complete, describe, fix, parse, select, signature
from tql import format as format_text
from tql_client.checking import Place, compiled
from tql_client.engine.versions import present_engine
from tql_client.errors import APIError
from tql_grammar import ast
from tql_grammar.errors import QueryError
from tql_grammar.explain.levels import explained
from tql_grammar.syntax.parser import read
from tql_grammar.typing.scopes import scopes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql import Schema
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.explain.levels import QueryLevel
    from tql_grammar.schema import Column

Json = dict[str, Any]
# The names that the code of a query may use.
NAMES = ("asc", "col", "desc", "fn", "not_", "parse", "raw", "select")
LIKE_ROWS = 10


class Asked(NamedTuple):
    """
    What the page asks.

    Attributes:
        text: the query text.
        dataset: the dataset of a query without FROM; None for none.
        schemas: the columns of the datasets, by name; those of the dataset of a query without FROM under None.
        request: the whole request.
    """

    text: str
    dataset: str | None
    schemas: Mapping[str | None, Schema]
    request: Mapping[str, Any]

    @property
    def offset(self) -> int:
        """The place in the text, in characters."""
        offset = self.request.get("offset")
        if not isinstance(offset, int) or not 0 <= offset <= len(self.text):
            raise APIError(400, f"`offset` must be a number from 0 to {len(self.text)}, the length of the text")
        return offset


def asked(request: Mapping[str, Any], schemas: Mapping[str, Schema]) -> Asked:
    """
    Return the question of a request.

    Raises:
        APIError: a key of the request has another type.
    """
    text, dataset = request.get("text", ""), request.get("dataset")
    if not isinstance(text, str) or not (dataset is None or isinstance(dataset, str)):
        raise APIError(400, "`text` must be a string, and `dataset` a string or null")
    by_name: dict[str | None, Schema] = dict(schemas.items())
    if dataset is not None and dataset in schemas:
        by_name[None] = schemas[dataset]
    return Asked(text, dataset, by_name, request)


def _check(found: Asked) -> Json:
    """Return the findings, with the edits of their fixes."""
    return {"findings": [_finding(one) for one in _findings(found)]}


def _findings(found: Asked) -> list[Diagnostic]:
    """Return the findings of a text for the engine that runs it."""
    return check(found.text, dict(found.schemas), engine=present_engine().name)


def _finding(one: Diagnostic) -> Json:
    """Return a finding as JSON."""
    edits = [edit._asdict() for edit in one.edits] if one.fix is not None else []
    keys = ("code", "severity", "message", "hint", "line", "column", "start", "end")
    return {**{key: getattr(one, key) for key in keys}, "edits": edits}


def _complete(found: Asked) -> Json:
    """Return the proposals at a place."""
    proposals = complete(found.text, found.offset, dict(found.schemas))
    keys = ("label", "kind", "text", "start", "end", "detail", "code")
    return {"proposals": [{key: getattr(one, key) for key in keys} for one in proposals]}


def _describe(found: Asked) -> Json:
    """Return the description of the word at a place."""
    one = describe(found.text, found.offset, dict(found.schemas))
    keys = ("kind", "title", "text", "start", "end")
    return {"description": None if one is None else {key: getattr(one, key) for key in keys}}


def _signature(found: Asked) -> Json:
    """Return the signature of the function that is called around a place."""
    one = signature(found.text, found.offset)
    if one is None:
        return {"signature": None}
    parameters = [parameter._asdict() for parameter in one.parameters]
    return {"signature": {"label": one.label, "text": one.text, "parameters": parameters, "active": one.active}}


def _format(found: Asked) -> Json:
    """Return the formatted text."""
    return {"text": format_text(found.text)}


def _fix(found: Asked) -> Json:
    """Return the text with all safe fixes."""
    return {"text": fix(found.text, dict(found.schemas))}


def _prepare(found: Asked) -> Json:
    """Return the text that a client sends for a query text, whether it differs, since the default dataset becomes FROM, and the columns of its rows."""
    on_findings = "ignore" if found.request.get("unchecked") is True else "raise"
    sent = compiled(
        found.text, on_findings, Place(found.dataset, found.schemas, needs_source=True, engine=present_engine())
    )
    added = found.dataset if sent != found.text else None
    return {"text": sent, "added": added, "columns": result_columns(sent, found.schemas)}


def result_columns(text: str, schemas: Mapping[str | None, Schema]) -> dict[str, dict[str, str]]:
    """Return the types and the kinds of the columns of a query's rows, as far as they are known."""
    tree = read(text).tree
    if tree is None:
        return {}
    around = ast.Select((ast.Star(),), ast.Derived(tree))
    columns = scopes_of(around, schemas)[0].columns or {}
    return {name: shown_column(column) for name, column in columns.items() if column is not None}


def shown_column(column: Column) -> dict[str, str]:
    """Return the type and the kind of a column, and the format of its boxes."""
    return {"type": str(column), "kind": column.kind, "boxes": column.boxes}


def _explain(found: Asked) -> Json:
    """Return the text that is sent, the nested SELECTs of the text and of its fixed form, and the code of the builder for it."""
    fixed = fix(found.text, dict(found.schemas))
    written, after = read(found.text).tree, read(fixed).tree
    errors = sum(one.severity == "error" for one in _findings(found))
    sent = {"text": None, "added": None} if errors or written is None else _prepare(found)
    return {
        "sent": sent["text"],
        "added": sent["added"],
        "errors": errors,
        "written": None if written is None else _level(explained(written)),
        "fixed": None if after is None or fixed == found.text else {"text": fixed, "level": _level(explained(after))},
        "python": python_code(fixed),
    }


def _level(level: QueryLevel) -> Json:
    """Return a level as JSON."""
    return {"clauses": level.clauses, "why": level.why, "below": [_level(one) for one in level.below]}


def python_code(text: str) -> str | None:
    """Return a program of the builder for a query text; None for a text that is no query."""
    try:
        code = repr(parse(text))
    except QueryError:
        return None
    try:
        tree = python_ast.parse(code)
    except SyntaxError:  # a long vector is shortened
        code = f"parse({text!r})"
        tree = python_ast.parse(code)
    used = {node.id for node in python_ast.walk(tree) if isinstance(node, python_ast.Name)}
    names = ", ".join(name for name in NAMES if name in used)
    return f"from tql import {names}\n\nquery = {code}\n"


def _like(found: Asked) -> Json:
    """Return the text of a search for the rows whose vectors are similar to one."""
    column, vector = found.request.get("column"), found.request.get("vector")
    is_vector = isinstance(vector, list) and vector and all(type(part) in {int, float} for part in vector)
    if not isinstance(column, str) or not is_vector:
        raise APIError(400, "`column` must be a string, and `vector` a list of numbers")
    query = select().similarity(column, vector).order_by("score").limit(LIKE_ROWS)
    source = None if found.dataset is None else query.from_(found.dataset, schema=found.schemas.get(found.dataset))
    return {"text": (source or query).to_tql(pretty=True)}


REPLIES: Mapping[str, Callable[[Asked], Json]] = {
    "check": _check,
    "complete": _complete,
    "describe": _describe,
    "signature": _signature,
    "format": _format,
    "fix": _fix,
    "prepare": _prepare,
    "explain": _explain,
    "like": _like,
}
