"""Numbers of the retry policy (waits, budget, retried failures), tokens, errors and bodies."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.client.fault_server import QUERY
from tql_client import errors
from tql_client.protocol.call import Call, CancelToken
from tql_client.protocol.credentials import LONGEST, CalledToken, FixedToken, Secret, is_trusted, read_file, token_for
from tql_client.protocol.wire import (
    Answer,
    Decoding,
    decode_answer,
    decode_error,
    encode_answer,
    encode_request,
    load,
    retry_after,
)
from tql_client.transport import retry
from tql_client.transport.retry import Budget, Retries, is_repeatable
from tql_grammar.diagnostic import Diagnostic
from tql_grammar.errors import ArgumentError, TqlError

if TYPE_CHECKING:
    from pathlib import Path


class Scripted:
    """A transport that raises the given failures in turn, and then returns an answer."""

    def __init__(self, *failures: Exception) -> None:
        """Create a transport with failures."""
        self.failures = list(failures)
        self.attempts: list[int] = []

    def send(self, call: Call) -> Answer:
        """Raise the next failure, or return an answer."""
        self.attempts.append(call.attempt)
        if self.failures:
            raise self.failures.pop(0)
        return Answer(("a",), {"a": [1]})

    def close(self) -> None:
        """Do nothing."""


def call(query: str = QUERY, seconds: float = 60.0) -> Call:
    """Return a call."""
    return Call(query, True, time.monotonic() + seconds, "id", CancelToken())  # noqa: FBT003 - a field


def waits_of(*failures: Exception, attempts: int = 99, draw: Any = lambda _low, high: high, **of: Any) -> list[float]:
    """Return the wait after each failure."""
    waits: list[float] = []
    Retries(attempts, waits.append, draw).send(Scripted(*failures), call(**of))
    return waits


def api(status: int, after: float | None = None) -> errors.APIError:
    """Return the error of a status."""
    return errors.by_status(status)(status, "no", retry_after=after)


def test_waits_double() -> None:
    """The wait is random between 0 and 0.5 s times 2**n, at most 8 s; after 429 and 503, 1 s times 2**n."""
    assert waits_of(*[api(502)] * 5) == [1.0, 2.0, 4.0, 8.0, 8.0]
    assert waits_of(*[api(429)] * 4) == [2.0, 4.0, 8.0, 8.0]
    assert waits_of(*[api(503)] * 2) == [2.0, 4.0]
    assert waits_of(*[errors.ConnectError("x")] * 3) == [1.0, 2.0, 4.0]
    drawn: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        drawn.append((low, high))
        return 0.0

    waits_of(api(504), api(502, 2.0), draw=draw)
    assert drawn == [(0, 1.0), (0, 0.1)]


def test_the_first_lost_connection_is_tried_again_at_once() -> None:
    """Only the first retry after a lost connection follows without a wait."""
    lost = errors.ConnectionLost("x")
    assert waits_of(lost, lost, lost) == [0.0, 2.0, 4.0]
    assert waits_of(api(502), lost) == [1.0, 2.0]


def test_what_the_server_asks_for() -> None:
    """Retry-After is followed up to 60 s, plus at most a tenth; above that the error is raised at once."""
    assert waits_of(api(429, 60.0), seconds=1000) == [pytest.approx(66.0)]
    with pytest.raises(errors.RateLimited):
        waits_of(api(429, 60.5), seconds=1000)
    with pytest.raises(errors.RateLimited):
        waits_of(api(429, 5.0), seconds=5.2)
    assert waits_of(api(429, 5.0), seconds=5.8) == [pytest.approx(5.5)]


@pytest.mark.parametrize("status", [408, 425, 429, 502, 503, 504])
def test_statuses_that_are_tried_again(status: int) -> None:
    """After these statuses, queries that read are retried, and others are not."""
    assert is_repeatable(api(status), QUERY)
    assert not is_repeatable(api(status), "delete from t")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 423, 500, 501, 505, 999])
def test_statuses_that_are_not(status: int) -> None:
    """Statuses that a retry cannot fix, or that may be a crash of the engine, are not retried."""
    assert not is_repeatable(api(status), QUERY)
    transport = Scripted(api(status))
    with pytest.raises(errors.APIError):
        Retries(9, lambda _: None).send(transport, call())
    assert transport.attempts == [1]


READS = ["select 1", "  SELECT 1", "(select 1)", "with a as (b) select 1", "-- c\n select 1", "\n-- a\n--b\n\t(select"]
NO_READS = [
    "selected",
    "delete",
    "insert into t select 1",
    "",
    "-- select 1",
    "update t set a = (select 1)",
    "withdraw",
    "1 select",
]


@pytest.mark.parametrize("query", READS + NO_READS)
def test_what_is_a_read(query: str) -> None:
    """Any query is retried if it was not sent; one that may have reached the server only if it reads."""
    assert is_repeatable(errors.ConnectionLost("x"), query) is (query in READS)
    assert is_repeatable(errors.ConnectError("x"), query)
    assert is_repeatable(errors.ConnectTimeout("x"), query)
    assert is_repeatable(errors.ProtocolError("x", "not_json", retryable=True), query) is (query in READS)


@pytest.mark.parametrize(
    "error",
    [
        errors.ReadTimeout("x"),
        errors.DeadlineExceeded("x"),
        errors.TlsError("x"),
        errors.ProxyError("x"),
        errors.RedirectRefused("x"),
        errors.ResponseTooLarge("x"),
        errors.ProtocolError("x", "not_json"),
        errors.TransportError("x"),
    ],
)
def test_what_is_not_sent_again(error: Any) -> None:
    """Errors that a retry cannot fix, or that may do harm, are not retried."""
    assert not is_repeatable(error, QUERY)


def test_attempts() -> None:
    """The number of attempts is limited, each has its number, and the error has the total."""
    for most in (1, 2, 3, 5):
        transport = Scripted(*[errors.ConnectError("x") for _ in range(9)])
        with pytest.raises(errors.ConnectError) as caught:
            Retries(most, lambda _: None).send(transport, call())
        assert transport.attempts == list(range(1, most + 1))
        assert caught.value.attempts == most
        assert 0 <= caught.value.elapsed < 1
    for odd in (0, -1, True, 1.0, "3"):
        with pytest.raises(errors.ConfigError, match="attempts"):
            Retries(odd)  # type: ignore[arg-type]  # the mistake
    assert retry.ATTEMPTS == 3


@pytest.mark.parametrize("error", [errors.UnknownHost("x"), errors.ProtocolError("x", "not_json", retryable=True)])
def test_what_is_tried_twice(error: Exception) -> None:
    """An unknown host and a truncated response are retried once; with attempts=1, never."""
    for most, expected in ((1, 1), (2, 2), (9, 2)):
        transport = Scripted(*[error] * 9)
        with pytest.raises(type(error)):
            Retries(most, lambda _: None).send(transport, call())
        assert len(transport.attempts) == expected


def test_budget() -> None:
    """The budget allows five failures; ten successes earn one token, up to ten tokens."""
    budget = Budget()
    assert [budget.take() for _ in range(7)] == [True] * 5 + [False] * 2
    for _ in range(9):
        budget.earn()
    assert budget.take() is True  # 5.9 is more than 5
    assert budget.take() is False
    for _ in range(1000):
        budget.earn()
    assert [budget.take() for _ in range(7)] == [True] * 5 + [False] * 2


def test_a_copy_shares_the_budget() -> None:
    """A client and its copies share the budget: after five retries, each waits for a turn too, and the turns are 1, 2, 4 and 8 s apart."""
    waits: list[float] = []
    first = Retries(2, waits.append, lambda _low, high: high, clock=lambda: sum(waits))
    second = first.with_attempts(3)
    for retries in [first] * 3 + [second] * 3:
        with pytest.raises(errors.ConnectError):
            retries.send(Scripted(*[errors.ConnectError("x") for _ in range(9)]), call())
    assert waits == [1, 1, 1, 1, 2, *(1, 1), *(2, 2), *(1, 4), *(2, 8)]


def test_success_earns() -> None:
    """Ten successes pay for one retry."""
    retries = Retries(2, lambda _: None)
    for _ in range(5):
        retries.send(Scripted(api(502)), call())
    for _ in range(20):
        retries.send(Scripted(), call())
    transport = Scripted(api(502))
    assert retries.send(transport, call())[1] == 2


def test_a_stop_ends_the_wait() -> None:
    """Cancelling a call ends its wait, and raises `Cancelled`."""
    one = call()
    threading.Timer(0.1, one.stop.cancel).start()
    started = time.monotonic()
    with pytest.raises(errors.Cancelled):
        Retries(9, draw=lambda _low, _high: 50.0).send(Scripted(*[errors.ConnectError("x") for _ in range(9)]), one)
    assert 0.05 < time.monotonic() - started < 5
    done: list[int] = []
    with one.stop.during(lambda: done.append(1)):
        assert done == [1]
    other = CancelToken()
    with other.during(lambda: done.append(2)):
        assert done == [1]
        other.cancel()
    other.cancel()
    assert done == [1, 2]


# --- tokens ----------------------------------------------------------------------------------------------------------

GOOD = ["a", "A-Za-z0", "a.b_c~d+e/f-g", "abc==", "x" * LONGEST, "eyJhbGciOi.J9.e-_"]
BAD = ["", " ", "a b", "a=b", "=", "a\nb", "ä", "a'", 'a"', "a,b", "a;b", "x" * (LONGEST + 1), "a\x00", "a\x7f", "…"]


@pytest.mark.parametrize("token", GOOD)
def test_tokens(token: str) -> None:
    """Tokens in the form of RFC 6750 are accepted, without surrounding white space."""
    assert Secret(token).reveal() == token
    assert Secret(f" \n{token}\t\r\n").reveal() == token
    assert LONGEST == 8192


@pytest.mark.parametrize("token", [*BAD, None, 3, b"a"])
def test_no_tokens(token: Any) -> None:
    """Other tokens are rejected, and the message contains no character of them."""
    with pytest.raises(errors.ConfigError) as caught:
        Secret(token)
    assert "token" in str(caught.value)
    assert not isinstance(token, str) or len(token) < 2 or token not in str(caught.value)


def test_a_secret_shows_nothing() -> None:
    """A token is not pickled or copied, and its repr is masked."""
    secret = Secret("hidden")
    assert {repr(secret), str(secret), f"{secret}", f"{secret:>3}", "%s" % secret, f"{[secret]}"} == {  # noqa: UP031 - also tested
        "Secret(***)",
        "[Secret(***)]",
    }
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            act(secret)
    assert not hasattr(secret, "__dict__")


TRUSTED = ["activeloop.ai", "app.activeloop.ai", "API.DEEPLAKE.AI", "deeplake.ai.", "a.b.deeplake.ai"]
FOREIGN = [
    "activeloop.ai.evil.test",
    "evilactiveloop.ai",
    "activeloop.com",
    "ai",
    "",
    "127.0.0.1",
    "localhost",
    "activeloop.ai@evil.test",
]


@pytest.mark.parametrize("host", TRUSTED + FOREIGN)
def test_who_gets_the_environment_s_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only hosts of the service are trusted, not hosts with similar names."""
    monkeypatch.setenv("ACTIVELOOP_TOKEN", "from-the-environment")
    assert is_trusted(host) is (host in TRUSTED)
    if host in TRUSTED:
        found = token_for(f"https://{host}/q", None)
        assert found is not None
        assert found().reveal() == "from-the-environment"
        assert found.renews is False
        monkeypatch.delenv("ACTIVELOOP_TOKEN")
        with pytest.raises(errors.ConfigError, match="ACTIVELOOP_TOKEN"):
            token_for(f"https://{host}/q", None)
    elif host in {"127.0.0.1", "localhost"}:
        assert token_for(f"http://{host}/q", None) is None
    elif host and "@" not in host:
        with pytest.raises(errors.ConfigError, match="no token"):
            token_for(f"https://{host}/q", None)


def test_where_a_token_comes_from(tmp_path: Path) -> None:
    """The token comes from one of the argument, a function for each attempt, or a file."""
    file = tmp_path / "t"
    file.write_text("from-file\n")
    tokens = iter(["one", "two"])
    fixed, called, read = (
        token_for("https://x.test", "given"),
        token_for("https://x.test", lambda: next(tokens)),
        token_for("https://x.test", None, str(file)),
    )
    assert isinstance(fixed, FixedToken)
    assert isinstance(called, CalledToken)
    assert read is not None
    assert (fixed().reveal(), called().reveal(), called().reveal(), read().reveal()) == (
        "given",
        "one",
        "two",
        "from-file",
    )
    assert (fixed.renews, called.renews, read.renews) == (False, True, False)
    with pytest.raises(errors.ConfigError, match="both"):
        token_for("https://x.test", "a", str(file))
    with pytest.raises(errors.ConfigError, match="FileNotFoundError"):
        read_file(str(tmp_path / "none"))
    file.write_bytes(b"\xff")
    with pytest.raises(errors.ConfigError, match="UnicodeDecodeError"):
        read_file(str(file))
    file.write_text("x" * 20_000)
    assert len(read_file(str(file))) == LONGEST + 2


# --- errors ----------------------------------------------------------------------------------------------------------

STATUSES = {
    400: "BadQuery", 401: "AuthenticationError", 403: "PermissionDenied", 404: "NotFound", 409: "Conflict", 422: "BadQuery", 423: "Locked",
    429: "RateLimited", 500: "ServerError", 501: "ServerError", 502: "BadGateway", 503: "Unavailable", 504: "GatewayTimeout", 599: "ServerError",
    418: "APIError", 600: "APIError", 499: "APIError", 999: "APIError",
}  # fmt: skip


@pytest.mark.parametrize(("status", "name"), STATUSES.items())
def test_classes_of_statuses(status: int, name: str) -> None:
    """Each status has its error class."""
    assert errors.by_status(status).__name__ == name
    assert issubclass(errors.by_status(status), errors.APIError)


EVERY = [
    errors.ConfigError("x"),
    errors.ClosedError("x"),
    errors.Cancelled("x"),
    errors.MissingExtra("x"),
    *(kind("x", 3, 1.5) for kind in (
        errors.TransportError, errors.ConnectError, errors.UnknownHost, errors.TlsError, errors.ProxyError, errors.QueryTimeout,
        errors.ConnectTimeout, errors.ReadTimeout, errors.DeadlineExceeded, errors.ConnectionLost, errors.RedirectRefused, errors.ResponseTooLarge,
    )),
    errors.ProtocolError("x", "ragged"),
    errors.ProtocolError("x", "not_json", retryable=True),
    errors.RateLimited(
        429, "slow", code="c", request_id="r", hint="h", position=3, retry_after=1.5, body_excerpt="b",
        diagnostic=Diagnostic("TQL100", "error", "m", 1, 2, 1, 2),
    ),
    errors.EngineCrash(500, "dead"),
]  # fmt: skip


@pytest.mark.parametrize("error", EVERY, ids=lambda error: type(error).__name__)
def test_errors_are_pickled_and_copied(error: TqlError) -> None:
    """Errors keep their attributes when pickled or copied."""
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 - a pickle of this test
        assert type(made) is type(error)
        assert made.__dict__ == error.__dict__
        assert str(made) == str(error)
        assert isinstance(made, TqlError)


def test_what_errors_are() -> None:
    """Errors are subclasses of matching classes of Python, and `retryable` is whether another call may succeed."""
    assert issubclass(errors.ConfigError, ValueError)
    assert issubclass(errors.MissingExtra, ImportError)
    assert issubclass(errors.QueryTimeout, TimeoutError)
    assert [kind.retryable for kind in (errors.ConnectError, errors.TlsError, errors.RedirectRefused, errors.ResponseTooLarge)] == [
        True, False, False, False,
    ]  # fmt: skip
    fresh = errors.ConnectionLost("x")
    assert (fresh.attempts, fresh.elapsed) == (1, 0.0)
    bare = errors.APIError(400, "no")
    assert str(bare) == "400: no"
    assert str(errors.APIError(400, "no", hint="so")) == "400: no\nhint: so"
    assert (bare.code, bare.request_id, bare.hint, bare.position, bare.retry_after, bare.body_excerpt, bare.diagnostic) == (
        None, None, None, None, None, "", None,
    )  # fmt: skip
    assert errors.ProtocolError("x", "empty").retryable is False


# --- bodies ----------------------------------------------------------------------------------------------------------


def test_requests_are_json() -> None:
    """A request has the two keys of the protocol."""
    assert load(encode_request('a "b"\n', as_list=False)) == {"query": 'a "b"\n', "as_list": False}
    with pytest.raises(ArgumentError, match="character at 25 is half of one") as caught:
        encode_request(f"{'b' * 25}\udc00c\ud800", as_list=True)
    assert f"'{'b' * 20}\\udc00'" in str(caught.value)
    with pytest.raises(ArgumentError, match="character at 2 is half of one") as caught:
        encode_request("ab\udfff", as_list=True)
    assert "'ab\\udfff'" in str(caught.value)


def test_answers_of_both_forms() -> None:
    """A response has rows or columns, a message, names and extra keys."""
    rows, columns = (load(encode_answer({"a": [1, 2], "b": ["x", None]}, as_list=as_list)) for as_list in (True, False))
    assert rows == {
        "message": "Query successful.",
        "tensors": ["a", "b"],
        "data": [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
    }
    assert columns["data"] == {"a": [1, 2], "b": ["x", None]}
    body = b'{"message": "m", "tensors": ["a"], "data": [{"a": 1}], "x": 2}'
    found = decode_answer(body)
    assert (found.names, found.by_rows, found.message, found.extra, found.size) == (
        ("a",),
        True,
        "m",
        {"x": 2},
        len(body),
    )
    assert decode_answer(b'{"data": {"a": []}}').by_rows is False
    assert encode_answer({"a": [float("nan"), 2**70, float("-inf")]}, as_list=False).endswith(
        b'{"a": [NaN, 1180591620717411303424, -Infinity]}}'
    )
    assert encode_answer({"a": [2**70]}, as_list=True).endswith(b'[{"a": 1180591620717411303424}]}')
    with pytest.raises(ValueError, match="shorter"):
        encode_answer({"a": [1, 2], "b": [1]}, as_list=True)
    assert b"NaN" in encode_answer({"a": [{"b": [float("nan")]}]}, as_list=True)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1", 1.0), ("2.5", 2.5), ("0", 0.0), ("-1", None), ("1e3", None), ("nan", None), ("", None), ("1.", None), (".5", None), ("1" * 16, None),
     ("999999999999999", 999999999999999.0), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0), ("Mon, 01 Jan 2001 00:00:00", None), ("x", None), (" 1", None)],
)  # fmt: skip
def test_retry_after(value: str, seconds: float | None) -> None:
    """Retry-After is a number in ASCII digits, or a date with a time zone."""
    assert retry_after(value) == seconds


def test_the_time_until_a_date() -> None:
    """A date is relative to the wall clock."""
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 100))
    assert 90 < (retry_after(later) or 0) <= 100


def test_errors_of_a_body() -> None:
    """The error has status, description, code, request id, hint, position, excerpt and Retry-After."""
    body = b'{"description": "Pos 7 - syntax error", "code": 4, "request_id": 9, "hint": "so"}'
    found = decode_error(400, body, {"retry-after": "3", "x-request-id": "other"})
    assert isinstance(found, errors.BadQuery)
    assert (found.description, found.code, found.request_id, found.hint) == ("Pos 7 - syntax error", "4", "9", "so")
    assert (found.position, found.retry_after, found.body_excerpt) == (7, 3.0, body.decode())
    for name in ("x-request-id", "x-amzn-trace-id", "cf-ray"):
        assert decode_error(500, b"{}", {name: "id"}).request_id == "id"
    plain = decode_error(500, b"x" * 900, {})
    assert (plain.code, plain.request_id, len(plain.body_excerpt), len(plain.description)) == (None, None, 500, 500)
    assert decode_error(502, b"<html><title> Bad\xff </title>", {}).description.startswith("Bad")
    order = b'{"detail": "4", "message": "3", "error": {"message": "2"}, "description": ""}'
    assert decode_error(400, order, {}).description == "2"
    assert decode_error(400, b'{"detail": "4", "message": "3", "error": {"other": "2"}}', {}).description == "3"
    assert decode_error(400, b'{"detail": "4", "message": 3}', {}).description == "4"


def test_policies_of_numbers() -> None:
    """By default, NaN and infinities are decoded as by Python's json module."""
    assert Decoding() == Decoding("keep", strict=False)
    assert repr(load(b"[NaN, -Infinity, 1e999, 0.1]")) == "[nan, -inf, inf, 0.1]"
    assert load(b"[NaN, 1e999, 0.1]", Decoding("null")) == [None, None, 0.1]
    with pytest.raises(errors.ProtocolError, match="-Infinity"):
        load(b"[-Infinity]", Decoding("error"))
    assert load(b"[1e2, 0.1]", Decoding("error", strict=True)) == [100.0, 0.1]
    assert load(b"\xef\xbb\xbf[1]") == [1]
    assert load(b'{"a": 1, "a": 2}') == {"a": 2}
    assert load(b"[1180591620717411303424]") == [float(2**70)]
    assert load(b"[1180591620717411303424]", Decoding(strict=True)) == [2**70]
    assert load(b'{"a": 1, "b": 2}', Decoding(strict=True)) == {"a": 1, "b": 2}
    with pytest.raises(errors.ProtocolError, match="twice"):
        load(b'{"a": 1, "a": 2}', Decoding(strict=True))
    many = b"{" + b",".join(b'"%d": 1' % number for number in range(300)) + b"}"
    assert len(load(many, Decoding(strict=True))) == 300


KINDS = {
    b"<html>": "html_page", b" <": "html_page", b"a": "not_json", b"=": "not_json", b"": "empty", b"[": "not_json", b"[1]": "not_object",
    b"{}": "missing_key", b'{"data": 1}': "wrong_type", b'{"tensors": [1], "data": []}': "wrong_type", b'{"tensors": {}, "data": []}': "wrong_type",
    b'{"tensors": ["a", "a"], "data": []}': "wrong_type", b'{"data": [1]}': "wrong_type", b'{"tensors": ["a"], "data": {"a": 1}}': "missing_key",
    b'{"tensors": ["a"], "data": {}}': "missing_key", b'{"data": {"a": [1], "b": []}}': "ragged",
}  # fmt: skip


@pytest.mark.parametrize(("body", "kind"), KINDS.items())
def test_kinds_of_what_is_no_answer(body: bytes, kind: str) -> None:
    """Each violation of the protocol has its kind and its message."""
    with pytest.raises(errors.ProtocolError) as caught:
        decode_answer(body)
    assert caught.value.kind == kind


def test_what_messages_show() -> None:
    """The message has the beginning of the body, the title of a web page, or the keys of the object."""
    for body, shown in (
        (b"x" * 99, repr("x" * 60)),
        (b"<title>Log in</title>", "'Log in'"),
        (b'{"a": 1, "b": 2}', "a, b"),
        (b"{}", "none"),
    ):
        with pytest.raises(errors.ProtocolError) as caught:
            decode_answer(body)
        assert str(caught.value).endswith(shown) or shown in str(caught.value)
        assert "x" * 61 not in str(caught.value)
    names = [str(number) for number in range(300)]
    assert decode_answer(str({"tensors": names, "data": []}).replace("'", '"').encode()).names == tuple(names)
    assert not isinstance(decode_error(400, b'{"hint": 3, "error": "x"}', {}).hint, int)
    assert decode_error(400, b'{"hint": "", "error": "x"}', {}).hint != ""
    assert decode_error(404, b"[]", {}).description == "[]"
