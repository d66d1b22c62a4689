"""Client: compiles or checks a query, sends it over a transport, and returns its result."""

from __future__ import annotations

import copy
import functools
import time
import uuid
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from tql_client.advised import with_hint
from tql_client.checking import Place, compiled, datasets_of, explained, require_query, without_source
from tql_client.errors import APIError
from tql_client.lifetime import Closing
from tql_client.protocol.call import Call, CancelToken, require_seconds
from tql_client.results.result import Meta, Result
from tql_client.transport.retry import Retries
from tql_grammar.engines import NEWEST
from tql_grammar.hinted import hinted_by
from tql_grammar.lint.engine_messages import explain_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql import Query, Schema
    from tql_client.protocol.call import Transport
    from tql_client.reflection import Reflections
    from tql_grammar.engines import Engine
    from tql_grammar.errors import TqlError
    from tql_grammar.explain.levels import QueryLevel

    Queries = Iterable[Query | str]

T = TypeVar("T")
Mode = Literal["raise", "ignore"]
TIMEOUT = 60.0


class Client(Closing):
    """
    Sends queries and returns their rows; `connect` creates one.

    Threads can share a client. ``with connect(..) as client:`` closes it, and ``async with connect(..) as client:`` does so in a thread.
    """

    def __init__(  # noqa: PLR0913 - each is one independent choice, by name
        self,
        transport: Transport,
        dataset: str | None = None,
        *,
        timeout: float = TIMEOUT,
        retries: Retries | None = None,
        needs_source: bool = True,
        schemas: Callable[[Call, Iterable[str | None]], Mapping[str | None, Schema]] = lambda _call, _others: {},
        reflect: bool = False,
        version: str | None = None,
        engine: Engine = NEWEST,
    ) -> None:
        """
        Create a client over a transport.

        Args:
            transport: sends the queries: over HTTP, or to the engine in this process.
            dataset: the dataset that queries without FROM read.
            timeout: seconds for the whole call.
            retries: the retry policy.
            needs_source: whether a query must have FROM when it is sent.
            reflect: whether the schemas of other datasets are inferred from their rows.
            version: the version of the dataset that the transport keeps; None for the newest of each query.
            engine: the engine that runs the queries.
            schemas: returns the known schemas for a call, by the names of the datasets that it reads; None is the name of the dataset that queries without FROM read.
        """
        super().__init__(transport)
        self._dataset = dataset
        self._timeout = require_seconds(timeout)
        self._retries = retries or Retries()
        self._needs_source = needs_source
        self._schemas = schemas
        self._version = version
        self._engine = engine
        self._reflections = self._new_reflections() if reflect else None

    def __repr__(self) -> str:
        """Return the address, without the token."""
        return f"Client({self._transport!r})"

    @property
    def version(self) -> str | None:
        """The version of the dataset that the client keeps, see ``connect(.., snapshot=True)``; None if each query reads the newest one."""
        return self._version

    def with_options(self, *, timeout: float | None = None, attempts: int | None = None) -> Client:
        """
        Return a copy of the client with other options, over the same connections.

        Args:
            timeout: seconds for the whole call; unchanged if omitted.
            attempts: the maximum number of attempts; unchanged if omitted.

        Raises:
            ConfigError: an option is invalid.

        Example:
            ``client.with_options(timeout=5, attempts=1).query(query)``
        """
        client = copy.copy(self)
        client._timeout = self._timeout if timeout is None else require_seconds(timeout)  # noqa: SLF001 - a copy of this client
        client._retries = self._retries if attempts is None else self._retries.with_attempts(attempts)  # noqa: SLF001 - a copy of this client
        return client

    def compile(self, query: Query | str, *, on_findings: Mode = "raise") -> str:
        """
        Return the TQL that `query` sends for a query.

        Args:
            query: a query of the builder, or a query text.
            on_findings: for a query text, also one of a template or of `parse`, "raise" raises on the errors that `check` finds; "ignore" sends the text, to which only a missing FROM is added.

        Raises:
            ParseError: the query text is not TQL, or the engine would read it differently.
            CheckError: the engine would reject the query text, or return other rows than it says.
            ArgumentError: the query has no FROM, and the client no dataset.

        Example:
            ``client.compile(select("id").limit(3))`` returns ``select id limit 3`` for an embedded client.
        """
        call = self._call(CancelToken(), time.monotonic())
        with self._running(call.stop):
            require_query(query)
            return compiled(query, on_findings, self._place(query, on_findings, call))

    def explain(self, query: Query | str) -> QueryLevel:
        """
        Return the nested SELECTs of the text that `query` sends for a query, each with the reason why it exists; ``str`` of the result draws the tree.

        It is compiled with the columns that the client knows, as `compile` does; `Query.explain` knows none, and may have other SELECTs. Nothing is sent but what `compile` sends to know the columns.

        Args:
            query: a query of the builder, or a query text.

        Raises:
            ParseError: the query text is not TQL, or the engine would read it differently.
            CheckError: the engine would reject the query text, or return other rows than it says.
            ArgumentError: the query cannot be compiled, or has no FROM, and the client no dataset.

        Example:
            ``print(client.explain(select("id").order_by("kind", "year")))`` draws two SELECTs.
        """
        call = self._call(CancelToken(), time.monotonic())
        with self._running(call.stop):
            require_query(query)
            return explained(query, self._place(query, "raise", call))

    def reflect(self, source: str | None = None) -> Schema:
        """
        Return the columns of a dataset: those that a dataset on this machine has, or those that the first rows of an endpoint determine, which takes one to three queries.

        With them, names and lengths of vectors are checked, and sort and group keys are exact. A type that the values do not determine is unknown, and nothing is assumed about nulls and indexes: see `Column.inferred`.
        A client with ``reflect=True`` then uses the new schema, as after a change of the columns.

        Args:
            source: the dataset; the one that queries without FROM read if omitted.

        Raises:
            ArgumentError: there is no *source*, and the client has no dataset.
            ProtocolError: the dataset has no rows, and the response does not name its columns.
            TqlError: a query failed; the error says which.

        Example:
            ``client.reflect("hub://org/dataset").save("schema.json")``
        """
        name = self._dataset if source is None else source
        if name is None and self._needs_source:
            raise without_source("reflect()")
        call = self._call(CancelToken(), time.monotonic())
        with self._running(call.stop):
            known = self._schemas(call, [source]).get(source)
            return known or (self._reflections or self._new_reflections()).refresh(name, call, required=True)

    @overload
    def query(self, query: Query | str, *, as_list: bool = ..., on_findings: Mode = ..., into: type[T]) -> list[T]: ...

    @overload
    def query(
        self, query: Query | str, *, as_list: bool = ..., on_findings: Mode = ..., into: None = ...
    ) -> Result: ...

    @hinted_by(with_hint)
    def query(
        self,
        query: Query | str,
        *,
        as_list: bool = True,
        on_findings: Mode = "raise",
        into: type[Any] | None = None,
    ) -> Any:
        """
        Send a query, and return its rows.

        A query of the builder is compiled; a query text is checked, then sent.

        Args:
            query: a query of the builder, or a query text.
            as_list: True requests one object per row, False one list per column, which is smaller; the result is the same.
            on_findings: for a query text, also one of a template or of `parse`, "raise" raises on the errors that `check` finds; "ignore" sends the text, to which only a missing FROM is added.
            into: a dataclass, TypedDict, NamedTuple, model of pydantic or struct of msgspec; the rows are returned as a list of it, as by `Result.as_`.

        Returns:
            The rows, and the metadata of the call as `Result.meta`.

        Raises:
            QueryError: the query is invalid; nothing was sent.
            TransportError: no response was received.
            APIError: the server or the engine rejected the query.
            ProtocolError: the response does not follow the protocol.

        Example:
            ``client.query(select("id").limit(3)).rows`` sends ``select id limit 3`` to the embedded engine.
        """
        found = self._query(query, as_list=as_list, on_findings=on_findings, stop=CancelToken())
        return found if into is None else found.as_(into)

    @overload
    def map(
        self, queries: Queries, concurrency: int = 8, on_error: Literal["raise"] = "raise", *, progress: bool = False
    ) -> list[Result]: ...

    @overload
    def map(
        self, queries: Queries, concurrency: int = 8, *, on_error: Literal["return"], progress: bool = False
    ) -> list[Result | TqlError]: ...

    def map(
        self,
        queries: Iterable[Query | str],
        concurrency: int = 8,
        on_error: Literal["raise", "return"] = "raise",
        *,
        progress: bool = False,
    ) -> list[Any]:
        """
        Send queries concurrently, and return their results in the order of the queries.

        Args:
            queries: queries of the builder and query texts; an iterator is consumed lazily.
            concurrency: the maximum number of queries in flight, 1 or more.
            on_error: "raise" raises the first error and cancels the other queries; "return" returns the `TqlError` instead of a result.
            progress: show a progress bar on stderr if it is a terminal; requires the `cli` extra.

        Returns:
            One `Result` for each query.

        Raises:
            ArgumentError: *concurrency* or *on_error* is invalid.
            TqlError: a query failed; `index` is its index, and a note of the error has the query.

        Example:
            ``client.map([select("id").where(col("id") == n) for n in range(100)], concurrency=4)``
        """
        from tql_client.concurrency import map_queries

        return map_queries(self._send_in_batch, queries, concurrency, on_error, progress)

    @overload
    def imap(
        self, queries: Queries, concurrency: int = 8, on_error: Literal["raise"] = "raise"
    ) -> Iterator[Result]: ...

    @overload
    def imap(
        self, queries: Queries, concurrency: int = 8, *, on_error: Literal["return"]
    ) -> Iterator[Result | TqlError]: ...

    def imap(
        self, queries: Queries, concurrency: int = 8, on_error: Literal["raise", "return"] = "raise"
    ) -> Iterator[Any]:
        """
        Send queries concurrently, and yield each result in the order of the queries as soon as it is there.

        After an error, the results that were yielded before it are those of the queries before: a batch can continue at ``error.index``.
        Closing the iterator cancels the queries in flight.

        Args:
            queries: queries of the builder and query texts; an iterator is consumed lazily.
            concurrency: the maximum number of queries in flight, 1 or more.
            on_error: "raise" raises the error of a query in its place; "return" yields the `TqlError` instead of a result.

        Raises:
            ArgumentError: *concurrency* or *on_error* is invalid.
            TqlError: a query failed; `index` is its index, and a note of the error has the query.

        Example:
            ``for result in client.imap(select("id").where(col("id") == n) for n in range(100_000)): ...``
        """
        from tql_client.concurrency import iterate_queries

        return iterate_queries(self._send_in_batch, queries, concurrency, on_error)

    def pages(self, query: Query | str, size: int = 1000) -> Iterator[Result]:
        """
        Yield the rows of a query page by page.

        Each page is a query of its own. The pages add up to the rows of the query only if the engine returns them in the same order each time.
        Samples and random functions do not; searches do, and a LIMIT of the query applies to all pages together.
        A commit between two pages is visible in the later pages.

        Args:
            query: a query of the builder, or a query text.
            size: the number of rows per page, 1 or more; the last page may have fewer.

        Raises:
            ArgumentError: *size* is invalid.
            ParseError: the query text is not TQL.
            CheckError: `check` finds an error in the query text.

        Example:
            The third page of ``client.pages(select("id"))`` is ``select * from (select id) limit 1000 offset 2000``.
        """
        from tql_client.concurrency import iterate_pages

        if isinstance(query, str):
            self.compile(query)  # raises on the errors of a query text before the first page
        return iterate_pages(self.query, query, size)

    @hinted_by(with_hint)
    async def aquery(
        self,
        query: Query | str,
        *,
        as_list: bool = True,
        on_findings: Mode = "raise",
    ) -> Result:
        """
        Send a query from asyncio, and return its rows; see `query`. Cancelling the task cancels the call.

        The calls of a client share up to 60 threads, with the context variables of their tasks; a call that waits for a free one does so within its timeout.
        """
        from tql_client.concurrency import run_in_thread

        send = functools.partial(self._query, query, as_list=as_list, on_findings=on_findings)
        return await run_in_thread(self._threads, send, self._timeout)

    @overload
    async def amap(
        self, queries: Queries, concurrency: int = 8, on_error: Literal["raise"] = "raise"
    ) -> list[Result]: ...

    @overload
    async def amap(
        self, queries: Queries, concurrency: int = 8, *, on_error: Literal["return"]
    ) -> list[Result | TqlError]: ...

    async def amap(
        self, queries: Queries, concurrency: int = 8, on_error: Literal["raise", "return"] = "raise"
    ) -> list[Any]:
        """Send queries concurrently from asyncio; see `map`. At most 60 are in flight, see `aquery`."""
        from tql_client.concurrency import map_queries_async

        return await map_queries_async(functools.partial(self.aquery, as_list=False), queries, concurrency, on_error)

    def _send_in_batch(self, query: Query | str, *, stop: CancelToken, started: float | None = None) -> Result:
        """Send a query of a batch, and return its rows; *stop* cancels the call."""
        return self._query(query, as_list=False, on_findings="raise", stop=stop, started=started)

    def _query(
        self, query: Query | str, *, as_list: bool, on_findings: Mode, stop: CancelToken, started: float | None = None
    ) -> Result:
        """Send a query, and return its rows; *stop* cancels the call, whose timeout counts from *started*, or else from now."""
        started = time.monotonic() if started is None else started
        with self._running(stop):
            call = self._call(stop, started, as_list=as_list)
            require_query(query)
            place = self._place(query, on_findings, call)
            text = compiled(query, on_findings, place)
            try:
                answer, attempts = self._retries.send(self._transport, call.replace(query=text))
            except APIError as error:
                error.diagnostic = error.diagnostic or explain_message(error.description, text, place.schemas)
                raise
        elapsed = time.monotonic() - started
        meta = Meta(text, attempts, elapsed, call.request_id, answer.message, answer.extra, answer.size)
        return Result(answer, meta)

    def _call(self, stop: CancelToken, started: float, *, as_list: bool = True) -> Call:
        """Return a call whose deadline counts from *started*; its query text is added later."""
        return Call("", as_list, started + self._timeout, str(uuid.uuid4()), stop)

    def _new_reflections(self) -> Reflections:
        """Return the inferred schemas of the client's datasets, none yet."""
        from tql_client.reflection import Reflections

        return Reflections(functools.partial(self._retries.send, self._transport))

    def _place(self, query: Query | str, on_findings: str, call: Call) -> Place:
        """Return the place of a query: with the known schemas of the datasets that it reads, and the inferred ones of the others."""
        schemas = self._schemas(call, datasets_of(query))
        if self._reflections is not None and not (isinstance(query, str) and on_findings == "ignore"):
            names = ((source, source or self._dataset) for source in datasets_of(query) if source not in schemas)
            schemas = {**schemas, **self._reflections.schemas(names, call)}
        return Place(self._dataset, schemas, self._needs_source, self._engine)
