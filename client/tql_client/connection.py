"""Connections: `connect` creates the client of an endpoint or of a dataset from its options, and rejects invalid ones before anything is sent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

from tql_client.client import TIMEOUT, Client
from tql_client.engine.embedded import DatasetTarget, EmbeddedTransport, version_of
from tql_client.engine.versions import present_engine
from tql_client.errors import ConfigError
from tql_client.protocol.address import require_url
from tql_client.protocol.credentials import token_for
from tql_client.protocol.tracebacks import without_locals
from tql_client.protocol.wire import decoding_of
from tql_client.transport.retry import Retries
from tql_grammar.engines import REST, engine_of
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql_grammar.engines import Engine

HTTP = ("http://", "https://")
# The profile of the hosted service, whose parser is that of version 3.
HOSTED = "rest-v3"


def connect(  # noqa: PLR0913 - each is one independent choice, by name
    url: str | os.PathLike[str],
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
    cert: str | tuple[str, str] | None = None,
    largest_answer: int = 256 * 2**20,
    nan: Literal["keep", "null", "error"] = "keep",
    strict: bool = False,
    reflect: bool = False,
    isolated: bool = False,
    snapshot: bool | str = False,
    credentials: Mapping[str, str] | None = None,
    cassette: Callable[..., Any] | None = None,
    profile: str | None = None,
) -> Client:
    """
    Return a client of an HTTP query endpoint, or of a dataset that the engine opens in this process.

    Args:
        url: ``https://host/path`` of a query endpoint, or the dataset that the engine opens in this process: a path as a str or a `pathlib.Path`, ``file://``, ``mem://`` or ``s3://`` (requires the `embedded` extra).
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
        cert: the client's own certificate for endpoints that require one: the path of a file with the certificate and its key, or the paths of both.
        largest_answer: the maximum size of a response in bytes, after decompression; a larger one raises `ResponseTooLarge`.
        nan: how to decode NaN and infinities: "keep" returns floats, "null" returns None, "error" raises `ProtocolError` (endpoints only).
        strict: decode integers beyond 64 bits exactly, and reject responses with duplicate keys or incomplete rows; slower.
        reflect: before the first query of each dataset, ask for its first rows, and compile and check with the schema that they determine, see `Client.reflect`; the engine in this process reports the schema of its dataset by itself.
        isolated: run the engine in a child process, which restarts after a crash and is killed at the timeout (embedded only).
        snapshot: True keeps the version of the dataset that is the newest now, and `Client.version` names it; a str keeps the version of that id. By default each query reads the newest version (embedded only).
        credentials: credentials that the engine uses to open s3://, gs://, az:// and al:// paths (embedded only).
        cassette: records and replays HTTP exchanges (endpoints only); see the pytest fixture `tql_cassette`.
        profile: the engine of an endpoint, if it is not the newest: ``"rest-v3"`` for the hosted service, whose version is not known, or a version, ``"4.7.0"``; then queries have the forms that are right there, and texts are checked for it (endpoints only).

    Returns:
        The client; close it, or use it as a context manager, with ``with`` or ``async with``.

    Raises:
        ConfigError: the url, the token or an option is invalid; nothing was sent.
        NotFound: no dataset exists at the path.
        MissingExtra: the engine is not installed.

    Example:
        ``connect("./data").query(select("id").limit(3)).rows``
    """
    try:
        with without_locals():
            url = _require_text(os.fspath(url) if isinstance(url, os.PathLike) else url)
            if url.lower().startswith(HTTP):
                from tql_client.transport.http import HttpTransport

                _require_newest(snapshot)
                served = _engine_of(profile)
                require_url(url, allow_insecure=allow_insecure)
                source = None if anonymous else token_for(url, token, token_file)
                http = HttpTransport(
                    url, source, largest_answer, decoding_of(nan, strict), verify=verify, cert=cert, cassette=cassette
                )
                retries = Retries(attempts)
                return Client(http, dataset, timeout=timeout, retries=retries, reflect=reflect, engine=served)
            _require_keep(nan)
            _require_no_profile(profile)
            return _of_dataset(
                DatasetTarget(url, dataset, allow_sources, credentials, version_of(url, snapshot, credentials)),
                Retries(attempts),
                isolated=isolated,
                timeout=timeout,
                reflect=reflect,
            )
    finally:
        del token, credentials  # the frame of an error would hold them


def _of_dataset(target: DatasetTarget, retries: Retries, *, isolated: bool, timeout: float, reflect: bool) -> Client:
    """Return a client of a dataset that the engine opens, in this process or in a child process."""
    from tql_client.engine.isolated import IsolatedTransport

    transport = IsolatedTransport(target) if isolated else EmbeddedTransport(target)
    return Client(
        transport,
        timeout=timeout,
        retries=retries,
        needs_source=False,
        schemas=transport.schemas,
        reflect=reflect,
        version=target.version,
        engine=present_engine(),
    )


def _require_keep(nan: str) -> None:
    """Raise for a decoding of NaN where nothing is decoded: the engine in process returns floats."""
    if nan != "keep":
        message = f'`nan` decodes the answers of endpoints, got {nan!r} for a dataset: the engine in this process returns NaN as a float; leave NaN out by .where(col("x") == col("x"))'
        raise ConfigError(message)


def _engine_of(profile: str | None) -> Engine:
    """
    Return the engine of an endpoint.

    Raises:
        ConfigError: *profile* is none.
    """
    try:
        return REST if profile == HOSTED else engine_of(profile)
    except ArgumentError:
        message = f'`profile` must be "{HOSTED}" or a version of the engine, such as "4.7.0", got {profile!r}'
        raise ConfigError(message) from None


def _require_no_profile(profile: object) -> None:
    """Raise for the engine of an endpoint where there is none: the installed engine has a version."""
    if profile is not None:
        message = f"`profile` is the engine of an endpoint, got {profile!r} for a dataset: queries have the forms of the engine that is installed"
        raise ConfigError(message)


def _require_text(url: object) -> str:
    """Return a url, or raise without it: a value that is no url may contain a secret."""
    if isinstance(url, str) and url:
        return url
    described = "an empty string" if url == "" else type(url).__name__
    message = f"`url` must be the URL of an endpoint or the path of a dataset, got {described}"
    raise ConfigError(message)


def _require_newest(snapshot: object) -> None:
    """Raise if an endpoint should keep a version: the protocol has none."""
    if snapshot is not False:
        message = "`snapshot` keeps a version of a dataset that the engine opens; an endpoint answers with the version that it has"
        raise ConfigError(message)
