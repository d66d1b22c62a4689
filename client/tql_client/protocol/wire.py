"""
Encoding and decoding of the protocol's requests, responses and errors, for client and server.

Request: ``{"query": "..", "as_list": true}``.
Response: ``{"message": "..", "tensors": ["text", "score"], "data": ..}``; data is a list with one object per row, or, if as_list is false, an object with one list per column.
Error: ``{"description": ".."}`` with an HTTP status of 400 or more.
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

from tql_client.errors import APIError, ConfigError, ProtocolError, by_status
from tql_client.protocol.messages import WEB_PAGE, hint, token_hint
from tql_client.protocol.values import packed, to_python
from tql_grammar.errors import ArgumentError
from tql_grammar.lint.engine_messages import engine_position
from tql_grammar.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SUCCESS = "Query successful."
EXCERPT = 500
# Size in bytes above which a response is decoded in chunks.
LARGE = 2**25
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?")
UNAUTHORIZED = 401
# Statuses whose hints hold for web pages too: a wrong address, and a proxy that wants a password.
NO_PAGE = frozenset({404, 405, 407})
DESCRIPTIONS = ("description", "error", "message", "detail")
REQUEST_IDS = ("x-request-id", "x-amzn-trace-id", "cf-ray")


class Answer(Record):
    """
    A decoded response, in the form that the server chose: rows or columns.

    Attributes:
        names: the names of the columns, in order.
        data: one dict per row, or one list or array per column.
        message: the message of the server.
        extra: the other keys of the response.
        size: the size of the response in bytes, after decompression; 0 for the engine in this process.
        in_order: whether the keys of every row are known to be exactly the names, in order.
        types: the engine's names of the types of the columns, for columns of the engine in this process.
    """

    names: tuple[str, ...]
    data: Any
    message: str = SUCCESS
    extra: Any = None
    size: int = 0
    in_order: bool = False
    types: Mapping[str, str] | None = None

    @property
    def by_rows(self) -> bool:
        """Whether data is one dict per row."""
        return isinstance(self.data, list)


def encode_request(query: str, *, as_list: bool) -> bytes:
    """
    Return the body of a request.

    Raises:
        ArgumentError: the query contains half of a surrogate pair, which UTF-8 cannot encode.
    """
    import orjson

    try:
        return orjson.dumps({"query": query, "as_list": as_list})
    except TypeError:
        place = next(index for index, character in enumerate(query) if "\ud800" <= character <= "\udfff")
        rule = f"must be text that UTF-8 can encode: the character at {place} is half of one (a lone surrogate)"
        raise ArgumentError("query", rule, ascii(query[max(0, place - 20) : place + 1])) from None


class Decoding(Record):
    """
    Options for decoding JSON.

    Attributes:
        nan: "keep" decodes NaN and infinities as floats, "null" as None; "error" raises `ProtocolError`.
        strict: decode integers beyond 64 bits exactly, not as the nearest float, and raise on duplicate keys instead of using the last one.
    """

    nan: Literal["keep", "null", "error"] = "keep"
    strict: bool = False


PLAIN = Decoding()
NAN = ("keep", "null", "error")


def decoding_of(nan: Literal["keep", "null", "error"], strict: bool) -> Decoding:  # noqa: FBT001 - an option, passed on
    """
    Return the options for decoding JSON.

    Raises:
        ConfigError: *nan* is none of the three words.
    """
    if nan not in NAN:
        message = f'`nan` must be "keep", "null" or "error", got {nan!r}'
        raise ConfigError(message)
    return Decoding(nan, strict)


def decode_answer(body: bytes | bytearray, decoding: Decoding = PLAIN) -> Answer:
    """
    Return the answer in the body of a response, by rows or by columns.

    Args:
        body: the JSON text; a bytearray above 32 MiB is emptied.
        decoding: the options.

    Raises:
        ProtocolError: the body is not JSON, or does not follow the protocol.
    """
    size = len(body)
    if size > LARGE and isinstance(body, bytearray) and not decoding.strict:
        return _large(body, decoding)
    response = _object(body, decoding)
    if "data" not in response:
        message = f"the response has no key `data`; its keys are {', '.join(map(str, response)) or 'none'}"
        raise ProtocolError(message, "missing_key")
    data = response["data"]
    names = _names(response.get("tensors"), data)
    in_order = isinstance(data, list) and _are_in_order(names, data)
    if not in_order:
        _require_shape(names, data, strict=decoding.strict)
    rows = data if isinstance(data, list) else packed(names, data)
    return Answer(names, rows, str(response.get("message", "")), _extra(response), size, in_order)


def _extra(response: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a response that the protocol does not name."""
    return {key: value for key, value in response.items() if key not in {"message", "tensors", "data"}}


def _large(body: bytearray, decoding: Decoding) -> Answer:
    """Return the answer in a large body, decoded in chunks, by columns."""
    from tql_client.protocol.streaming import ChunkedJson

    size = len(body)
    chunks = ChunkedJson(body, lambda chunk: load(chunk, decoding))
    rest, columns, by_rows = chunks.answer()
    names = _names(rest.pop("tensors", None), columns)
    if by_rows and not names:  # rows without columns have no column to count them
        return Answer((), [{} for _ in range(chunks.count)], str(rest.pop("message", "")), rest, size)
    if by_rows:
        count = chunks.count
        columns = {name: columns[name] if name in columns else [None] * count for name in names}
    _require_shape(names, columns, strict=False)
    return Answer(names, packed(names, columns), str(rest.pop("message", "")), rest, size)


def _object(body: bytes | bytearray, decoding: Decoding) -> dict[str, Any]:
    """Return the JSON object of a body."""
    value = load(body, decoding)
    if not isinstance(value, dict):
        message = f"the response is {_excerpt(body)}, not an object"
        raise ProtocolError(message, "not_object")
    return value


def load(body: bytes | bytearray, decoding: Decoding = PLAIN) -> Any:  # noqa: ANN401 - any JSON
    """Return the value of a JSON text, which may contain NaN, infinities and a byte order mark; orjson rejects these."""
    import orjson

    if not body:
        message = "the response is empty"
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
            object_pairs_hook=_unique_keys if decoding.strict else None,
        )
    except ProtocolError:
        raise
    except (ValueError, RecursionError, MemoryError) as error:
        if body.lstrip()[:1] == b"<":
            message = f"the response is a web page{_title(body)}: is this the url of the query endpoint?"
            raise ProtocolError(message, "html_page") from None
        message = f"the response is not JSON ({error}): {_excerpt(body)}"
        raise ProtocolError(message, "not_json") from None


def _numbers(decoding: Decoding) -> Callable[[str], float | None]:
    """Return the function that decodes a number; NaN and infinities (1e999 is one) follow *decoding*."""

    def decode(text: str) -> float | None:
        number = float(text)
        if math.isfinite(number) or decoding.nan == "keep":
            return number
        if decoding.nan == "null":
            return None
        message = f"the response contains {text[:20]}, which is not a number in JSON"
        raise ProtocolError(message, "not_json")

    return decode


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object, or raise if a key occurs twice."""
    value = dict(pairs)
    if len(value) < len(pairs):
        message = "an object in the response has a key twice"
        raise ProtocolError(message, "not_json")
    return value


def _excerpt(body: bytes | bytearray) -> str:
    """Return the beginning of a body for a message."""
    return repr(body[:60].decode("utf-8", "replace"))


def _title(body: bytes | bytearray) -> str:
    """Return the title of a web page for a message."""
    match = re.search(rb"<title[^>]*>(.*?)</title>", body[:20_000], re.IGNORECASE | re.DOTALL)
    return f" ({match[1].decode('utf-8', 'replace').strip()!r})" if match else ""


def _names(tensors: Any, data: Any) -> tuple[str, ...]:  # noqa: ANN401 - any JSON
    """Return the names of the columns from `tensors`, or from the data if `tensors` is missing."""
    if tensors is None:
        rows = data if isinstance(data, list) else [data]
        tensors = list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row))
    if not isinstance(tensors, list) or not all(isinstance(name, str) for name in tensors):
        message = "`tensors` of the response is not a list of names"
        raise ProtocolError(message, "wrong_type")
    if len(set(tensors)) < len(tensors):
        message = "`tensors` of the response has a column twice"
        raise ProtocolError(message, "wrong_type")
    return tuple(tensors)


def _are_in_order(names: tuple[str, ...], rows: list[Any]) -> bool:
    """Return whether the keys of every row are exactly the names, in order."""
    count = len(rows)
    # Keys are unique within a row, so if all keys in sequence are the names repeated, each row has all of them.
    return countOf(map(type, rows), dict) == count and [*chain.from_iterable(rows)] == [*names] * count


def _require_shape(names: tuple[str, ...], data: Any, *, strict: bool) -> None:  # noqa: ANN401 - any JSON
    """Raise if the data is neither rows nor columns of equal length; a missing value becomes None, or raises if *strict*."""
    if isinstance(data, list):
        _complete_rows(names, data, strict=strict)
    elif isinstance(data, dict):
        _require_columns(names, data)
    else:
        message = f"`data` of the response is {type(data).__name__}, neither a list of rows nor an object of columns"
        raise ProtocolError(message, "wrong_type")


def _complete_rows(names: tuple[str, ...], rows: list[Any], *, strict: bool) -> None:
    """Raise if a row is not an object; a missing value becomes None, or raises if *strict*."""
    wanted = set(names)
    for row in rows:
        if not isinstance(row, dict):
            message = "a row in `data` of the response is not an object"
            raise ProtocolError(message, "wrong_type")
        missing = wanted - row.keys()
        if missing and strict:
            message = f"a row in `data` of the response has no column `{min(missing)}`"
            raise ProtocolError(message, "ragged")
        row.update(dict.fromkeys(missing))


def _require_columns(names: tuple[str, ...], columns: dict[str, Any]) -> None:
    """Raise if a column is missing, is not a list, or has another length than the others."""
    if not all(isinstance(columns.get(name), list) for name in names):
        message = "a column of `tensors` is missing from `data` of the response, or is not a list"
        raise ProtocolError(message, "missing_key")
    if len({len(columns[name]) for name in names}) > 1:
        message = "the columns in `data` of the response have different lengths"
        raise ProtocolError(message, "ragged")


def decode_error(
    status: int, body: bytes | bytearray, headers: Mapping[str, str], *, token: str | None = None
) -> APIError:
    """Return the `APIError` for a response with a status of 400 or more; *token* says from where the token came that was sent."""
    error = _error_object(body)
    description = (
        _description(error)
        or _title(body).strip(" ()'")
        or body[:EXCERPT].decode("utf-8", "replace")
        or "the server returned no message"
    )
    request_id = error.get("request_id") or next((headers[name] for name in REQUEST_IDS if name in headers), None)
    return by_status(status)(
        status,
        description,
        code=str(error["code"]) if "code" in error else None,
        request_id=None if request_id is None else str(request_id),
        hint=_string_at(error, "hint") or _hint(status, description, body, token),
        position=engine_position(description),
        retry_after=retry_after(headers.get("retry-after", "")),
        body_excerpt=body[:EXCERPT].decode("utf-8", "replace"),
    )


def _hint(status: int, description: str, body: bytes | bytearray, token: str | None) -> str | None:
    """Return the hint for an error: for a wrong token and a web page, what is known about their origin."""
    if status == UNAUTHORIZED:
        return token_hint(token)
    return WEB_PAGE if body.lstrip()[:1] == b"<" and status not in NO_PAGE else hint(status, description)


def _string_at(error: Mapping[str, Any], key: str) -> str | None:
    """Return the non-empty string at a key of an error's body, or None."""
    value = error.get(key)
    return value if isinstance(value, str) and value else None


def retry_after(value: str) -> float | None:
    """Return the seconds of a ``Retry-After`` header, from a number or a date, or None if it is invalid."""
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, when.timestamp() - time.time()) if when.tzinfo is not None else None


def _error_object(body: bytes | bytearray) -> dict[str, Any]:
    """Return the JSON object of an error's body, or an empty dict."""
    try:
        value = load(body)
    except ProtocolError:
        return {}
    return value if isinstance(value, dict) else {}


def _description(error: dict[str, Any]) -> str:
    """Return the message of an error, from the first of `DESCRIPTIONS` that has one."""
    for key in DESCRIPTIONS:
        value = error.get(key)
        text = value.get("message") if isinstance(value, dict) else value
        if isinstance(text, str) and text:
            return text
    return ""


def encode_answer(columns: Mapping[str, Any], *, as_list: bool) -> bytes:
    """
    Return the body of a response, encoded from columns that are numpy arrays or lists.

    float32 numbers are written with the shortest digits; NaN and infinities as Python's json module writes them.
    """
    names = list(columns)
    lists = [to_python(values) for values in columns.values()]
    data = (
        [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
        if as_list
        else dict(zip(names, lists, strict=True))
    )
    answer = {"message": SUCCESS, "tensors": names, "data": data}
    return json.dumps(answer).encode() if any(map(_has_nonfinite, lists)) else orjson_dumps(answer)


def _has_nonfinite(value: Any) -> bool:  # noqa: ANN401 - any JSON
    """Return whether a value contains NaN or an infinity, which orjson would encode as null."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, list):
        return any(map(_has_nonfinite, value))
    return isinstance(value, dict) and any(map(_has_nonfinite, value.values()))


def orjson_dumps(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return the JSON of a value; the standard library encodes integers beyond 64 bits, which orjson rejects."""
    import orjson

    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value).encode()
