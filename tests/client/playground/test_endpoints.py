"""The page's files and what it asks: the policy of the server, the answers of the library, and data that is markup."""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import re
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import deeplake
import numpy as np
import pytest
import requests
from pyarrow import parquet

import tql
from tests.client.playground import datasets
from tests.leftovers import children
from tql import format as format_text
from tql_client import connect, serve
from tql_client.cli.commands.playground import EXAMPLE
from tql_client.playground.pages import MEDIA_TYPES
from tql_client.playground.playground import MOST_BYTES, NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tql_client.server.local import Server

SOURCES = Path(__file__).parents[3] / "client" / "playground"
TOKEN = "canary-of-the-page"  # noqa: S105 - the token of a server of this test
MOST_KILOBYTES = 200
TRAPS = (
    "select id, name from d order by name, id",
    "select id from d where name = null",
    "select \U0001d518 from d where not id in (1, 2) -- \U0001d518",
    "select from",
    "",
    'select id, "<b>bold</b>" from d where nope = 1',
    "select id from d where id = 'x' & name = 2",
)
COMMAND = [sys.executable, "-P", "-m", "tql_client"]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of a dataset whose names and values are markup."""
    path = str(tmp_path_factory.mktemp("playground") / "d")
    datasets.write(path)
    return path


@pytest.fixture(scope="module")
def server(path: str) -> Iterator[Server]:
    """Return a server with the page."""
    with serve({"d": path, datasets.MARKUP: path}, token=TOKEN, ui=True) as running:
        ask(running, "check", "")  # starts the thread of the checks
        yield running


@pytest.fixture(scope="module")
def schema(path: str) -> tql.Schema:
    """Return the columns of the dataset."""
    return tql.Schema.from_dataset(deeplake.open_read_only(path))


class Answer(NamedTuple):
    """An answer of the server; unlike a response of requests it keeps no connection open."""

    status_code: int
    text: str
    headers: Mapping[str, str]

    def json(self) -> dict[str, Any]:
        """Return the JSON object."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def post(server: Server, name: str, body: object, **headers: str) -> Answer:
    """Ask what the page asks."""
    assert server.page is not None
    sent = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}", **headers}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = requests.post(f"{server.page}{name}", data=data, headers=sent, timeout=30)
    return Answer(response.status_code, response.text, response.headers)


def ask(server: Server, name: str, text: str, **more: Any) -> dict[str, Any]:
    """Return the answer to what the page asks of a text."""
    response = post(server, name, {"text": text, **more})
    assert response.status_code == 200, response.text
    return response.json()


def static(name: str) -> bytes:
    """Return a file of the package."""
    return (files("tql_client.playground") / "static" / name).read_bytes()


def test_the_files_need_no_token_and_load_nothing_from_elsewhere(server: Server) -> None:
    """Each file has the policy; the number of the styles is new each time, and in no other file."""
    assert server.page is not None
    numbers = set()
    for name, media_type in MEDIA_TYPES.items():
        response = requests.get(server.page + ("" if name == "index.html" else name), timeout=10)
        policy = response.headers["Content-Security-Policy"]
        nonce = re.search(r"style-src 'self' 'nonce-([\w-]{22})'", policy)
        assert nonce is not None
        directives = {name: value for name, _, value in (part.strip().partition(" ") for part in policy.split(";"))}
        assert directives == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": f"'self' 'nonce-{nonce[1]}'",
            "connect-src": "'self'",
            "img-src": "'self' data:",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        assert response.headers["Content-Type"] == media_type
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert (nonce[1] in response.text) is (name == "index.html")
        assert response.content == static(name).replace(b"{{nonce}}", nonce[1].encode())
        numbers.add(nonce[1])
    assert len(numbers) == len(MEDIA_TYPES)


def test_who_may_ask(server: Server) -> None:
    """The policy is that of the query endpoint: no other host, origin or type, and the token for all but the files."""
    assert server.page is not None
    for headers in ({"Host": "evil.test"}, {"Origin": "http://evil.test"}):
        assert requests.get(server.page, headers=headers, timeout=10).status_code == 403
    for name in NAMES:
        assert post(server, name, {}, Host="evil.test").status_code == 403
        assert post(server, name, {}, Origin="http://evil.test").status_code == 403
        assert post(server, name, {}, Origin="null").status_code == 403
        assert post(server, name, {}, **{"Content-Type": "text/plain"}).status_code == 415
        assert post(server, name, {}, Authorization="Bearer other").status_code == 401
        assert requests.get(f"{server.page}{name}", timeout=10).status_code == 405


def test_invalid_requests(server: Server) -> None:
    """A request of another form is refused with the reason; so is a text that is too long."""
    for body in (b"", b"[]", b"{", b"[" * 100_000, b'{"text": 1}', b'{"dataset": 1}', b"\xff"):
        assert post(server, "check", body).status_code == 400
    assert post(server, "check", {"text": "x" * MOST_BYTES}).status_code == 413
    for offset in (-1, 2, "1", None, 1.5):
        assert post(server, "complete", {"text": "s", "offset": offset}).status_code == 400
    for vector in ([], ["1"], [True], 1, None, [1.0]):
        assert post(server, "like", {"dataset": "d", "column": "embedding", "vector": vector}).status_code == 400
    assert "`offset` must be a number from 0 to 1" in post(server, "describe", {"text": "s", "offset": 9}).text


def test_there_is_no_page_unless_it_is_asked_for(path: str) -> None:
    """Without `ui`, no path of the page exists."""
    with serve({"d": path}, workers=0) as plain:
        assert plain.page is None
        address = plain.url.partition("/api")[0]
        for name in ("", "playground.js", "check"):
            assert requests.get(f"{address}/playground/{name}", timeout=10).status_code == 404
            assert requests.post(f"{address}/playground/{name}", json={}, timeout=10).status_code == 404


def test_what_it_knows(server: Server, schema: tql.Schema) -> None:
    """The page knows the columns of each dataset, by names that may be markup, and the words of the language."""
    found = ask(server, "setup", "")
    columns = {
        name: {"type": str(column), "kind": column.kind, "boxes": column.boxes} for name, column in schema.columns
    }

    assert found["datasets"] == {"d": columns, datasets.MARKUP: columns}
    keys = ask(server, "complete", "select meta['", offset=13, dataset="d")["proposals"]
    assert [one["label"] for one in keys] == ["1", "2", "__proto__", "number"]
    assert "SELECT" in found["keywords"]
    assert "cosine_similarity" in found["functions"]


@pytest.mark.parametrize("text", TRAPS)
def test_a_text_is_answered_as_by_the_library(server: Server, schema: tql.Schema, text: str) -> None:
    """Findings, proposals, descriptions, signatures, fixes and layout are those of `tql`, with the dataset's columns."""
    schemas = {"d": schema, datasets.MARKUP: schema}
    expected = tql.check(text, schemas)
    found = ask(server, "check", text)["findings"]

    assert [one["code"] for one in found] == [one.code for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert {key: value for key, value in one.items() if key != "edits"} == {
            key: getattr(other, key) for key in one if key != "edits"
        }
        assert applied(text, one["edits"]) == (other.fix or text)
    assert ask(server, "fix", text)["text"] == tql.fix(text, schemas)
    for offset in range(0, len(text) + 1, 5):
        proposals = ask(server, "complete", text, offset=offset)["proposals"]
        assert [one["label"] for one in proposals] == [one.label for one in tql.complete(text, offset, schemas)]
        described = tql.describe(text, offset, schemas)
        shown = ask(server, "describe", text, offset=offset)["description"]
        assert (shown or {}).get("title") == (described.title if described else None)
    response = post(server, "format", {"text": text})
    assert (response.status_code, response.json()) == formatted(text)


def formatted(text: str) -> tuple[int, dict[str, str]]:
    """Return the expected answer to a text that is to be formatted."""
    try:
        return 200, {"text": format_text(text)}
    except tql.ParseError as error:
        return 400, {"description": str(error)}


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """Return a text with edits."""
    for edit in sorted(edits, key=lambda edit: -edit["start"]):
        text = text[: edit["start"]] + edit["text"] + text[edit["end"] :]
    return text


def test_a_dataset_for_queries_without_from(server: Server) -> None:
    """The chosen dataset is that of a query without FROM, for its columns and for the text that is sent, as with a client."""
    finding = ask(server, "check", "select nope", dataset="d")["findings"][0]
    signature = ask(server, "signature", "select cosine_similarity(embedding, ", offset=36)["signature"]

    assert finding["code"] == "TQL230" or "nope" in finding["message"]
    assert ask(server, "check", "select nope")["findings"] == []
    assert signature["parameters"][signature["active"]]["name"] == "vector"
    columns = {"id": {"type": "int64", "kind": "", "boxes": ""}}
    sent = {"text": "select id from d", "added": "d", "columns": columns}
    assert ask(server, "prepare", "select id", dataset="d") == sent
    assert ask(server, "prepare", "select id from d", dataset="d") == {**sent, "added": None}
    assert "names its dataset" in post(server, "prepare", {"text": "select id"}).text


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("select * from d", {"picture": "image", "embedding": "embedding", "id": ""}),
        ("select picture as id, rank from d", {"id": "image", "rank": ""}),
        ("select * from (select embedding as e from d) where true", {"e": ""}),
        ("select a.picture as p from d as a join d as b on a.id = b.id", {"p": "image"}),
        ("select id from d union select rank as id from d", {"id": ""}),
        ("select cosine_similarity(embedding, embedding) as picture from d", {}),
    ],
)
def test_the_columns_of_the_rows(server: Server, text: str, kinds: dict[str, str]) -> None:
    """The page draws a column by its type, under any name; a name of a dataset that is another column's alias does not mislead it."""
    columns = ask(server, "prepare", text, unchecked=True)["columns"]

    assert {name: column["kind"] for name, column in columns.items()}.items() >= kinds.items()
    assert {*columns} <= {*names_of_rows(server, text)}
    assert columns.get("picture", {}).get("kind") != "image" or "picture" in kinds


def test_the_format_of_boxes(server: Server) -> None:
    """It is that of the dataset, under any name; without one there is none."""
    text = "select relative as r, boxes, vague from (select * from d)"
    columns = ask(server, "prepare", text, dataset="d")["columns"]

    assert {name: column["boxes"] for name, column in columns.items()} == {
        "r": "ccwh fractional",
        "boxes": "ltrb pixel",
        "vague": "",
    }


def test_rows_as_parquet(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows that the page has become a file with their values; what cannot is refused with the reason."""
    with connect(server.url, token=TOKEN) as client:
        rows = client.query("select id, name, rank, embedding, boxes from d limit 3")
    body = {"tensors": list(rows.names), "data": rows.columns}
    assert server.page is not None
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    with requests.post(f"{server.page}parquet", json=body, headers=headers, timeout=30) as response:
        assert (response.status_code, response.headers["X-Content-Type-Options"]) == (200, "nosniff")
        found = parquet.read_table(io.BytesIO(response.content))
    assert found.to_pydict() == rows.columns
    for wrong in (b"", b"[]", b'{"data": 1}', b'{"tensors": ["x"], "data": {"x": [1, "a"]}}'):
        assert post(server, "parquet", wrong).status_code == 400
    empty = post(server, "parquet", {"tensors": ["x"], "data": {"x": [{}]}})
    assert (empty.status_code, "no type for the column `x`" in empty.text) == (400, True)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    refused = post(server, "parquet", body)
    assert refused.status_code == 501
    assert "parquet needs pyarrow: pip install" in refused.text


def names_of_rows(server: Server, text: str) -> list[str]:
    """Return the names of the columns of a query's rows."""
    with connect(server.url, token=TOKEN) as client:
        return list(client.query(text, on_findings="ignore").names)


def test_a_trap_is_sent_only_if_it_is_asked_for(server: Server) -> None:
    """A text with errors is refused with all of them, as by a client; `unchecked` sends it."""
    text = "select id from d order by name, id"
    refused = post(server, "prepare", {"text": text, "dataset": "d"})

    assert refused.status_code == 400
    assert "TQL301" in refused.json()["description"]
    assert ask(server, "prepare", text, dataset="d", unchecked=True)["text"] == text


@pytest.mark.parametrize(
    "text",
    [
        "select id from d where name = 'a' order by id limit 3",
        "select name, sum(rank) as s from d group by name",
        "select * from (select id, cosine_similarity(embedding, ARRAY[" + ", ".join(["0.5"] * 24) + "]) as score from d) order by score desc",
        "select id from d union select id from d",
        "select not_a_thing(id), case from d",
    ],
)  # fmt: skip
def test_the_code_of_the_builder(server: Server, text: str) -> None:
    """The code runs, and its query has the text; long vectors too, which `repr` shortens."""
    found = ask(server, "explain", text)
    if found["written"] is None:
        assert found["python"] is None
        return
    names: dict[str, Any] = {}
    exec(found["python"], names)  # noqa: S102 - the code that the page shows

    assert str(names["query"]) == str(tql.parse(text))


def test_the_explanation(server: Server) -> None:
    """The explanation says which text is sent, the SELECTs as written, and those of the fixed text with their reasons."""
    trap = ask(server, "explain", "select id from d order by name, id")
    plain = ask(server, "explain", "select id", dataset="d")

    assert (trap["errors"], trap["sent"]) == (1, None)
    assert trap["written"]["clauses"][-1] == ["order by", "name, id"]
    assert "one key only" in trap["fixed"]["level"]["why"]
    assert (plain["sent"], plain["added"], plain["fixed"]) == ("select id from d", "d", None)


def test_the_plan_of_the_engine(server: Server, path: str) -> None:
    """The plan is that of the engine for the dataset, which it has no name for."""
    text = "select id from {} where id > 1 limit 3"
    plan = deeplake.open_read_only(path).explain_query(text.replace("from {} ", "")).to_dict()

    assert ask(server, "plan", text.format("d"))["plan"] == plan
    assert (
        "TQL401" in post(server, "plan", {"text": f"select id from d where {'not ' * 3000}true"}).json()["description"]
    )
    assert "nowhere" in post(server, "plan", {"text": text.format('"nowhere"')}).json()["description"]


def test_rows_like_one(server: Server) -> None:
    """A search for rows like one is a text that has no finding, and finds that row first."""
    vector = datasets.rows()["embedding"][7].tolist()
    text = ask(server, "like", "", dataset="d", column="embedding", vector=vector)["text"]

    assert ask(server, "check", text)["findings"] == []
    with connect(server.url, dataset="d", token=TOKEN) as client:
        found = client.query(text)
    assert len(found) == 10
    assert found.rows[0]["id"] == 7


def test_data_that_is_markup_stays_data(server: Server) -> None:
    """Answers are JSON that no browser reads as a page, and values in them are unchanged."""
    text = f"select id from d where name = '{datasets.MARKUP}' and \"{datasets.MARKUP}\" = 1"
    response = post(server, "check", {"text": text})
    refused = post(server, "prepare", {"text": f'select id from "{datasets.MARKUP}x"', "unchecked": True})
    rows = requests.post(
        server.url,
        json={"query": "select id, name, meta from d limit 1", "as_list": False},
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )

    for one in (response, refused, rows):
        assert one.headers["Content-Type"] == "application/json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert rows.json()["data"]["name"] == [datasets.MARKUP]
    assert rows.json()["data"]["id"] == [datasets.LARGE]
    assert rows.json()["data"]["meta"][0]["__proto__"] == datasets.MARKUP


def test_a_dataset_in_memory_and_its_new_columns() -> None:
    """The engine in the server's process answers too; the page sees a new column when it asks again."""
    made = deeplake.create("mem://playground")
    made.add_column("id", deeplake.types.Int64())
    made.append({"id": [1, 2]})
    made.commit()
    with serve({"m": "mem://playground"}, ui=True) as running:
        before = ask(running, "setup", "")["datasets"]["m"]
        assert ask(running, "check", "select more from m")["findings"]
        made.add_column("more", deeplake.types.Text())
        made.commit()
        after = ask(running, "setup", "")["datasets"]["m"]

        assert ([*before], [*after]) == (["id"], ["id", "more"])
        assert ask(running, "check", "select more from m")["findings"] == []
        assert "Scan" in ask(running, "plan", "select id from m where id > 1")["plan"]["Plan"]


def test_a_crash_of_the_engine(path: str) -> None:
    """After the processes of the engine were killed, the page is answered by others."""
    before = set(children("self"))
    with serve({"d": path}, workers=1, ui=True) as running:
        for child in set(children("self")) - before:
            os.kill(child, signal.SIGKILL)

        assert ask(running, "setup", "")["datasets"]["d"]
        assert ask(running, "plan", "select id from d")["plan"]


def test_the_log_has_no_text_and_no_token(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Each answer is a line of the log, with neither the text nor the token."""
    caplog.set_level(logging.INFO, "tql_client.server")
    ask(server, "check", "select 'canary of the text'")
    assert server.page is not None
    requests.get(server.page, timeout=10)
    lines = [json.loads(record.getMessage()) for record in caplog.records if record.name == "tql_client.server"]

    assert [(line["path"], line["status"]) for line in lines] == [("/playground/check", 200), ("/playground/", 200)]
    assert "canary" not in caplog.text


def test_the_size_of_the_page() -> None:
    """All files of the page together have at most 200 kB, compressed."""
    assert sum(len(gzip.compress(static(name), 9)) for name in MEDIA_TYPES) <= MOST_KILOBYTES * 1000


def test_the_page_names_no_other_host() -> None:
    """No script or style is in the page, nothing has an address of another host, and no code makes markup of a text."""
    page = static("index.html").decode()
    addresses = {found for name in MEDIA_TYPES if name != "LICENSES.txt" for found in re.findall(r"https?://[^\s\"'`)]+", static(name).decode())}  # fmt: skip
    code = "".join(path.read_text("utf-8") for path in (SOURCES / "sources").glob("*.js"))

    assert addresses <= {"http://www.w3.org/2000/svg"}
    assert re.findall(r"<script(?![^>]* src=)|<style|\son\w+=|\sstyle=", page) == []
    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|localStorage|cookie", code) == []
    )


def test_the_licences_of_the_bundle() -> None:
    """Each package whose code may be in the bundle has its exact version in package.json, and its licence with the code."""
    package = json.loads((SOURCES / "package.json").read_text("utf-8"))
    licences = static("LICENSES.txt").decode()
    named = dict(re.findall(r"^((?:@[\w-]+/)?[\w-]+) (\d+\.\d+\.\d+)$", licences, re.MULTILINE))

    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in {**package["dependencies"], **package["devDependencies"]}.values())  # fmt: skip
    assert named.items() <= package["dependencies"].items()
    assert "@codemirror/view" in named
    assert licences.count("Permission is hereby granted") == len(named)


def started(command: list[str], **options: Any) -> subprocess.Popen[str]:
    """Start a command that serves."""
    return subprocess.Popen([*COMMAND, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_the_command_serve(path: str, tmp_path: Path) -> None:
    """`tql serve --ui` says where the page is; the token is in no output."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    with started(["serve", f"d={path}", "--ui", "--token-file", str(token)]) as running:
        assert running.stderr is not None
        address = running.stderr.readline().removeprefix("the page is ").strip()
        assert requests.get(address, timeout=10).status_code == 200
        assert requests.post(f"{address}setup", json={}, timeout=10).status_code == 401
        running.send_signal(signal.SIGINT)
        output = "".join(running.communicate(timeout=30))
    assert TOKEN not in output + address


def test_the_command_playground() -> None:
    """`tql playground` serves the demo's data; the text that it begins with has one finding, and its fix runs."""
    with started(["playground"]) as running:
        assert running.stdout is not None
        address = running.stdout.readline().strip()
        setup = requests.post(f"{address}setup", json={}, timeout=30).json()
        (dataset,) = setup["datasets"]
        text = EXAMPLE.format(name=dataset)
        assert setup["example"] == text
        (finding,) = requests.post(f"{address}check", json={"text": text}, timeout=30).json()["findings"]
        fixed = applied(text, finding["edits"])
        url = address.replace("/playground/", "/api/query/v1")
        rows = requests.post(url, json={"query": fixed}, timeout=30).json()["data"]
        running.send_signal(signal.SIGINT)
        assert running.wait(30) == 130
    assert (finding["code"], len(rows)) == ("TQL301", 16)
    assert np.array(rows[0]["embedding"]).shape == (384,)
