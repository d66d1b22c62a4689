"""Errors of invalid input: each is specific, and none contains the token."""

from __future__ import annotations

import pickle
import traceback
from typing import TYPE_CHECKING

import numpy as np
import pytest
import requests

from tql import ArgumentError, CheckError, ParseError, TqlError, select
from tql_client import connect, serve
from tql_client.cli import demo
from tql_client.errors import AuthenticationError, BadQuery, ConfigError, ConnectError, NotFound

from .conftest import TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tql_client import Client
    from tql_client.server.local import Server


def test_malformed_text_names_line_and_column_and_draws_a_caret(http: Client) -> None:
    """The error has line, column and carets, and nothing is sent."""
    with pytest.raises(ParseError) as caught:
        http.query("select name\nfrom where")

    assert (caught.value.line, caught.value.column) == (2, 6)
    assert "from where\n     ^^^^^" in str(caught.value)


def test_a_text_that_the_engine_would_cut_is_refused(http: Client) -> None:
    """The position of the error is the part that the engine would ignore."""
    with pytest.raises(ParseError) as caught:
        http.query(demo.TRAP)

    assert caught.value.diagnostic.code == "TQL001"
    assert demo.TRAP[caught.value.position :] == "& id < 1692"


def test_a_second_order_key_is_refused(http: Client) -> None:
    """The engine would ignore the second key, so the query is rejected."""
    with pytest.raises(CheckError) as caught:
        http.query("select id order by module, id")

    assert [finding.code for finding in caught.value.diagnostics] == ["TQL301"]


def test_an_unknown_column_is_named_with_the_nearest(http: Client) -> None:
    """The hint for the engine's message has the nearest column."""
    with pytest.raises(BadQuery, match="modul") as caught:
        http.query(select("modul").limit(1))

    assert "module" in str(caught.value)


def test_an_unknown_column_never_reaches_the_engine_in_this_process(embedded: Client) -> None:
    """The schema is known, so the query is rejected with the nearest column before it is sent."""
    with pytest.raises(ArgumentError, match="did you mean 'module'"):
        embedded.query(select("modul").limit(1))


@pytest.mark.parametrize("client", ["http", "embedded"])
def test_an_unknown_dataset_is_not_found(request: pytest.FixtureRequest, client: str) -> None:
    """An unknown dataset has the status 404, over HTTP and in process."""
    with pytest.raises(NotFound, match="hub://demo/other") as caught:
        request.getfixturevalue(client).query(select("id").from_("hub://demo/other"))

    assert caught.value.status == 404


def test_a_wrong_token_is_refused_and_not_shown(server: Server) -> None:
    """A wrong token has the status 401, and occurs in no output."""
    wrong = "canary-wrong-1b2c"
    with connect(server.url, dataset=demo.NAME, token=wrong) as client, pytest.raises(AuthenticationError) as caught:
        client.query(select("id").limit(1))

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(client)
    assert caught.value.status == 401
    assert wrong not in shown
    assert wrong.encode() not in pickle.dumps(caught.value)


def test_a_token_of_the_environment_goes_to_the_service_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another host never receives the token; the error names both ways to pass one."""
    monkeypatch.setenv("ACTIVELOOP_TOKEN", TOKEN)

    with pytest.raises(ConfigError) as caught:
        connect("https://app.activeloop.ai.example.org/api/query/v1")
    assert "token" in str(caught.value)
    assert "ACTIVELOOP_TOKEN" in str(caught.value)
    assert TOKEN not in str(caught.value)
    connect("https://app.activeloop.ai/api/query/v1").close()


def test_no_server(server: Server) -> None:
    """If no server listens at the port, the client raises `ConnectError`."""
    del server
    with serve_and_stop() as url, connect(url, dataset="d", token=TOKEN, timeout=5) as client:
        with pytest.raises(ConnectError) as caught:
            client.query(select("id"))
        assert isinstance(pickle.loads(pickle.dumps(caught.value)), ConnectError)  # noqa: S301 - a pickle of this test


class serve_and_stop:  # noqa: N801 - used as a function
    """Return a URL of this machine at which no server listens."""

    def __enter__(self) -> str:
        """Reserve a free port, and release it."""
        import socket

        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{taken.getsockname()[1]}/api/query/v1"

    def __exit__(self, *_exception: object) -> None:
        """Do nothing."""


SHORT = select("id").similarity("embedding", np.ones(3, dtype=np.float32)).order_by("score").limit(2)


def test_a_vector_of_the_wrong_length(http: Client) -> None:
    """The engine's message is returned as `BadQuery`."""
    with pytest.raises(BadQuery, match=r"length|shape"):
        http.query(SHORT)


def test_a_vector_of_the_wrong_length_never_reaches_the_engine_in_this_process(embedded: Client) -> None:
    """The schema is known, so the query is rejected before it is sent."""
    with pytest.raises(ArgumentError, match=r"got 3 elements: the column is embedding\[384\]"):
        embedded.query(SHORT)


def test_nan_in_a_vector() -> None:
    """The error has the index of the NaN."""
    with pytest.raises(ArgumentError, match="1"):
        select("id").similarity("embedding", [0.5, float("nan")])


@pytest.mark.parametrize("name", ['a"b', "a\nb", "a\0b"])
def test_a_name_that_tql_cannot_write(name: str) -> None:
    """A name with a double quote, a newline or a NUL is rejected."""
    with pytest.raises(ArgumentError, match="name"):
        str(select(name))


def test_deadly_texts_are_refused_by_the_server(server: Server, http: Client) -> None:
    """`DELETE FROM t` would crash the engine; the server rejects it, and continues to serve."""
    answer = requests.post(
        server.url, json={"query": "delete from t"}, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
    )

    assert answer.status_code == 400
    assert "SELECT" in answer.json()["description"]
    assert len(http.query(select("id").limit(2))) == 2


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b'{"query": 5}', {}, 400),
        (b'{"query": "select id", "as_list": 1}', {}, 400),
        (b'{"query": "select id from \\"nowhere\\""}', {}, 404),
        (b'{"query": "select id from"}', {}, 400),
        (b"{}", {"Host": "evil.example.org"}, 403),
        (b"{}", {"Authorization": "Bearer no"}, 401),
        (b"{}", {"Authorization": ""}, 401),
    ],
)
def test_the_server_refuses_in_json(server: Server, body: bytes, headers: dict[str, str], status: int) -> None:
    """Each error response has a description, like those of the hosted service."""
    given = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", **headers}
    answer = requests.post(server.url, body, headers=given, timeout=30)

    assert answer.status_code == status
    assert answer.json()["description"]


def test_the_server_is_of_this_machine_only(path: Path) -> None:
    """A host that is not a loopback address is rejected before a socket is bound."""
    with pytest.raises(ConfigError, match="host"):
        serve({"d": str(path)}, host="0.0.0.0")  # noqa: S104 - the rejected address


def test_no_dataset_at_a_path(tmp_path: Path) -> None:
    """The error has the path."""
    with pytest.raises(NotFound, match="nothing-here"):
        connect(str(tmp_path / "nothing-here"))


def test_a_query_without_source_needs_a_dataset(server: Server) -> None:
    """A query without FROM raises if the client has no dataset, and nothing is sent."""
    with connect(server.url, token=TOKEN) as client, pytest.raises(TqlError, match="dataset"):
        client.query(select("id"))
