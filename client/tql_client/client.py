"""Know the way of a query: text, check, source, wire, result."""

from __future__ import annotations

import math
import time
import uuid
from typing import TYPE_CHECKING, Literal, Self

from tql_client.call import Call
from tql_client.errors import APIError, ClosedError, ConfigError
from tql_client.result import Meta, Result
from tql_client.retry import Retries
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql import Query, Schema
    from tql_client.call import Transport
    from tql_grammar import ast

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
) -> Client:
    """
    Return a client of an endpoint, or of a dataset that the engine opens in this process.

    Args:
        url: ``https://host/path`` of a query endpoint; or what the engine opens: a path, ``file://``, ``mem://``, ``s3://`` (extra: embedded).
        dataset: the source of queries that have none; embedded, the name by which queries may call the dataset at *url*.
        token: for the endpoint, or a function that returns one for each attempt.
            Without it, ``ACTIVELOOP_TOKEN`` of the environment goes to activeloop.ai and deeplake.ai, and to nobody else.
        token_file: a file that holds the token.
        timeout: seconds for a whole call, all attempts and waits included.
        attempts: how many times a query is sent at most, where sending it again can help.
        allow_insecure: allow http beyond this machine, where anyone on the way reads token and data.
        allow_sources: embedded, let a query read other datasets, which the engine may look for in the network.

    Raises:
        ConfigError: url, token or timeout cannot be used; nothing was sent.
        NotFound: there is no dataset at the path.
        MissingExtra: the engine is not installed.
    """
    if not isinstance(url, str) or not url:
        message = f"`url` takes the url of an endpoint or the path of a dataset, got {type(url).__name__}"
        raise ConfigError(message)
    if url.lower().startswith(HTTP):
        from tql_client.address import require_url
        from tql_client.credentials import token_for
        from tql_client.transport import HttpTransport

        source = token_for(require_url(url, allow_insecure=allow_insecure), token, token_file)
        return Client(HttpTransport(url, source), dataset, timeout=timeout, attempts=attempts)
    from tql_client.embedded import EmbeddedTransport

    transport = EmbeddedTransport(url, dataset, allow_sources=allow_sources)
    return Client(transport, timeout=timeout, attempts=attempts, needs_source=False, schemas=transport.schemas)


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
        attempts: int = 3,
        needs_source: bool = True,
        schemas: Callable[[], Mapping[str | None, Schema]] = dict,
    ) -> None:
        """
        Take what carries the queries.

        Args:
            transport: HTTP, the engine in this process, or a test's own.
            dataset: the source of queries that have none.
            timeout: seconds for a whole call.
            attempts: how many times a query is sent at most.
            needs_source: whether a query has to name its dataset when it is sent.
            schemas: what is known of the columns of datasets, by their names; under None of the one that queries without source read.
        """
        self._transport = transport
        self._dataset = dataset
        self._timeout = _seconds(timeout)
        self._retries = Retries(attempts)
        self._needs_source = needs_source
        self._schemas = schemas
        self._closed = False

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
        """Let go of connections and handles; queries are refused from now on."""
        self._closed = True
        self._transport.close()

    def compile(self, query: Query | str, *, on_findings: Literal["raise", "ignore"] = "raise") -> str:
        """
        Return the text that would be sent.

        Raises:
            ParseError: a text that is not TQL, or that the engine would read otherwise.
            CheckError: a text that the engine would refuse, or whose rows are not those that it says.
            ArgumentError: a query without source, where the client has no dataset.
        """
        if isinstance(query, str):
            return self._checked(query, on_findings)
        from tql.compile import compile_query

        if self._needs_source and self._dataset is None:
            _require_source(query)
        return compile_query(query, self._dataset, self._schemas())

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
        if self._closed:
            message = "the client is closed: connect again"
            raise ClosedError(message)
        started = time.monotonic()
        text = self.compile(query, on_findings=on_findings)
        call = Call(text, as_list, started + self._timeout, str(uuid.uuid4()))
        try:
            answer, attempts = self._retries.send(self._transport, call)
        except APIError as error:
            from tql_grammar.checks.messages import translated

            error.diagnostic = translated(error.description, text, self._schemas())
            raise
        elapsed = time.monotonic() - started
        return Result(answer, Meta(text, attempts, elapsed, call.request_id, answer.message, answer.extra))

    def _checked(self, text: str, on_findings: str) -> str:
        """Return a text with its source, once it is known to do what it says."""
        import tql

        if on_findings not in {"raise", "ignore"}:
            raise ArgumentError("on_findings", 'takes "raise" or "ignore"', repr(on_findings))
        schemas = self._schemas()
        if any(finding.severity == "error" for finding in tql.check(text, schemas)):
            if on_findings == "ignore":
                return text
            tql.validate(text, schemas)
        return self._sourced(text)

    def _sourced(self, text: str) -> str:
        """Return a text that names its dataset, where that is needed."""
        if self._dataset is not None:
            from tql.compile import with_source

            return with_source(text, self._dataset)
        if self._needs_source:
            _require_source(text)
        return text


def _require_source(query: Query | str) -> None:
    """Refuse a query with a SELECT that names no dataset."""
    from tql_grammar.rewrite.source import lacks_source

    if lacks_source(_tree(query)):
        rule = "takes a query that names its dataset, where the client has none"
        raise ArgumentError(
            "query",
            rule,
            repr(str(query)[:60]),
            'pass connect(.., dataset="hub://org/dataset"), or name it in the query with from_',
        )


def _tree(query: Query | str) -> ast.Query:
    """Return the tree of a query."""
    if isinstance(query, str):
        from tql_grammar.parser import parse

        return parse(query)
    from tql.compile import tree

    return tree(query)


def _seconds(timeout: float) -> float:
    """Return a number of seconds that a call may take."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not 0 < timeout < math.inf:
        message = f"`timeout` takes seconds, more than 0, got {timeout!r}"
        raise ConfigError(message)
    return float(timeout)
