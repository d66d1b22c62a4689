"""Answers of the local server: from the body of a request to the body of a response, in this process or in a worker process."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tql_client.engine.child import CHILD_SECONDS
from tql_client.engine.embedded import Datasets, open_dataset
from tql_client.errors import APIError, ConfigError, NotFound, QueryTimeout
from tql_client.playground.inspection import PLAN, Inspection
from tql_client.protocol.call import Call, CancelToken
from tql_client.protocol.wire import encode_answer, load, orjson_dumps
from tql_grammar.errors import TqlError
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tql_grammar.schema import Schema

MEBIBYTE = 2**20
# The largest response in bytes, which is what a client accepts by default.
LARGEST_ANSWER = 256 * MEBIBYTE


class ServedDatasets(Record):
    """
    The job of a worker process: it replies to the body of a request with the body of a response.

    Attributes:
        paths: the path of each dataset, by the name that queries use in FROM.
        may_crash: also run queries that are known to crash the engine.
    """

    paths: Mapping[str, str]
    may_crash: bool = False

    def start(self) -> Callable[[bytes | Inspection | None], bytes | None]:
        """Open the datasets, and return the function that replies to a request; None requires that all of them are open."""
        from tql_grammar.lint.check import crash_findings
        from tql_grammar.syntax.parser import read

        answers = Answers(self.paths, may_crash=self.may_crash)
        crash_findings(read("select id"))  # loads modules that the first query would wait for

        def reply(request: bytes | Inspection | None) -> bytes | None:
            if request is not None:
                return answers.reply(request, CHILD_SECONDS)
            answers.require_open()
            return None

        return reply


class Answers:
    """The answers to queries on some datasets; one that cannot be opened leaves the others readable."""

    def __init__(self, paths: Mapping[str, str], *, may_crash: bool = False) -> None:
        """
        Open the datasets.

        Raises:
            MissingExtra: the engine is not installed.
        """
        self._paths = paths
        self._may_crash = may_crash
        self._error: NotFound | ConfigError | None = None
        self._datasets = self._opened()

    def _opened(self) -> Datasets:
        """Open all datasets, or those that can be opened."""
        try:
            datasets, self._error = Datasets(self._paths, may_crash=self._may_crash), None
        except (NotFound, ConfigError) as error:
            self._error = error
            paths = {name: path for name, path in self._paths.items() if _can_be_opened(path)}
            datasets = Datasets(paths, may_crash=self._may_crash)
        return datasets

    def require_open(self) -> None:
        """
        Raise if a dataset could not be opened.

        Raises:
            NotFound: no dataset exists at a path.
            ConfigError: the engine cannot open a dataset.
        """
        if self._error is not None:
            raise self._error

    def reply(self, request: bytes | Inspection, seconds: float) -> bytes:
        """
        Run the query in the body of a request, or inspect the datasets, and return the body of the response.

        Raises:
            APIError: the request is invalid, the engine rejected the query, or the query timed out.
        """
        if isinstance(request, Inspection):
            query, as_list, run = request.text, False, self._plan if request.kind == PLAN else self._schemas
        else:
            (query, as_list), run = _parse_request(request), self._run
        call = Call(query, as_list, time.monotonic() + seconds, "", CancelToken())
        try:
            return _bounded(run(call))
        except NotFound:
            if self._error is None:
                raise
            self._datasets = self._opened()  # the dataset may exist again
            return _bounded(run(call))
        except QueryTimeout:
            raise timed_out(seconds) from None

    def _run(self, call: Call) -> bytes:
        """Run a query, and return the body of the response."""
        return encode_answer(self._datasets.answer(call).data, as_list=call.as_list)

    def _schemas(self, call: Call) -> bytes:
        """Return the columns of the datasets as JSON, by name."""
        found = self._datasets.schemas(call)
        return orjson_dumps({name: self._with_keys(name, schema, call).to_json() for name, schema in found.items()})

    def _with_keys(self, name: str | None, schema: Schema, call: Call) -> Schema:
        """Return the columns of a dataset with the keys of JSON that its first rows have; without them where the rows cannot be read."""
        from tql_grammar.completion.samples import sample_query, with_keys

        text = sample_query(schema, name)
        if text is None:
            return schema
        try:
            return with_keys(schema, load(self._run(call.replace(query=text)))["data"])
        except TqlError:
            return schema

    def _plan(self, call: Call) -> bytes:
        """Return the engine's plan of a query as JSON."""
        return orjson_dumps(self._datasets.plan(call))

    def close(self) -> None:
        """Close the datasets."""
        self._datasets.close()


def timed_out(seconds: float) -> APIError:
    """Return the error of a query that ran too long; clients do not send it again, unlike after 504."""
    message = f"the query was ended after {seconds:g} seconds, the longest that this server runs a query"
    return APIError(
        500,
        message,
        hint="simplify the query, or raise the limit with `tql serve --timeout` or serve(.., timeout=seconds)",
    )


def _can_be_opened(path: str) -> bool:
    """Return whether the engine can open the dataset at a path."""
    try:
        open_dataset(path)
    except (NotFound, ConfigError):
        return False
    return True


def _bounded(answer: bytes) -> bytes:
    """Return the body of a response, or raise if it is too large."""
    if len(answer) > LARGEST_ANSWER:
        message = f"the answer has {len(answer) // MEBIBYTE} MiB, and this server sends at most {LARGEST_ANSWER // MEBIBYTE} MiB"
        raise APIError(400, message, hint="read the rows in parts: with LIMIT and OFFSET, or with Client.pages")
    return answer


def _parse_request(body: bytes) -> tuple[str, bool]:
    """Return the query text of a request, and its `as_list`."""
    try:
        request = load(body)
    except Exception:  # noqa: BLE001 - any failure means that the body is not JSON
        request = None
    if not isinstance(request, dict) or not isinstance(request.get("query"), str):
        raise APIError(400, 'the body of the request must be {"query": "..", "as_list": true}')
    as_list = request.get("as_list", True)
    if not isinstance(as_list, bool):
        raise APIError(400, "`as_list` of the request must be true or false")
    return request["query"], as_list
