"""
The protocol's requests, answers and errors, encoded and decoded, for client and server.

Request: ``{"query": "..", "as_list": true}``.
Answer: ``{"message": "..", "tensors": ["text", "score"], "data": ..}``; data is a list of one object per row, or with as_list false an object of one list per column.
Error: ``{"description": ".."}`` with a status.
"""

from __future__ import annotations

import json
import math
import re
import time
from email.utils import parsedate_to_datetime
from itertools import chain
from operator import countOf
from typing import TYPE_CHECKING, Any, Literal

from tql_client.errors import APIError, ProtocolError, by_status
from tql_client.protocol.messages import hint
from tql_client.protocol.values import to_python
from tql_grammar.errors import ArgumentError
from tql_grammar.lint.engine_messages import engine_position
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SUCCESS = "Query successful."
EXCERPT = 500
# Bytes from which an answer is read chunk by chunk.
LARGE = 2**25
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
DESCRIPTIONS = ("description", "error", "message", "detail")
REQUEST_IDS = ("x-request-id", "x-amzn-trace-id", "cf-ray")


class Answer(Record):
    """
    What a query brought, in the shape in which it came.

    Attributes:
        names: the columns in order.
        data: one dict per row, or one list per column.
        message: of the server.
        extra: what else the server said.
        size: bytes of the answer, unpacked; 0 where none were sent.
        in_order: whether every row is known to have all of the names, in their order, and no other.
    """

    names: tuple[str, ...]
    data: Any
    message: str = SUCCESS
    extra: Any = None
    size: int = 0
    in_order: bool = False

    @property
    def by_rows(self) -> bool:
        """Whether data is one dict per row."""
        return isinstance(self.data, list)


def encode_request(query: str, *, as_list: bool) -> bytes:
    """
    Return the body of a request.

    Raises:
        ArgumentError: the text holds half of a surrogate pair, which no UTF-8 has.
    """
    import orjson

    try:
        return orjson.dumps({"query": query, "as_list": as_list})
    except TypeError:
        place = next(index for index, character in enumerate(query) if "\ud800" <= character <= "\udfff")
        rule = f"takes text, and the character at {place} is half of one"
        raise ArgumentError("query", rule, ascii(query[max(0, place - 20) : place + 1])) from None


class Decoding(Record):
    """
    How JSON is read where it leaves a choice.

    Attributes:
        nan: "keep" gives NaN and infinities as floats, "null" gives None, "error" refuses them.
        strict: integers beyond 64 bits stay exact rather than become the nearest float, and a name that comes twice in an object is refused rather than the last one taken.
    """

    nan: Literal["keep", "null", "error"] = "keep"
    strict: bool = False


PLAIN = Decoding()


def decode_answer(body: bytes | bytearray, decoding: Decoding = PLAIN) -> Answer:
    """
    Return the answer that a body holds, of either shape.

    Args:
        body: the JSON text.
        decoding: how it is read.

    Raises:
        ProtocolError: it is not JSON, or not of the protocol's shape.
    """
    size = len(body)
    if size > LARGE and isinstance(body, bytearray) and not decoding.strict:
        return _large(body, decoding)
    found = _object(body, decoding)
    if "data" not in found:
        message = f"the answer has no `data`; its keys are {', '.join(map(str, found)) or 'none'}"
        raise ProtocolError(message, "missing_key")
    data, extra = (
        found["data"],
        {key: value for key, value in found.items() if key not in {"message", "tensors", "data"}},
    )
    names = _names(found.get("tensors"), data)
    in_order = isinstance(data, list) and _are_in_order(names, data)
    if not in_order:
        _require_shape(names, data, strict=decoding.strict)
    return Answer(names, data, str(found.get("message", "")), extra, size, in_order)


def _large(body: bytearray, decoding: Decoding) -> Answer:
    """Return an answer that is read chunk by chunk, by columns."""
    from tql_client.protocol.streaming import ChunkedJson

    size = len(body)
    rest, columns, by_rows = ChunkedJson(body, lambda chunk: load(chunk, decoding)).answer()
    names = _names(rest.pop("tensors", None), columns)
    if by_rows:
        count = max(map(len, columns.values()), default=0)
        columns = {name: columns[name] if name in columns else [None] * count for name in names}
    _require_shape(names, columns, strict=False)
    return Answer(names, {name: columns[name] for name in names}, str(rest.pop("message", "")), rest, size)


def _object(body: bytes | bytearray, decoding: Decoding) -> dict[str, Any]:
    """Return the JSON object of a body."""
    found = load(body, decoding)
    if not isinstance(found, dict):
        message = f"the answer is {_shown(body)}, not an object"
        raise ProtocolError(message, "not_object")
    return found


def load(body: bytes | bytearray, decoding: Decoding = PLAIN) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a JSON text; NaN, infinities and a byte order mark, which orjson refuses, are read too."""
    import orjson

    if not body:
        message = "the answer is empty"
        raise ProtocolError(message, "empty")
    if not decoding.strict:
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    try:
        return json.loads(
            body.decode("utf-8-sig"),
            parse_constant=_numbers(decoding),
            parse_float=_numbers(decoding),
            object_pairs_hook=_once if decoding.strict else None,
        )
    except ProtocolError:
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        if body.lstrip()[:1] == b"<":
            message = f"the answer is a web page{_title(body)}: is this the url of the query endpoint?"
            raise ProtocolError(message, "html_page") from None
        message = f"the answer is not JSON ({error}): {_shown(body)}"
        raise ProtocolError(message, "not_json") from None


def _numbers(decoding: Decoding) -> Callable[[str], float | None]:
    """Return what makes a float of a text: NaN and infinities, which 1e999 is too, as it was chosen."""

    def made(text: str) -> float | None:
        number = float(text)
        if math.isfinite(number) or decoding.nan == "keep":
            return number
        if decoding.nan == "null":
            return None
        message = f"the answer holds {text[:20]}, which is no number of JSON"
        raise ProtocolError(message, "not_json")

    return made


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose names come once each."""
    found = dict(pairs)
    if len(found) < len(pairs):
        message = "an object of the answer has a name twice"
        raise ProtocolError(message, "not_json")
    return found


def _shown(body: bytes | bytearray) -> str:
    """Return the beginning of a body for a message."""
    return repr(body[:60].decode("utf-8", "replace"))


def _title(body: bytes | bytearray) -> str:
    """Return the title of a web page for a message."""
    found = re.search(rb"<title[^>]*>(.*?)</title>", body[:20_000], re.IGNORECASE | re.DOTALL)
    return f" ({found[1].decode('utf-8', 'replace').strip()!r})" if found else ""


def _names(tensors: Any, data: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON
    """Return the names of the columns; without a list of them, those of the data."""
    if tensors is None:
        rows = data if isinstance(data, list) else [data]
        tensors = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    if not isinstance(tensors, list) or not all(isinstance(name, str) for name in tensors):
        message = "`tensors` is not a list of names"
        raise ProtocolError(message, "wrong_type")
    if len(set(tensors)) < len(tensors):
        message = "`tensors` names a column twice"
        raise ProtocolError(message, "wrong_type")
    return tuple(tensors)


def _are_in_order(names: tuple[str, ...], rows: list[Any]) -> bool:
    """Tell whether every row is an object with all of the names, in their order, and no other."""
    count = len(rows)
    # No object has a name twice: where the names of all of them together are these over and over, each has all of them.
    return countOf(map(type, rows), dict) == count and [*chain.from_iterable(rows)] == [*names] * count


def _require_shape(names: tuple[str, ...], data: Any, *, strict: bool) -> None:  # noqa: ANN401 - any JSON
    """Refuse data that is neither rows nor columns of one length; a row without a column has None there, unless *strict*."""
    if isinstance(data, list):
        _complete_rows(names, data, strict=strict)
    elif isinstance(data, dict):
        _require_columns(names, data)
    else:
        message = f"`data` is {type(data).__name__}, neither a list of rows nor an object of columns"
        raise ProtocolError(message, "wrong_type")


def _complete_rows(names: tuple[str, ...], rows: list[Any], *, strict: bool) -> None:
    """Refuse rows that are no objects; a row without a column has None there, unless *strict*."""
    wanted = set(names)
    for row in rows:
        if not isinstance(row, dict):
            message = "a row of `data` is not an object"
            raise ProtocolError(message, "wrong_type")
        missing = wanted - row.keys()
        if missing and strict:
            message = f"a row of `data` has no `{min(missing)}`"
            raise ProtocolError(message, "ragged")
        row.update(dict.fromkeys(missing))


def _require_columns(names: tuple[str, ...], columns: dict[str, Any]) -> None:
    """Refuse columns that are missing, are no lists, or have different lengths."""
    if not all(isinstance(columns.get(name), list) for name in names):
        message = "a column is missing from `data`, or is not a list"
        raise ProtocolError(message, "missing_key")
    if len({len(columns[name]) for name in names}) > 1:
        message = "the columns of `data` have different lengths"
        raise ProtocolError(message, "ragged")


def decode_error(status: int, body: bytes | bytearray, headers: Mapping[str, str]) -> APIError:
    """Return the error that an answer with a status of 400 or more stands for."""
    found = _error_object(body)
    description = (
        _description(found)
        or _title(body).strip(" ()'")
        or body[:EXCERPT].decode("utf-8", "replace")
        or "the server gives no reason"
    )
    request_id = found.get("request_id") or next((headers[name] for name in REQUEST_IDS if name in headers), None)
    return by_status(status)(
        status,
        description,
        code=str(found["code"]) if "code" in found else None,
        request_id=None if request_id is None else str(request_id),
        hint=_said(found, "hint") or hint(status, description),
        position=engine_position(description),
        retry_after=retry_after(headers.get("retry-after", "")),
        body_excerpt=body[:EXCERPT].decode("utf-8", "replace"),
    )


def _said(found: Mapping[str, Any], key: str) -> str | None:
    """Return a text of an error's body, or None."""
    value = found.get(key)
    return value if isinstance(value, str) and value else None


def retry_after(value: str) -> float | None:
    """Return the seconds of a ``Retry-After`` header, a number or a date, or None for one that is neither."""
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, when.timestamp() - time.time()) if when.tzinfo is not None else None


def _error_object(body: bytes | bytearray) -> dict[str, Any]:
    """Return the object of an error's body, or an empty one."""
    try:
        found = load(body)
    except ProtocolError:
        return {}
    return found if isinstance(found, dict) else {}


def _description(found: dict[str, Any]) -> str:
    """Return the text of an error, by whichever key a server gives it."""
    for key in DESCRIPTIONS:
        value = found.get(key)
        text = value.get("message") if isinstance(value, dict) else value
        if isinstance(text, str) and text:
            return text
    return ""


def encode_answer(columns: Mapping[str, Any], *, as_list: bool) -> bytes:
    """
    Return the body of an answer from columns of numpy arrays and lists.

    float32 numbers keep their shortest digits; NaN and infinities are written as Python's json writes and reads them.
    """
    names = list(columns)
    lists = [to_python(values) for values in columns.values()]
    data = (
        [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
        if as_list
        else dict(zip(names, lists, strict=True))
    )
    answer = {"message": SUCCESS, "tensors": names, "data": data}
    return json.dumps(answer).encode() if any(map(_has_unwritable, lists)) else orjson_dumps(answer)


def _has_unwritable(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Tell whether a value holds a number that JSON has no word for, which orjson would turn into null."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, list):
        return any(map(_has_unwritable, value))
    return isinstance(value, dict) and any(map(_has_unwritable, value.values()))


def orjson_dumps(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return JSON; integers beyond 64 bits, which orjson refuses, by the standard library."""
    import orjson

    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()
