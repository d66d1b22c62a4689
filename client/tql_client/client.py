"""Client: compiles or checks a query, sends it over a transport, and returns its result."""

from __future__ import annotations

import copy
import functools
import time
import uuid
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from tql_client.checking import Place, compiled, datasets_of, without_source
from tql_client.engine.embedded import DatasetTarget, EmbeddedTransport
from tql_client.errors import APIError, ConfigError
from tql_client.protocol.address import require_url
from tql_client.protocol.call import Call, CancelToken, InFlight, timeout_seconds
from tql_client.protocol.credentials import token_for
from tql_client.protocol.wire import Decoding
from tql_client.results.result import Meta, Result
from tql_client.transport.retry import Retries
from tql_grammar.lint.engine_messages import explain_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql import Query, Schema
    from tql_client.protocol.call import Transport
    from tql_client.reflection import Reflections

T = TypeVar("T")
Mode = Literal["raise", "ignore"]
TIMEOUT = 60.0
HTTP = ("http://", "https://")


def connect(  # noqa: PLR0913 - each is one independent choice, by name
    url: str,
    dataset: str | None = None,
    *,
    token: str | Callable[[], str] | None = None,
    token_file: str | None = None,
    timeout: float = TIMEOUT,
    attempts: int = 3,
    allow_insecure: bool = False,
    allow_sources: bool = False,
    anonymous: bool = False,
    verify: bool | str | None = None,
    largest_answer: int = 256 * 2**20,
    nan: Literal["keep", "null", "error"] = "keep",
    strict: bool = False,
    reflect: bool = False,
    isolated: bool = False,
    credentials: Mapping[str, str] | None = None,
    cassette: Callable[..., Any] | None = None,
) -> Client:
    """
    Return a client of an HTTP query endpoint, or of a dataset that the engine opens in this process.

    Args:
        url: ``https://host/path`` of a query endpoint, or the dataset that the engine opens in this process: a path, ``file://``, ``mem://`` or ``s3://`` (requires the `embedded` extra).
        dataset: the dataset that queries without FROM read; for the embedded engine, a second name for the dataset at *url*.
        token: the token of the endpoint, or a function that returns one for each attempt.
            If omitted, the client sends ``ACTIVELOOP_TOKEN`` from the environment, to activeloop.ai and deeplake.ai only.
        token_file: path of a file that contains the token.
        timeout: seconds for the whole call, including all attempts and the waits between them.
        attempts: the maximum number of attempts; only failures that are safe to retry are retried.
        allow_insecure: allow http to other machines; the network then sees the token and the data.
        allow_sources: allow queries to read datasets other than *url*, which the engine may open over the network (embedded only); their schemas are read too.
        anonymous: send no token, even if the environment has one.
        verify: path of a CA bundle, instead of REQUESTS_CA_BUNDLE from the environment or certifi's bundle; False disables the verification of certificates.
        largest_answer: the maximum size of a response in bytes, after decompression; a larger one raises `ResponseTooLarge`.
        nan: how to decode NaN and infinities: "keep" returns floats, "null" returns None, "error" raises `ProtocolError`.
        strict: decode integers beyond 64 bits exactly, and reject responses with duplicate keys or incomplete rows; slower.
        reflect: before the first query of each dataset, ask for its first rows, and compile and check with the schema that they determine, see `Client.reflect`; the engine in this process reports the schema of its dataset by itself.
        isolated: run the engine in a child process, which restarts after a crash and is killed at the timeout (embedded only).
        credentials: credentials that the engine uses to open s3://, gs://, az:// and al:// paths (embedded only).
        cassette: records and replays HTTP exchanges (endpoints only); see the pytest fixture `tql_cassette`.

    Returns:
        The client; close it, or use it as a context manager.

    Raises:
        ConfigError: the url, the token or an option is invalid; nothing was sent.
        NotFound: no dataset exists at the path.
        MissingExtra: the engine is not installed.

    Example:
        ``connect("./data").query(select("id").limit(3)).rows``
    """
    if not isinstance(url, str) or not url:
        message = f"`url` must be the URL of an endpoint or the path of a dataset, got {_described(url)}"
        raise ConfigError(message)
    if url.lower().startswith(HTTP):
        from tql_client.transport.http import HttpTransport

        require_url(url, allow_insecure=allow_insecure)
        source = None if anonymous else token_for(url, token, token_file)
        http = HttpTransport(url, source, largest_answer, Decoding(nan, strict), verify=verify, cassette=cassette)
        return Client(http, dataset, timeout=timeout, retries=Retries(attempts), reflect=reflect)
    from tql_client.engine.isolated import IsolatedTransport

    target = DatasetTarget(url, dataset, allow_sources=allow_sources, credentials=credentials)
    transport = IsolatedTransport(target) if isolated else EmbeddedTransport(target)
    retries = Retries(attempts)
    return Client(
        transport, timeout=timeout, retries=retries, needs_source=False, schemas=transport.schemas, reflect=reflect
    )


def _described(url: object) -> str:
    """Return the type of a value that is not a URL; the value itself may contain a secret."""
    return "an empty string" if url == "" else type(url).__name__


class Client:
    """
    Sends queries and returns their rows; `connect` creates one.

    Threads can share a client. ``with connect(..) as client:`` closes it.
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
            schemas: returns the known schemas for a call, by the names of the datasets that it reads; None is the name of the dataset that queries without FROM read.
        """
        self._transport = transport
        self._dataset = dataset
        self._timeout = timeout_seconds(timeout)
        self._retries = retries or Retries()
        self._needs_source = needs_source
        self._schemas = schemas
        self._calls = InFlight()
        self._reflections = self._new_reflections() if reflect else None

    def __repr__(self) -> str:
        """Return the address, without the token."""
        return f"Client({self._transport!r})"

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the client."""
        self.close()

    def close(self) -> None:
        """
        Close the connections and datasets, also those of copies made by `with_options`.

        Running queries raise `Cancelled`; later queries raise `ClosedError`.
        """
        self._calls.close()
        self._transport.close()

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
        client._timeout = self._timeout if timeout is None else timeout_seconds(timeout)  # noqa: SLF001 - a copy of this client
        client._retries = self._retries if attempts is None else self._retries.with_attempts(attempts)  # noqa: SLF001 - a copy of this client
        return client

    def compile(self, query: Query | str, *, on_findings: Mode = "raise") -> str:
        """
        Return the TQL that `query` sends for a query.

        Args:
            query: a query of the builder, or a query text.
            on_findings: for a query text, "raise" raises on the errors that `check` finds; "ignore" sends the text, to which only a missing FROM is added.

        Raises:
            ParseError: the query text is not TQL, or the engine would read it differently.
            CheckError: the engine would reject the query text, or return other rows than it says.
            ArgumentError: the query has no FROM, and the client no dataset.

        Example:
            ``client.compile(select("id").limit(3))`` returns ``select id limit 3`` for an embedded client.
        """
        call = self._call(CancelToken())
        with self._calls.running(call.stop):
            return compiled(query, on_findings, self._place(query, on_findings, call))

    def reflect(self, source: str | None = None) -> Schema:
        """
        Return the schema that the first rows of a dataset determine; it takes one to three queries.

        With it, names and lengths of vectors are checked, and sort and group keys are exact. A type that the values do not determine is unknown, and nothing is assumed about nulls and indexes: see `Column.inferred`.
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
        call = self._call(CancelToken())
        with self._calls.running(call.stop):
            return (self._reflections or self._new_reflections()).refresh(name, call, required=True)

    @overload
    def query(self, query: Query | str, as_list: bool = ..., on_findings: Mode = ..., *, into: type[T]) -> list[T]: ...  # noqa: FBT001 - as below
    @overload
    def query(self, query: Query | str, as_list: bool = ..., on_findings: Mode = ..., into: None = ...) -> Result: ...  # noqa: FBT001 - as below
    def query(
        self,
        query: Query | str,
        as_list: bool = True,  # noqa: FBT001, FBT002 - the protocol's own word, and the contract's second argument
        on_findings: Mode = "raise",
        into: type[Any] | None = None,
    ) -> Any:
        """
        Send a query, and return its rows.

        A query of the builder is compiled; a query text is checked, then sent.

        Args:
            query: a query of the builder, or a query text.
            as_list: True requests one object per row, False one list per column, which is smaller; the result is the same.
            on_findings: for a query text, "raise" raises on the errors that `check` finds; "ignore" sends the text, to which only a missing FROM is added.

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

        Example:
            ``client.map([select("id").where(col("id") == n) for n in range(100)], concurrency=4)``
        """
        from tql_client.concurrency import map_queries

        return map_queries(
            functools.partial(self._query, as_list=False, on_findings="raise"), queries, concurrency, on_error, progress
        )

    def pages(self, query: Query | str, size: int = 1000) -> Iterator[Result]:
        """
        Yield the rows of a query page by page.

        Each page is a query of its own, so the pages add up to the rows of the query only if the engine returns them in the same order each time.
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

    async def aquery(
        self,
        query: Query | str,
        as_list: bool = True,  # noqa: FBT001, FBT002 - the protocol's own word, and the second argument of `query` too
        on_findings: Mode = "raise",
    ) -> Result:
        """Send a query from asyncio, and return its rows; see `query`. Cancelling the task cancels the call."""
        from tql_client.concurrency import run_in_thread

        return await run_in_thread(functools.partial(self._query, query, as_list=as_list, on_findings=on_findings))

    async def amap(
        self,
        queries: Iterable[Query | str],
        concurrency: int = 8,
        on_error: Literal["raise", "return"] = "raise",
    ) -> list[Any]:
        """Send queries concurrently from asyncio; see `map`."""
        from tql_client.concurrency import map_queries_async

        return await map_queries_async(
            functools.partial(self._query, as_list=False, on_findings="raise"), queries, concurrency, on_error
        )

    def _query(self, query: Query | str, *, as_list: bool, on_findings: Mode, stop: CancelToken) -> Result:
        """Send a query, and return its rows; *stop* cancels the call."""
        started = time.monotonic()
        with self._calls.running(stop):
            call = self._call(stop, as_list=as_list)
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

    def _call(self, stop: CancelToken, *, as_list: bool = True) -> Call:
        """Return a call whose deadline counts from now; its query text is added later."""
        return Call("", as_list, time.monotonic() + self._timeout, str(uuid.uuid4()), stop)

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
        return Place(self._dataset, schemas, self._needs_source)
