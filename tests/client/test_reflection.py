"""Schemas that are inferred over HTTP and from the engine in this process: what is inferred, when it is queried, and what queries become exact by them."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import deeplake
import numpy as np
import pytest
import requests

from tests.engine import TYPES, dataset
from tql import ArgumentError, CheckError, Schema, col, desc, fn, select
from tql_client import connect, serve
from tql_client.errors import AuthenticationError, BadQuery, ConnectError, NotFound, ProtocolError
from tql_client.reflection import ODD
from tql_grammar.schema import FLOATS, INTEGERS, Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_client import Client
    from tql_client.server.local import Server

T = TYPES
NAN = float("nan")
# Columns of each type, with values of the world, nulls in the first rows, empty and ragged lists.
WORLD: dict[str, tuple[Any, list[Any]]] = {
    **{f"{kind}": (getattr(T, name)(), [1, 2, 3]) for kind, name in zip(INTEGERS, ("Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64"), strict=True)},
    **{kind: (getattr(T, name)(), [1.0, 2.0, 3.0]) for kind, name in zip(FLOATS, ("Float16", "Float32", "Float64"), strict=True)},
    "epoch": (T.Int64(), [1_700_000_001, 1_700_000_003, 1_700_000_002]),
    "price": (T.Float64(), [1234567.85, 1234567.89, 19.99]),
    "snowflake": (T.Int64(), [2**53 + 1, 2**53 + 2, 2**53]),
    "hash": (T.UInt64(), [2**64 - 1, 2**63 + 1, 0]),
    "nan": (T.Float64(), [NAN, 1.0, NAN]),
    "flag": (T.Bool(), [True, False, True]),
    "null int": (T.Nullable(T.Int32()), [None, 5, None]),
    "null uint64": (T.Nullable(T.UInt64()), [None, None, 2**60 + 1]),
    "null float": (T.Nullable(T.Float32()), [None, None, 2.0]),
    "null bool": (T.Nullable(T.Bool()), [None, True, None]),
    "null text": (T.Nullable(T.Text()), [None, "a", ""]),
    "never": (T.Nullable(T.Int64()), [None, None, None]),
    "empty text": (T.Text(), ["", "b", ""]),
    "bm25": (T.Text(T.BM25), ["a b", "b", "c"]),
    "exact": (T.Text(T.Exact), ["a b", "b", "c"]),
    "indexed": (T.Int64(T.Inverted), [3, 1, 2]),
    "label": (T.ClassLabel("int32"), [0, 1, 2]),
    "tags": (T.Array("int64", 1), [[], [1], [1, 2]]),
    "no tags": (T.Array("int64", 1), [[], [], []]),
    "ragged": (T.Array("float32", 1), [[0.5], [1.0, 2.0], [1.0]]),
    "boxes": (T.Array("float32", 2), [np.ones((1, 4), "f4"), np.ones((2, 4), "f4"), np.ones((0, 4), "f4")]),
    "vector": (T.Embedding(70), [np.full(70, 0.25, "f4")] * 3),
    "whole": (T.Embedding(3), [np.ones(3, "f4")] * 3),
    "fixed": (T.Array("uint8", shape=[4]), [np.arange(4, dtype="u1")] * 3),
    "json": (T.Dict(), [{"k": 1}, {}, {"k": "x"}]),
    "image": (T.Image(sample_compression="png"), [np.zeros((8, 6, 3), "u1"), np.zeros((9, 6, 3), "u1"), np.zeros((8, 6, 3), "u1")]),
}  # fmt: skip


@pytest.fixture(scope="module")
def datasets(measured: dict[str, Any]) -> dict[str, Any]:
    """Return the datasets of the corpus, and one of each type."""
    world = dataset(
        "reflect_world",
        {name: kind for name, (kind, _) in WORLD.items()},
        [{name: values[number] for name, (_, values) in WORLD.items()} for number in range(3)],
    )
    # Without "s": reading a sequence may crash the process.
    return {**{name: data for name, data in measured.items() if name != "s"}, "reflect_world": world}


@pytest.fixture
def local(datasets: dict[str, Any]) -> Iterator[Server]:
    """Serve the datasets."""
    with serve({name: f"mem://{name}" for name in datasets}) as server:
        yield server


def family(column: Column) -> str:
    """Return the most that JSON and the engine's arithmetic show of the type of a column."""
    if column.is_single and column.dtype in INTEGERS and column.dtype != "uint64":
        return "int64"
    return (
        "float64"
        if column.dtype in FLOATS
        else "int64"
        if column.dtype in INTEGERS and not column.is_single
        else column.dtype
    )


def agrees(typed: Column, known: Column) -> bool:
    """Tell whether an inferred column says nothing that the column of the dataset does not: its kind, and lengths that the dataset fixes."""
    assert typed == Column(typed.dtype, typed.shape, inferred=True)
    if typed.dtype == "unknown":
        return True
    if len(typed.shape) != len(known.shape) and known.kind not in {"sequence", "image"}:
        return False
    same = all(length in {None, one} for length, one in zip(known.shape, typed.shape, strict=False))
    return same and typed.dtype == family(known)


def test_an_inferred_schema_agrees_with_that_of_the_dataset(datasets: dict[str, Any], local: Server) -> None:
    """For every dataset, in names and in what is inferred of each column, and the rest is unknown; a client in this process knows the columns."""
    unknown = set()
    with connect(local.url) as client:
        for name, data in datasets.items():
            known, found = Schema.from_dataset(data), client.reflect(name)
            with connect(f"mem://{name}") as embedded:
                assert embedded.reflect() == known

            assert list(found) == list(known)
            assert found.inferred
            wrong = {
                column: (str(found[column]), str(known[column]))
                for column in known
                if not agrees(found[column], known[column])
            }
            assert not wrong, name
            unknown |= {(name, column) for column in known if found[column].dtype == "unknown"}

    assert unknown == {("e", "id"), ("e", "text"), ("reflect_world", "never"), ("reflect_world", "no tags")}


def test_what_rows_determine(local: Server) -> None:
    """The types and lengths of columns whose first values show little."""
    with connect(local.url) as client:
        found = client.reflect("reflect_world")
        typed = {name: str(found[name]).removeprefix("inferred ") for name in WORLD}

    wanted = {
        "uint8": "int64",
        "uint64": "uint64",
        "hash": "uint64",
        "float16": "float64",
        "nan": "float64",
        "null int": "int64",
        "null uint64": "uint64",
        "null float": "float64",
        "null bool": "bool",
        "null text": "text",
        "never": "unknown",
        "empty text": "text",
        "label": "int64",
        "tags": "int64[?]",
        "no tags": "unknown",
        "ragged": "float64[?]",
        "boxes": "float64[?, 4]",
        "vector": "float64[70]",
        "whole": "float64[3]",
        "json": "json",
    }
    assert {name: typed[name] for name in wanted} == wanted


# --- exactness over HTTP ----------------------------------------------------------------------------------------------


CLOSE: dict[str, tuple[Any, list[Any]]] = {
    "ts": (T.Int64(), [1_700_000_000 + (7 * number) % 50 for number in range(50)]),
    "price": (T.Float64(), [1234567.5 + ((11 * number) % 50) / 100 for number in range(50)]),
    "snow": (T.Int64(), [2**60 + (3 * number) % 50 for number in range(50)]),
    "hash": (T.UInt64(), [2**63 + (9 * number) % 50 for number in range(50)]),
    "paid": (T.Nullable(T.Int64()), [None if number % 7 == 0 else 1_700_000_000 + (13 * number) % 50 for number in range(50)]),
    "v": (T.Int64(T.Inverted), [1_700_000_000 + (17 * number) % 50 for number in range(50)]),
    "name": (T.Text(T.Exact), [f"n{(19 * number) % 50:02}" for number in range(50)]),
    "e": (T.Embedding(2), [np.array([1, number], "f4") for number in range(50)]),
}  # fmt: skip


@pytest.fixture(scope="module")
def close_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of 50 rows of numbers that lie close together, their indexes built."""
    path = str(tmp_path_factory.mktemp("close") / "ds")
    made = deeplake.create(path)
    made.indexing_mode = deeplake.IndexingMode.Always
    made.add_column("id", T.Int64())
    for name, (kind, _) in CLOSE.items():
        made.add_column(name, kind)
    made.append({"id": list(range(50)), **{name: values for name, (_, values) in CLOSE.items()}})
    made.commit()
    return path


@pytest.fixture
def close(close_path: str) -> Iterator[Server]:
    """Serve the close numbers under two names."""
    with serve({"hub://org/close": close_path, "hub://org/other": close_path}) as server:
        yield server


@pytest.fixture
def exact(close: Server) -> Iterator[Client]:
    """Return a client that reflects."""
    with connect(close.url, "hub://org/close", reflect=True) as client:
        yield client


def ids(column: str, *, down: bool) -> list[int]:
    """Return the ids in the order of a column, nulls last, or first if it descends."""
    values = CLOSE[column][1]
    return sorted(range(50), key=lambda number: (values[number] is None, values[number] or 0), reverse=down)


@pytest.mark.parametrize("column", ["ts", "price", "snow", "hash", "v"])
def test_the_latest_row_is_the_latest(close: Server, exact: Client, column: str) -> None:
    """Without a schema another row comes first, and explain says why; with reflect each order is exact."""
    query = select("id").order_by(desc(column)).limit(1)

    assert exact.query(query).rows == [{"id": ids(column, down=True)[0]}]
    assert "a key of unknown type is compared as float32" in str(query.explain())
    with connect(close.url, "hub://org/close") as plain:
        found = plain.query(select("id").order_by(desc(column)))["id"]
        assert found != ids(column, down=True)
        known = query.from_("hub://org/close", schema=plain.reflect())
        assert "a key of unknown type" not in str(known.explain())
        assert plain.query(known).rows == exact.query(query).rows


@pytest.mark.parametrize("column", list(CLOSE)[:-1])
@pytest.mark.parametrize("down", [False, True])
def test_orders_pages_and_groups_are_exact(exact: Client, column: str, *, down: bool) -> None:
    """Over all rows, page by page, several at a time, from asyncio, and with LIMIT over an index."""
    key = desc(column) if down else col(column)
    query = select("id", column).order_by(key, "id")
    values = CLOSE[column][1]
    wanted = sorted(range(50), key=lambda number: (values[number] is None, values[number] or 0), reverse=down)
    wanted = [
        number
        for value in dict.fromkeys(values[number] for number in wanted)
        for number in range(50)
        if values[number] == value
    ]

    assert exact.query(query)["id"] == wanted
    assert [number for page in exact.pages(query, size=20) for number in page["id"]] == wanted
    assert [found["id"] for found in exact.map([query.limit(3), query.limit(5).offset(2)])] == [wanted[:3], wanted[2:7]]
    assert asyncio.run(exact.aquery(query.limit(4)))["id"] == wanted[:4]
    assert len(exact.query(select(column).distinct())) == len(set(values))
    counts = exact.query(select(column, n=fn.count()).group_by(column))
    assert sorted(counts["n"]) == sorted(map(values.count, dict.fromkeys(values)))


def test_names_and_lengths_are_checked_before_anything_is_sent(exact: Client) -> None:
    """In queries of the builder and in texts."""
    with pytest.raises(ArgumentError, match=r"`select` takes names of columns, got 'idd'.*\nhint: did you mean 'id'"):
        exact.query(select("idd"))
    with pytest.raises(
        ArgumentError, match=r"a vector as long as the column's, got 3 elements: the column is inferred float64\[2\]"
    ):
        exact.query(select("id").similarity("e", [1, 2, 3]).order_by("score").limit(1))
    with pytest.raises(CheckError, match="no column `idd`"):
        exact.query('select idd from "hub://org/close"')
    with pytest.raises(CheckError, match="the vectors have different lengths, 2 and 3"):
        exact.query("select id order by cosine_similarity(e, ARRAY[1, 2, 3]) desc limit 1")

    assert exact.query("select id order by id limit 2").rows == [{"id": 0}, {"id": 1}]


def test_nothing_is_assumed_about_nulls_and_indexes(exact: Client) -> None:
    """Conditions and searches of inferred columns have the text that they have without a schema."""
    for query in [
        select("id").where(col("paid").is_null()),
        select("id").where(col("name") == "", col("v") != 3, col("ts") > 5, col("price").in_([0.5, 1])),
        select("id").where(col("e")[0] > 1, fn.abs("ts") > 3, col("name").contains("n")),
        select("id").similarity("e", [1, 2]).order_by("score").limit(3),
        select("id").bm25("name", "n").order_by("score").limit(3).offset(1),
        select("id", n=col("v") + col("ts")),
    ]:
        assert exact.compile(query) == str(query.from_("hub://org/close"))


# --- the number of queries -----------------------------------------------------------------------------------------------


class Endpoint:
    """
    An HTTP endpoint that forwards to a local server, and counts the queries; it can write numbers as JavaScript does, and reject some.

    Attributes:
        url: the URL.
        queries: the query texts, in order.
    """

    def __init__(self, target: str, rewrite: Callable[[Any], Any] = lambda answer: answer) -> None:
        """Start it."""
        self.queries: list[str] = []
        self.fail: Callable[[str], int | None] = lambda _query: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                query = json.loads(body)["query"]
                outer.queries.append(query)
                status = outer.fail(query)
                if status is None:
                    answer = json.dumps(rewrite(requests.post(target, data=body, timeout=30).json())).encode()
                else:
                    answer = b'{"description": "not here"}'
                self.send_response(status or 200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
                assert format
                assert args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        """Return the running endpoint."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def test_a_dataset_is_reflected_once(close: Server) -> None:
    """At the first query that reads it, by one of the threads; another dataset by its own first query; a copy of the client shares what is known."""
    with Endpoint(close.url) as endpoint, connect(endpoint.url, "hub://org/close", reflect=True) as client:
        assert not endpoint.queries
        query = select("id").order_by(desc("ts")).limit(1)
        assert len({result["id"][0] for result in client.map([query] * 16, concurrency=8)}) == 1
        reading = [text for text in endpoint.queries if "order by" not in text]
        assert reading[:2] == [
            'select * from "hub://org/close" limit 1',
            'select paid, e from "hub://org/close" limit 100',
        ]
        assert reading[2].startswith("select id * 0 + 9007199254740993 - 9007199254740992 as z0, ts * 0 + ")
        assert len(reading) == 3
        endpoint.queries.clear()
        client.with_options(timeout=30).query(select("id").where(col("id") == 1))
        client.query('select id from "hub://org/close" limit 1')
        known = Schema(id="int64", ts="int64")
        client.query(select("id").from_("hub://org/other", schema=known).limit(1))
        assert len(endpoint.queries) == 3
        client.query(select("id").from_("hub://org/other").limit(1))
        assert 'select * from "hub://org/other" limit 1' in endpoint.queries
        endpoint.queries.clear()
        client.reflect()
        client.compile(query)
        assert len(endpoint.queries) == 3


def javascript(value: Any) -> Any:
    """Return a JSON value as JavaScript writes it: a float without a fraction as an integer, NaN as null."""
    if isinstance(value, float):
        return None if value != value else int(value) if value.is_integer() else value  # noqa: PLR0124 - NaN
    if isinstance(value, list):
        return [javascript(part) for part in value]
    return {key: javascript(part) for key, part in value.items()} if isinstance(value, dict) else value


def test_a_server_that_writes_floats_as_integers_is_not_trusted(local: Server) -> None:
    """The engine's arithmetic identifies the integers; a float or a uint64 without a fraction is unknown, and nothing is wrong."""
    with Endpoint(local.url, javascript) as endpoint, connect(endpoint.url) as client:
        found = client.reflect("reflect_world")
    typed = {name: found[name].dtype for name in WORLD if found[name].is_single}

    known = {name: Column.parse("int64") if kind == "int64" else None for name, kind in typed.items()}
    assert [name for name, column in known.items() if column is not None] == [
        *(
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "uint16",
            "uint32",
            "epoch",
            "snowflake",
            "null int",
            "indexed",
            "label",
        ),
    ]
    assert {name for name, kind in typed.items() if kind == "float64"} == {"price"}
    assert {typed[name] for name in ("uint64", "hash", "float16", "float32", "float64", "null float", "nan")} == {
        "unknown"
    }
    assert found["whole"] == Column("unknown", (3,), inferred=True)
    assert found["vector"] == Column("float64", (70,), inferred=True)


def test_a_server_that_rejects_the_arithmetic_determines_no_numbers(local: Server) -> None:
    """All other types are inferred."""
    with Endpoint(local.url) as endpoint, connect(endpoint.url) as client:
        endpoint.fail = lambda query: 400 if str(ODD) in query else None
        found = client.reflect("reflect_world")

    assert {found[name].dtype for name in ("int8", "uint64", "float16", "epoch", "null int")} == {"unknown"}
    assert [str(found[name]) for name in ("price", "flag", "bm25", "json", "vector")] == [
        *("inferred float64", "inferred bool", "inferred text", "inferred json", "inferred float64[70]"),
    ]


def test_a_dataset_without_rows(local: Server) -> None:
    """Its names are known if the response has them, and no type; it is asked again until there are rows."""
    with Endpoint(local.url) as endpoint, connect(endpoint.url, "e", reflect=True) as client:
        assert client.reflect() == Schema(id="inferred unknown", text="inferred unknown")
        assert client.query(select("id").order_by("id").limit(1)).rows == []
        assert client.query(select("id")).rows == []
        assert endpoint.queries.count("select * from e limit 1") == 3
        with pytest.raises(ArgumentError, match="did you mean 'text'"):
            client.query(select("texts"))


def test_a_dataset_of_which_nothing_is_known(local: Server) -> None:
    """`Client.reflect` raises, and queries are sent as without a schema."""

    def nameless(answer: dict[str, Any]) -> dict[str, Any]:
        return {"message": answer["message"], "data": {} if not any(answer["data"].values()) else answer["data"]}

    with Endpoint(local.url, nameless) as endpoint, connect(endpoint.url, "e", reflect=True) as client:
        with pytest.raises(ProtocolError, match="nothing to infer a schema from: pass one to from_"):
            client.reflect()
        assert client.compile(select("no such column")) == 'select "no such column" from e'
        assert str(client.reflect("u")["val"]) == "inferred float64"


def test_errors_say_what_was_asked(local: Server) -> None:
    """The class is that of the failure, the message names the query, and the next query tries again."""
    query = select("id").order_by("id").limit(1)
    with Endpoint(local.url) as endpoint, connect(endpoint.url, "u", reflect=True, attempts=1) as client:
        for status, kind in [(401, AuthenticationError), (404, NotFound), (400, BadQuery)]:
            endpoint.fail = lambda text, status=status: status if "*" in text else None  # type: ignore[misc]  # bound
            with pytest.raises(kind) as caught:
                client.query(query)
            for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):  # noqa: S301 - our own
                assert str(error).startswith(f"{status}: not here")
                assert "reads the columns of the dataset, for reflect: select * from u limit 1" in str(error)
        assert isinstance(client.map([query], on_error="return")[0], BadQuery)
        endpoint.fail = lambda _text: None
        assert client.query(query).rows == [{"id": 1}]
    with connect(endpoint.url, "u", reflect=True, attempts=1) as client, pytest.raises(ConnectError) as lost:
        client.query(query)
    assert "for reflect: select * from u limit 1" in str(pickle.loads(pickle.dumps(lost.value)))  # noqa: S301 - our own
    with connect(local.url) as client:
        with pytest.raises(ArgumentError, match="takes a query that names its dataset"):
            client.reflect()
        with pytest.raises(NotFound, match="for reflect: select"):
            client.reflect("nowhere")


def test_the_engine_in_this_process_reports_its_own_schema(local: Server) -> None:
    """reflect=True changes nothing for its dataset."""
    assert local
    with connect("mem://t", reflect=True) as client, connect("mem://t") as plain:
        query = select("id").where(col("nul") != 3).order_by("f64", "nul")
        assert client.compile(query) == plain.compile(query)


def test_a_saved_schema_is_that_of_the_check(tmp_path: Any, local: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """What reflect returns is saved, loaded, and used by ``tql check``."""
    from tql_client.cli.main import main

    path = tmp_path / "schema.json"
    with connect(local.url) as client:
        found = client.reflect("t")
    found.save(path)
    (tmp_path / "q.tql").write_text("select idd, id from t where id > 1 order by id", encoding="utf-8")

    assert Schema.load(path) == found
    assert json.loads(path.read_text("utf-8"))["emb"] == "inferred float64[4]"
    assert main(["check", "--schema", str(path), str(tmp_path / "q.tql")]) == 1
    assert "no column `idd`" in capsys.readouterr().out
