"""
Incremental decoder of large responses: each chunk of the JSON text is deleted after it is decoded, which limits the peak memory.

The result is the same as of decoding the whole text, stored by columns.
Vectors of floats are stored as numpy arrays until their values are read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tql_client.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 2**22
SHORT = 16
# A string, a list without strings or lists, a bracket, or a comma.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|\[[^\[\]{}"]*\]|[\[\]{},]', re.DOTALL)
NAME = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:\s*', re.DOTALL)
BLANK = re.compile(rb"\s*")
OPENING, CLOSING, COMMA = b"[{", b"]}", ord(",")


class ChunkedJson:
    """
    A JSON text that is decoded from its start, and deleted while it is decoded.

    Attributes:
        body: the rest of the text.
        count: the number of decoded rows, if the data has the form of rows.
    """

    def __init__(self, body: bytearray, load: Callable[[bytes], Any]) -> None:
        """
        Create a decoder.

        Args:
            body: the JSON text; decoding empties it.
            load: decodes the JSON of a chunk.
        """
        self.body = body
        self.count = 0
        self._load = load

    def answer(self) -> tuple[dict[str, Any], dict[str, list[Any]], bool]:
        """
        Return the response without its data, the columns of the data, and whether the data has the form of rows.

        Raises:
            ProtocolError: the text is not JSON, or does not follow the protocol.
        """
        start = self._start_of_data()
        head = bytes(self.body[:start])
        opening = self.body[start : start + 1]
        del self.body[: start + 1]
        if opening == b"[":
            columns = self._rows()
        elif opening == b"{":
            columns = self._columns()
        else:
            message = "`data` of the response is neither a list of rows nor an object of columns"
            raise ProtocolError(message, "wrong_type")
        rest = self._load(head + b"null" + bytes(self.body))
        if rest.pop("data") is not None:
            message = "the response has the key `data` twice"
            raise ProtocolError(message, "not_json")
        return rest, columns, opening == b"["

    def _start_of_data(self) -> int:
        """Return the position of the value of the top-level key ``data``."""
        depth = 0
        for token in TOKEN.finditer(self.body):
            depth += self._step(token)
            if depth == 1 and token.group() == b'"data"':
                match = NAME.match(self.body, token.start())
                if match is not None:
                    return match.end()
        message = "the response has no key `data`"
        raise ProtocolError(message, "missing_key")

    def _step(self, token: re.Match[bytes]) -> int:
        """Return the change of the nesting depth: 1 for an opening bracket, -1 for a closing one, else 0."""
        first = self.body[token.start()]
        if token.end() > token.start() + 1:
            return 0
        return 1 if first in OPENING else -1 if first in CLOSING else 0

    def _chunk_end(self) -> tuple[int, bool]:
        """Return the end of the next chunk, a comma or the closing bracket of the list, and whether it is the bracket."""
        depth = 0
        for token in TOKEN.finditer(self.body):
            start = token.start()
            depth += self._step(token)
            if depth < 0:
                if self.body[start] != ord("]"):
                    break
                return start, True
            if depth == 0 and start >= CHUNK and self.body[start] == COMMA:
                return start, False
        message = "the response is not JSON: a list has no closing bracket"
        raise ProtocolError(message, "not_json")

    def _members(self) -> Iterator[list[Any]]:
        """Yield the members of a list, chunk by chunk; its opening bracket is already consumed."""
        first = True
        while True:
            end, closed = self._chunk_end()
            chunk = bytes(self.body[:end])
            del self.body[: end + 1]
            if chunk.strip():
                yield self._load(b"[" + chunk + b"]")
            elif not (first and closed):
                message = "the response is not JSON: a list has a trailing comma"
                raise ProtocolError(message, "not_json")
            if closed:
                return
            first = False

    def _rows(self) -> dict[str, list[Any]]:
        """Return the columns of a list of rows; missing values are None."""
        columns: dict[str, list[Any]] = {}
        count = 0
        for rows in self._members():
            for row in rows:
                if not isinstance(row, dict):
                    message = "a row in `data` of the response is not an object"
                    raise ProtocolError(message, "wrong_type")
                for name in row:
                    if name not in columns:
                        columns[name] = [None] * count
                for name, values in columns.items():
                    values.append(_compact(row.get(name)))
                count += 1
        self.count = count
        return columns

    def _columns(self) -> dict[str, list[Any]]:
        """Return the columns of an object of lists; its opening bracket is already consumed."""
        columns: dict[str, list[Any]] = {}
        if NAME.match(self.body) is None and self._consume(b"}"):
            return columns
        while True:
            name = self._start_of_column()
            columns[name] = [_compact(value) for values in self._members() for value in values]
            if self._consume(b"}"):
                return columns
            if not self._consume(b","):
                message = "the response is not JSON: a comma is missing between two columns"
                raise ProtocolError(message, "not_json")

    def _start_of_column(self) -> str:
        """Consume the name of a column and the opening bracket of its list, and return the name."""
        match = NAME.match(self.body)
        if match is None or self.body[match.end() : match.end() + 1] != b"[":
            message = "a column in `data` of the response is not a list"
            raise ProtocolError(message, "missing_key")
        name: str = self._load(match[1])
        del self.body[: match.end() + 1]
        return name

    def _consume(self, mark: bytes) -> bool:
        """Consume one character after white space, and return whether it is *mark*."""
        blank = BLANK.match(self.body)
        at = 0 if blank is None else blank.end()
        matches = self.body[at : at + 1] == mark
        if matches:
            del self.body[: at + 1]
        return matches


def _compact(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a long list of floats as an array, and any other value unchanged."""
    if type(value) is list and len(value) > SHORT and all(type(number) is float for number in value):
        import numpy as np

        return np.asarray(value, dtype=np.float64)
    return value
