"""Faults that harm others or hide: outages during batches, forks, secrets, arguments of wrong types, values that libraries rewrite, versions that are kept."""

from __future__ import annotations

import asyncio
import contextvars
import os
import ssl
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

import deeplake
import pytest
import trustme

from tests.client import reach
from tests.client.conftest import CANARY, TOKEN
from tests.client.fault_server import QUERY, FaultServer, answer, body_of, raw, reset, stall
from tests.client.matrix import SLACK, client_of, outcome
from tql import ArgumentError, select
from tql_client import Client, connect, errors
from tql_client.protocol.threads import THREADS, start
from tql_client.protocol.wire import LARGE, Answer, decode_answer
from tql_client.results.result import Meta, Result
from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from tests.client.matrix import Outcome

COUNT = 150


def echo(connection: socket.socket, request: bytes) -> bool:
    """Respond with the number at the end of a query; 13 is a failure of the server."""
    number = int(body_of(request)["query"].rpartition(" ")[2])
    if number == 13:
        return answer({"description": "unlucky"}, 500)(connection, request)
    return answer({"data": {"a": [number]}})(connection, request)


def queries(count: int) -> Iterator[str]:
    """Yield query texts that end with their numbers."""
    return (f'select a from "d" limit {number}' for number in range(count))


# --- batches -----------------------------------------------------------------------------------------------------------


@pytest.mark.fault(73, "502 for 2 s during map: every query has its rows")
def test_a_batch_survives_an_outage(see: Any) -> None:
    """The client pauses all callers together until the endpoint is up, and no query fails whose attempts and deadline allow the wait."""
    begin = time.monotonic() + 0.2

    def behave(connection: socket.socket, request: bytes) -> bool:
        time.sleep(0.005)
        is_down = begin < time.monotonic() < begin + 2
        return (
            answer(b"<title>502 Bad Gateway</title>", 502)(connection, request)
            if is_down
            else answer()(connection, request)
        )

    with FaultServer(behave) as server, connect(server.url, attempts=10) as client:
        found = see(outcome(lambda: client.map([QUERY] * (4 * COUNT))))

        assert found.seen == "result", found.error
        assert len(found.result) == 4 * COUNT
        assert len(server.requests) < 4 * COUNT + 8 * 10


@pytest.mark.fault(74, "an error of map has the index and the query; imap yields the results before it")
def test_a_batch_names_the_query_that_failed(see: Any) -> None:
    """The error's index and note name the query, in threads and in asyncio, and the results before it are not lost."""
    with FaultServer(echo) as server, connect(server.url) as client:
        found = see(outcome(lambda: client.map(queries(40))))
        results: list[Any] = []

        assert (found.seen, found.error.index) == ("ServerError", 13)
        assert 'in query 13 of the batch: select a from "d" limit 13' in "".join(
            traceback.format_exception(found.error)
        )
        with pytest.raises(errors.ServerError) as caught:
            results.extend(result["a"][0] for result in client.imap(queries(40)))
        assert (results, caught.value.index) == (list(range(13)), 13)
        with pytest.raises(errors.ServerError) as caught:
            asyncio.run(client.amap(queries(40)))
        assert caught.value.index == 13


def test_an_iterator_of_results_is_lazy() -> None:
    """`imap` keeps the order, is at most `concurrency` queries ahead, continues after errors with "return", and cancels when it is closed."""
    taken: list[int] = []

    def asked() -> Iterator[str]:
        for number, query in enumerate(queries(100)):
            taken.append(number)
            yield query

    with FaultServer(echo) as server, connect(server.url) as client:
        results = client.imap(asked(), concurrency=3)
        assert next(results)["a"] == [0]
        assert len(taken) <= 4
        results.close()  # type: ignore[attr-defined]  # it is a generator
        every = list(client.imap(queries(20), on_error="return"))
        assert [type(one).__name__ for one in every if isinstance(one, TqlError)] == ["ServerError"]
        assert [one["a"][0] for one in every if isinstance(one, Result)] == [
            number for number in range(20) if number != 13
        ]
        with pytest.raises(ArgumentError, match="imap"):
            client.imap(queries(1), concurrency=0)


def test_an_error_of_a_batch_is_pickled_with_its_index() -> None:
    """A process pool passes on what a batch adds to an error."""
    import pickle

    for error in (
        errors.ServerError(500, "x", hint="y"),
        errors.ConnectionLost("x", 3),
        errors.ProtocolError("x", "empty"),
    ):
        error.index = 7
        error.add_note("in query 7")
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - made here
        assert (copy.index, copy.__notes__, str(copy)) == (7, ["in query 7"], str(error))


# --- asyncio -----------------------------------------------------------------------------------------------------------


@pytest.mark.fault(75, "1,000 calls of aquery: at most 64 threads, those without one time out")
def test_a_thousand_calls_of_asyncio(see: Any) -> None:
    """The calls share a bounded pool; each ends at its timeout, also one that no thread was free for."""
    most = 0

    async def act(client: Client) -> list[Any]:
        nonlocal most
        tasks = [asyncio.create_task(client.aquery(QUERY)) for _ in range(1000)]
        await asyncio.sleep(0.5)
        most = sum(thread.name.startswith("tql-async") for thread in threading.enumerate())
        return await asyncio.gather(*tasks, return_exceptions=True)

    with FaultServer(stall()) as server, connect(server.url, timeout=1) as client:
        started = time.monotonic()
        found = see(outcome(lambda: asyncio.run(act(client))))

        assert {type(one).__name__ for one in found.result} == {"DeadlineExceeded"}
        assert most <= THREADS < 64
        assert time.monotonic() - started < 1 + 5 * SLACK


def test_asyncio_carries_context_variables() -> None:
    """A token function reads the context variable of the task that calls `aquery`, and that of the caller of `map`."""
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="none")

    async def act(client: Client) -> None:
        async def one(name: str) -> None:
            user.set(name)
            await client.aquery(QUERY)

        await asyncio.gather(one("ann"), one("bob"))

    with FaultServer(answer()) as server, connect(server.url, token=lambda: f"canary-{user.get()}") as client:
        asyncio.run(act(client))
        user.set("cid")
        client.map([QUERY])

        sent = sorted(
            name
            for request in server.requests
            for name in ("ann", "bob", "cid")
            if f"canary-{name}".encode() in request
        )
        assert sent == ["ann", "bob", "cid"]
        server.requests.clear()


# --- secrets and trust -------------------------------------------------------------------------------------------------

LEAKS: list[Any] = [
    raw(b""),
    reset(),
    answer({"error": f"wrong token {TOKEN}"}, 401),
    answer(f"<title>{TOKEN}</title>".encode(), 403),
    answer(TOKEN.encode()),
    raw(b"SSH-2.0\r\n"),
    answer(b"", 307, Location="/q"),
    answer({}, 503),
    stall(),
]


@pytest.mark.fault(76, "no token is reachable from an error: attributes, causes, frames to depth 6")
@pytest.mark.parametrize("number", range(len(LEAKS)))
def test_no_error_leads_to_the_token(number: int) -> None:
    """Also not if the server repeats the token in its response; every test of the client walks its errors like this one."""
    with FaultServer(LEAKS[number]) as server, connect(server.url, token=TOKEN, timeout=0.5, attempts=2) as client:
        with pytest.raises(TqlError) as caught:
            client.query(QUERY)
        with pytest.raises(TqlError) as batch:
            client.map([QUERY] * 3)

        for error in (caught.value, batch.value):
            assert TOKEN not in f"{error} {error!r} {vars(error)}"
            assert list(reach.find(error, CANARY)) == []
        server.requests.clear()


def test_the_walk_finds_tokens() -> None:
    """An exception that holds a token in an attribute, a cause or a frame is found."""
    held, caused = ValueError("x"), ValueError("x")
    held.__dict__["request"] = {"headers": [TOKEN]}
    caused.__cause__ = held
    assert list(reach.find(held, CANARY)) == list(reach.find(caused, CANARY)) == ["ValueError.request['headers'][0]"]
    names: dict[str, Any] = {"__name__": "tql_client.test"}
    exec("def fail(token):\n    raise ValueError(len(token))", names)  # noqa: S102 - a function that is not one of a test
    with pytest.raises(ValueError, match=str(len(TOKEN))) as caught:
        names["fail"](TOKEN)
    assert list(reach.find(caught.value, CANARY)) == ["tql_client.test:2 token"]


@pytest.mark.parametrize(
    "options", [{"token": f"{TOKEN}\n\nx"}, {"token": TOKEN, "verify": ""}, {"token": TOKEN, "nan": "x"}]
)
def test_no_invalid_option_leads_to_the_token(options: dict[str, Any]) -> None:
    """`connect` forgets the token before it raises."""
    with pytest.raises(errors.ConfigError) as caught:
        connect("http://127.0.0.1:1/q", **options)
    assert list(reach.find(caught.value, CANARY)) == []


@pytest.mark.fault(77, "a CA bundle or certificate that does not exist: ConfigError, nothing sent")
@pytest.mark.parametrize(
    "options", [{"verify": "/no/such.pem"}, {"cert": "/no/such.pem"}, {"cert": ""}, {"cert": ("a",) * 3}, {"cert": 3}]
)
def test_certificates_that_do_not_exist(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the option, or the variable of the environment."""
    with pytest.raises(errors.ConfigError, match=next(iter(options))):
        connect("https://127.0.0.1:1/q", token="x", **options)  # noqa: S106 - nothing is sent
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such.pem")
    with (
        connect("https://127.0.0.1:1/q", token=TOKEN) as client,
        pytest.raises(errors.ConfigError, match="REQUESTS_CA_BUNDLE"),
    ):
        client.query(QUERY)


@pytest.mark.fault(78, "an endpoint that requires a client certificate: result with cert=, TransportError without")
def test_client_certificates(tmp_path: Path, see: Any) -> None:
    """`cert` is the path of certificate and key, or the paths of both."""
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.configure_trust(tls)
    tls.verify_mode = ssl.CERT_REQUIRED
    bundle, both, key = (str(tmp_path / name) for name in ("ca.pem", "both.pem", "key.pem"))
    own = authority.issue_cert("client.test")
    authority.cert_pem.write_to_path(bundle)
    own.private_key_and_cert_chain_pem.write_to_path(both)
    own.private_key_pem.write_to_path(key)
    with FaultServer(answer(), tls=tls) as server:
        for cert in (both, (both, key)):
            with connect(server.url, token=TOKEN, verify=bundle, cert=cert) as client:
                see(outcome(lambda: client.query(QUERY)))
                assert len(client.query(QUERY)) == 2
        with (
            connect(server.url, token=TOKEN, verify=bundle, attempts=1) as client,
            pytest.raises(errors.TransportError),
        ):
            client.query(QUERY)


@pytest.mark.fault(79, "401: the hint says whether a token was sent, and from where it came")
def test_where_a_wrong_token_came_from(tmp_path: Path) -> None:
    """No token, the argument, a function and a file differ."""
    file = tmp_path / "token"
    file.write_text(TOKEN)
    sources: list[tuple[dict[str, Any], str]] = [
        ({}, "no token was sent"),
        ({"token": TOKEN}, "the token of connect\\(.., token=..\\) was sent"),
        ({"token": lambda: TOKEN}, "the function"),
        ({"token_file": str(file)}, "token_file"),
    ]
    for options, hint in sources:
        with FaultServer(answer({"error": "no"}, 401)) as server, connect(server.url, **options) as client:
            with pytest.raises(errors.AuthenticationError, match=hint):
                client.query(QUERY)
            server.requests.clear()


# --- processes and threads ---------------------------------------------------------------------------------------------


@pytest.mark.fault(80, "close() in a forked child: the parent's query ends with its rows")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_close_in_a_forked_child(see: Any) -> None:
    """The child neither cancels the parent's calls nor shuts down its connections."""

    def slow(connection: socket.socket, request: bytes) -> bool:
        time.sleep(1)
        return answer()(connection, request)

    with FaultServer(slow) as server, client_of(server.url, attempts=1) as client:
        found: list[Outcome] = []
        thread = threading.Thread(target=lambda: found.append(outcome(lambda: client.query(QUERY))))
        thread.start()
        time.sleep(0.3)
        child = os.fork()
        if child == 0:
            client.close()
            os._exit(0)
        os.waitpid(child, 0)
        thread.join()

        assert see(found[0]).seen == "result"


@pytest.mark.fault(81, "a thread that cannot start: Unavailable")
def test_a_thread_that_cannot_start() -> None:
    """The error names the remedy."""

    class Full:
        def submit(self, *_: object) -> NoReturn:
            message = "can't start new thread"
            raise RuntimeError(message)

    with pytest.raises(errors.Unavailable, match="cannot start another thread"):
        start(Full(), lambda: None)  # type: ignore[arg-type]  # as an executor at the limit of threads


# --- arguments ---------------------------------------------------------------------------------------------------------


@pytest.mark.fault(82, "arguments of wrong types: TqlError, nothing sent")
@pytest.mark.parametrize("query", [None, b"select a", ("select a",), 3, select])
def test_queries_that_are_none(query: Any) -> None:
    """Every method that takes a query says what it takes."""
    with FaultServer(answer()) as server, connect(server.url, "d") as client:
        for act in (client.query, client.compile, lambda query: client.map([query])):
            with pytest.raises(ArgumentError, match="`query` must be a query"):
                act(query)
        with pytest.raises(ArgumentError, match="`query` must be a query"):
            asyncio.run(client.aquery(query))
        assert server.requests == []


@pytest.mark.parametrize(
    "options",
    [
        {"largest_answer": None},
        {"largest_answer": 0},
        {"largest_answer": True},
        {"nan": "weird"},
        {"nan": None},
        {"snapshot": True},
    ],
)
def test_options_that_are_none(options: dict[str, Any]) -> None:
    """An invalid option is named before anything is sent."""
    with pytest.raises(errors.ConfigError, match=next(iter(options))):
        connect("http://127.0.0.1:1/q", **options)


@pytest.mark.parametrize(
    ("url", "hint"),
    [("app.activeloop.ai/api/query/v1", "a URL begins with https://"), ("deeplake.ai", "a URL begins with https://")],
)
def test_urls_without_a_scheme(url: str, hint: str) -> None:
    """A host of the service is no path, and the hint has the form of its URL."""
    with pytest.raises(errors.NotFound, match=hint):
        connect(url)


# --- values ------------------------------------------------------------------------------------------------------------


def result_of(values: list[Any]) -> Result:
    """Return a result of one column."""
    return Result(Answer(("a",), {"a": values}), Meta("select"))


UINT = 2**64 - 1


@pytest.mark.fault(83, "values without a common Arrow type: ConversionError; uint64 and exact numbers are kept")
@pytest.mark.parametrize(
    "values",
    [[1, "a"], [2020, "n/a"], [{"y": 2020}, {"y": "n/a"}], [{"a": {"x": 1}}, {"a": "s"}], [[1], ["a"]], [1.5, True], [[1.5], [True]], [UINT, -1], [2**64], ["\ud800"], [2**60 + 1, 1.5]],
    ids=repr,
)  # fmt: skip
def test_columns_without_an_arrow_type(values: list[Any]) -> None:
    """The error names the column and another way, and pandas keeps the values."""
    for convert in (result_of(values).to_arrow, result_of(values).to_polars):
        with pytest.raises(errors.ConversionError, match=r"the column `a` has no Arrow type .*to_numpy"):
            convert()
    assert result_of(values).to_pandas()["a"].tolist() == values


@pytest.mark.parametrize(
    "values",
    [[UINT], [UINT, None], [[UINT], [1]], [[[UINT]], None], [1, 1.5], [{"y": 1}, {"y": 1.5}], [None], [], [{}], [[], [None]], [{"a": {"x": 1}}, None], [True, None]],
    ids=repr,
)  # fmt: skip
def test_columns_with_an_arrow_type(values: list[Any]) -> None:
    """Arrow and polars return the values; missing keys of objects would be null."""
    assert result_of(values).to_arrow()["a"].to_pylist() == values
    assert (
        values == [{}] or result_of(values).to_polars()["a"].to_list() == values
    )  # polars has no struct without fields


@pytest.mark.parametrize("values", [[2**60 + 1, None], [2**63 + 1, None, 1], [2**53 + 1, 0.5]], ids=repr)
def test_pandas_keeps_the_digits_of_integers(values: list[Any]) -> None:
    """Where a float cannot represent an integer, the column has objects."""
    assert result_of(values).to_pandas()["a"].tolist() == values


@pytest.mark.fault(84, "a large response: columns in the order of the first row, rows without columns are counted")
def test_the_columns_of_large_responses() -> None:
    """Both are those of a small response."""
    rows = ", ".join(
        f'{{"zeta": 1, "alpha": "{"x" * 1000}", "mid": 2, "b{number % 3}": 0}}' for number in range(LARGE // 1000)
    )
    assert decode_answer(bytearray(f'{{"data": [{rows}]}}'.encode())).names == (
        "zeta",
        "alpha",
        "mid",
        "b0",
        "b1",
        "b2",
    )
    count = LARGE // 1000
    empty = decode_answer(bytearray(b'{"data": [' + b",".join([b"{" + b" " * 1000 + b"}"] * count) + b"]}"))
    assert len(Result(empty, Meta("select"))) == count


# --- versions ----------------------------------------------------------------------------------------------------------


@pytest.mark.fault(85, "snapshot=True: one version, which the client names")
@pytest.mark.parametrize("isolated", [False, True])
def test_a_version_is_kept(isolated: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter of the test
    """Commits are not visible, `version` names the version, and its id opens it again."""
    path = str(tmp_path / "d")
    dataset = deeplake.create(path)
    dataset.add_column("id", deeplake.types.Int64())
    dataset.append({"id": [1, 2]})
    dataset.commit()
    with connect(path, isolated=isolated, snapshot=True) as kept, connect(path) as newest:
        dataset.add_column("n", deeplake.types.Int64())
        dataset.append({"id": [3], "n": [3]})
        dataset.commit()

        assert (len(kept.query(select())), kept.query(select()).names) == (2, ("id",))
        assert len(newest.query(select())) == 3
        assert newest.version is None
        assert kept.version is not None
        with connect(path, isolated=isolated, snapshot=kept.version) as again:
            assert (again.version, len(again.query(select()))) == (kept.version, 2)
        with pytest.raises(errors.ConfigError, match="the newest ones are"):
            connect(path, snapshot="nonsense")
