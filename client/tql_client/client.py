"""The client: a query goes through text, check, source and transport to its result."""

from __future__ import annotations

import copy
import functools
import math
import time
import uuid
from typing import TYPE_CHECKING, Any, Literal, Self

from tql_client.engine.embedded import DatasetTarget, EmbeddedTransport
from tql_client.errors import APIError, ConfigError
from tql_client.protocol.address import require_url
from tql_client.protocol.call import Call, CancelToken, InFlight
from tql_client.protocol.credentials import token_for
from tql_client.protocol.wire import Decoding
from tql_client.results.result import Meta, Result
from tql_client.transport.retry import Retries
from tql_grammar.errors import ArgumentError
from tql_grammar.lint.engine_messages import explain_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql import Query, Schema
    from tql_client.protocol.call import Transport

TIMEOUT = 60.0
HTTP = ("http://", "https://")
# Characters of a text that is remembered as checked; 128 of them are.
LONGEST_KEPT = 100_000


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
    isolated: bool = False,
    credentials: Mapping[str, str] | None = None,
    kept: Callable[..., Any] | None = None,
) -> Client:
    """
    Return a client of an endpoint, or of a dataset that the engine opens in this process.

    Args:
        url: ``https://host/path`` of a query endpoint; or what the engine opens, which requires the `embedded` extra: a path, ``file://``, ``mem://``, ``s3://``.
        dataset: the source of queries that have none; embedded, the name by which queries may call the dataset at *url*.
        token: for the endpoint, or a function that returns one for each attempt.
            Without it, ``ACTIVELOOP_TOKEN`` of the environment goes to activeloop.ai and deeplake.ai, and to nobody else.
        token_file: a file that holds the token.
        timeout: seconds for a whole call, all attempts and waits included.
        attempts: how many times a query is sent at most, where sending it again can help.
        allow_insecure: allow http beyond this machine, where anyone on the way reads token and data.
        allow_sources: embedded, let a query read other datasets, which the engine may look for in the network.
        anonymous: send no token, whatever the environment holds.
        verify: the file of the certificates to trust, instead of the environment's REQUESTS_CA_BUNDLE or those of certifi; False trusts anybody.
        largest_answer: bytes of an answer, unpacked; a larger one is refused.
        nan: what NaN and infinities in an answer become: "keep" floats, "null" None, "error" a `ProtocolError`.
        strict: keep integers beyond 64 bits exact, and refuse answers with a name twice in an object or a row without all columns; it is slower.
        isolated: embedded, run the engine in a process of its own, which is started again after a crash; a call that is late is stopped.
        credentials: embedded, what the engine takes to open s3://, gs://, az:// and al:// paths.
        kept: for the endpoint, what keeps and replays exchanges; see the pytest plugin's `tql_cassette`.

    Raises:
        ConfigError: url, token or timeout cannot be used; nothing was sent.
        NotFound: there is no dataset at the path.
        MissingExtra: the engine is not installed.
    """
    if not isinstance(url, str) or not url:
        message = f"`url` takes the url of an endpoint or the path of a dataset, got {type(url).__name__}"
        raise ConfigError(message)
    if url.lower().startswith(HTTP):
        from tql_client.transport.http import HttpTransport

        require_url(url, allow_insecure=allow_insecure)
        source = None if anonymous else token_for(url, token, token_file)
        http = HttpTransport(url, source, largest_answer, Decoding(nan, strict), verify=verify, kept=kept)
        return Client(http, dataset, timeout=timeout, retries=Retries(attempts))
    from tql_client.engine.isolated import IsolatedTransport

    place = DatasetTarget(url, dataset, allow_sources=allow_sources, credentials=credentials)
    transport = IsolatedTransport(place) if isolated else EmbeddedTransport(place)
    return Client(transport, timeout=timeout, retries=Retries(attempts), needs_source=False, schemas=transport.schemas)


class Client:
    """
    Sends queries and returns their rows; made by `connect`.

    A client may be shared by threads. ``with connect(..) as client:`` closes it.
    """

    def __init__(  # noqa: PLR0913 - each is one independent choice, by name
        self,
        transport: Transport,
        dataset: str | None = None,
        *,
        timeout: float = TIMEOUT,
        retries: Retries | None = None,
        needs_source: bool = True,
        schemas: Callable[[Call], Mapping[str | None, Schema]] = lambda _call: {},
    ) -> None:
        """
        Take what carries the queries.

        Args:
            transport: HTTP, the engine in this process, or a test's own.
            dataset: the source of queries that have none.
            timeout: seconds for a whole call.
            retries: when a query that failed is sent again.
            needs_source: whether a query has to name its dataset when it is sent.
            schemas: tells what is known of the columns of datasets when a call is made, by their names; under None of the one that queries without source read.
        """
        self._transport = transport
        self._dataset = dataset
        self._timeout = _seconds(timeout)
        self._retries = retries or Retries()
        self._needs_source = needs_source
        self._schemas = schemas
        self._calls = InFlight()

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
        """Let go of connections and handles, for copies by `with_options` too; queries are refused from now on, and those that are on their way end with `Cancelled`."""
        self._calls.close()
        self._transport.close()

    def with_options(self, *, timeout: float | None = None, attempts: int | None = None) -> Client:
        """
        Return a client that differs in some options, over the same connections.

        Args:
            timeout: seconds for a whole call.
            attempts: how many times a query is sent at most.

        Raises:
            ConfigError: an option cannot be used.
        """
        made = copy.copy(self)
        made._timeout = self._timeout if timeout is None else _seconds(timeout)  # noqa: SLF001 - a copy of this client
        made._retries = self._retries if attempts is None else self._retries.with_attempts(attempts)  # noqa: SLF001 - the same
        return made

    def compile(self, query: Query | str, *, on_findings: Literal["raise", "ignore"] = "raise") -> str:
        """
        Return the text that would be sent.

        Raises:
            ParseError: a text that is not TQL, or that the engine would read otherwise.
            CheckError: a text that the engine would refuse, or whose rows are not those that it says.
            ArgumentError: a query without source, where the client has no dataset.
        """
        return self._compiled(query, on_findings, self._schemas(self._call(CancelToken())))

    def query(
        self,
        query: Query | str,
        as_list: bool = True,  # noqa: FBT001, FBT002 - the protocol's own word, and the contract's second argument
        on_findings: Literal["raise", "ignore"] = "raise",
    ) -> Result:
        """
        Send a query, and return its rows.

        A query of the builder is sent as it compiles; a text is checked first.

        Args:
            query: a query of the builder, or a text.
            as_list: whether the server sends one object per row, or one list per column, which is smaller; the result is the same.
            on_findings: "raise" refuses a text that would not do what it says; "ignore" sends it as it is.

        Raises:
            QueryError: the query was refused before it was sent.
            TransportError: no answer came.
            APIError: the server or the engine refused the query.
            ProtocolError: the answer is not what the protocol says.
        """
        return self._query(query, as_list=as_list, on_findings=on_findings, stop=CancelToken())

    def map(
        self,
        queries: Iterable[Query | str],
        concurrency: int = 8,
        on_error: Literal["raise", "return"] = "raise",
        *,
        progress: bool = False,
    ) -> list[Any]:
        """
        Send many queries, several at a time, and return their results in the order of the queries.

        Args:
            queries: queries and texts; they are taken as there is room.
            concurrency: how many are on their way at a time, 1 or more.
            on_error: "raise" ends the others with the first error; "return" puts the `TqlError` in the place of the result.
            progress: show a bar on the standard error output where that is a terminal; requires the `cli` extra.

        Returns:
            one `Result` for each query.
        """
        from tql_client.concurrency import mapped

        return mapped(
            functools.partial(self._query, as_list=False, on_findings="raise"), queries, concurrency, on_error, progress
        )

    def pages(self, query: Query | str, size: int = 1000) -> Iterator[Result]:
        """
        Yield the rows of a query page by page: ``select * from (..) limit 1000 offset 2000``; together they are the rows of the query.

        That holds for every query whose rows come in one order each time it runs, searches included: its own LIMIT stands inside.
        What is committed in the meantime is seen by the pages after it.

        Args:
            query: a query or a text.
            size: rows of a page, 1 or more; the last page may have fewer.
        """
        from tql_client.concurrency import paged

        if isinstance(query, str):
            self.compile(query)  # a text that would not do what it says is refused before any page
        return paged(self.query, query, size)

    async def aquery(
        self,
        query: Query | str,
        as_list: bool = True,  # noqa: FBT001, FBT002 - as for `query`
        on_findings: Literal["raise", "ignore"] = "raise",
    ) -> Result:
        """Send a query from asyncio, and return its rows; see `query`. Cancelling the task closes the connection."""
        from tql_client.concurrency import awaited

        return await awaited(functools.partial(self._query, query, as_list=as_list, on_findings=on_findings))

    async def amap(
        self,
        queries: Iterable[Query | str],
        concurrency: int = 8,
        on_error: Literal["raise", "return"] = "raise",
    ) -> list[Any]:
        """Send many queries from asyncio; see `map`."""
        from tql_client.concurrency import amapped

        return await amapped(
            functools.partial(self._query, as_list=False, on_findings="raise"), queries, concurrency, on_error
        )

    def _query(
        self, query: Query | str, *, as_list: bool, on_findings: Literal["raise", "ignore"], stop: CancelToken
    ) -> Result:
        """Send a query, and return its rows, unless *stop* ends it."""
        started = time.monotonic()
        with self._calls.running(stop):
            call = self._call(stop, as_list=as_list)
            schemas = self._schemas(call)
            text = self._compiled(query, on_findings, schemas)
            try:
                answer, attempts = self._retries.send(self._transport, call.replace(query=text))
            except APIError as error:
                if error.diagnostic is None:
                    error.diagnostic = explain_message(error.description, text, schemas)
                raise
        elapsed = time.monotonic() - started
        meta = Meta(text, attempts, elapsed, call.request_id, answer.message, answer.extra, answer.size)
        return Result(answer, meta)

    def _call(self, stop: CancelToken, *, as_list: bool = True) -> Call:
        """Return a call that begins now, without its text."""
        return Call("", as_list, time.monotonic() + self._timeout, str(uuid.uuid4()), stop)

    def _compiled(self, query: Query | str, on_findings: str, schemas: Mapping[str | None, Schema]) -> str:
        """Return the text of a query for what is known of the columns."""
        if isinstance(query, str):
            return self._checked(query, on_findings, schemas)
        from tql.compiler.compile import compile_query

        return compile_query(query.statement, self._dataset, schemas, needs_source=self._needs_source)

    def _checked(self, text: str, on_findings: str, schemas: Mapping[str | None, Schema]) -> str:
        """Return a text with its source, once it is known to do what it says."""
        import tql

        if on_findings not in {"raise", "ignore"}:
            raise ArgumentError("on_findings", 'takes "raise" or "ignore"', repr(on_findings))
        if on_findings == "raise" and not schemas and len(text) <= LONGEST_KEPT:
            return _checked_once(text, self._dataset, self._needs_source)
        if any(finding.severity == "error" for finding in tql.check(text, schemas)):
            if on_findings == "ignore":
                return text
            tql.validate(text, schemas)
        return _sourced(text, self._dataset, self._needs_source)


@functools.lru_cache(maxsize=128)
def _checked_once(text: str, dataset: str | None, needs_source: bool) -> str:  # noqa: FBT001 - the key of the cache
    """Return a text with its source, once it is known to do what it says; a text that was sent before is known."""
    import tql

    tql.validate(text)
    return _sourced(text, dataset, needs_source)


def _sourced(text: str, dataset: str | None, needs_source: bool) -> str:  # noqa: FBT001 - as above
    """Return a text that names its dataset, where that is needed."""
    from tql.compiler.compile import with_source, without_source

    if dataset is not None:
        return with_source(text, dataset)
    if needs_source:
        from tql_grammar.rewrite.source import lacks_source
        from tql_grammar.syntax.parser import parse

        if lacks_source(parse(text)):
            raise without_source(text)
    return text


def _seconds(timeout: float) -> float:
    """Return a number of seconds that a call may take."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
        message = f"`timeout` takes seconds, more than 0, got {timeout!r}"
        raise ConfigError(message)
    return float(timeout)
