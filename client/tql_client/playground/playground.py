"""What the page asks: texts are answered in this process, the columns of datasets and the engine's plan by the engine."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tql_client.errors import APIError, MissingExtra
from tql_client.playground.inspection import PLAN, SCHEMAS, Inspection
from tql_client.playground.replies import REPLIES, asked, shown_column
from tql_client.protocol.wire import decode_answer
from tql_client.results.parquet import as_parquet
from tql_client.results.result import Meta, Result
from tql_client.version import __version__
from tql_grammar.errors import ArgumentError, QueryError, TqlError
from tql_grammar.functions import CATALOGUE
from tql_grammar.schema import Schema
from tql_grammar.syntax.keywords import TOKEN_OF_WORD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

# Longest request in bytes: a text of this length is checked in about a second.
MOST_BYTES = 2**20
SETUP = "setup"
PARQUET = "parquet"
NAMES = (SETUP, PLAN, PARQUET, *REPLIES)


class Playground:
    """The replies to the page."""

    def __init__(self, inspect: Callable[[Inspection], Awaitable[bytes]], example: str = "") -> None:
        """
        Create them.

        Args:
            inspect: asks the engine, which replies in JSON.
            example: the text with which the editor begins.
        """
        self._inspect = inspect
        self._example = example
        self._schemas: Mapping[str, Schema] | None = None
        # Checks take all of a processor: one after the other, they leave the other ones to the queries.
        self._thread = ThreadPoolExecutor(1, "tql-playground")

    async def reply(self, name: str, body: bytes) -> dict[str, Any] | bytes:
        """
        Return the reply to a request: JSON, or a file.

        Args:
            name: one of `NAMES`.
            body: the body of the request: a JSON object, for `PARQUET` rows as the query endpoint answers them.

        Raises:
            APIError: the request is invalid, or its text is.
        """
        if name == PARQUET:
            return await asyncio.get_running_loop().run_in_executor(self._thread, parquet_of, body)
        request = _request(body)
        try:
            if name == SETUP:
                return await self._setup()
            found = asked(request, await self._known_schemas())
            if name == PLAN:
                return {"plan": json.loads(await self._inspect(Inspection(PLAN, found.text)))}
            return await asyncio.get_running_loop().run_in_executor(self._thread, REPLIES[name], found)
        except (QueryError, ArgumentError) as error:
            raise APIError(400, str(error)) from None

    def close(self) -> None:
        """End the thread after the texts that wait."""
        self._thread.shutdown()

    async def _setup(self) -> dict[str, Any]:
        """Return the columns of the datasets as they are now, and the words of the language."""
        self._schemas = await self._read_schemas()
        return {
            "version": __version__,
            "example": self._example,
            "datasets": {name: _columns(schema) for name, schema in self._schemas.items()},
            "keywords": sorted(TOKEN_OF_WORD),
            "functions": sorted(CATALOGUE),
        }

    async def _known_schemas(self) -> Mapping[str, Schema]:
        """Return the columns of the datasets as the page saw them."""
        if self._schemas is None:
            self._schemas = await self._read_schemas()
        return self._schemas

    async def _read_schemas(self) -> Mapping[str, Schema]:
        """Return the columns of the datasets, from the engine."""
        found = json.loads(await self._inspect(Inspection(SCHEMAS)))
        return {name: Schema.from_json(text) for name, text in found.items()}


def parquet_of(body: bytes) -> bytes:
    """
    Return the Parquet file of rows.

    Args:
        body: the rows, as the query endpoint answers them.

    Raises:
        APIError: the body has no rows, pyarrow is not installed, or Parquet has no type for a column.
    """
    try:
        return as_parquet(Result(decode_answer(body), Meta("")))
    except MissingExtra as error:
        raise APIError(501, f"{error}, where the server runs") from None
    except TqlError as error:
        raise APIError(400, str(error)) from None


def _columns(schema: Schema) -> dict[str, dict[str, str]]:
    """Return the types and the kinds of columns."""
    return {name: shown_column(column) for name, column in schema.columns}


def _request(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request."""
    if len(body) > MOST_BYTES:
        raise APIError(413, f"the text is longer than {MOST_BYTES // 2**20} MiB, the most that the page checks")
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        request = None
    if not isinstance(request, dict):
        raise APIError(400, 'the body of the request must be a JSON object, {"text": ".."}')
    return request
