"""
Incremental decoder of large answers, chunk by chunk: the text, its values and the JSON library's buffers are never in memory at once.

The result is that of the whole text, by columns.
A vector of floats is kept as an array of numpy until somebody asks for its numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tql_client.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CHUNK = 2**22
SHORT = 16
# A text, a list without texts or lists in it, or what opens, closes and parts.
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|\[[^\[\]{}"]*\]|[\[\]{},]', re.DOTALL)
NAME = re.compile(rb'\s*("(?:[^"\\]|\\.)*")\s*:\s*', re.DOTALL)
BLANK = re.compile(rb"\s*")
OPENING, CLOSING, COMMA = b"[{", b"]}", ord(",")


class ChunkedJson:
    """A JSON text that is read from its begin, and deleted as it is read."""

    def __init__(self, body: bytearray, load: Callable[[bytes], Any]) -> None:
        """
        Take a text.

        Args:
            body: the text; it is used up.
            load: reads the JSON of a chunk.
        """
        self.body = body
        self._load = load

    def answer(self) -> tuple[dict[str, Any], dict[str, list[Any]], bool]:
        """
        Return what an answer says beside its data, its columns, and whether they came as rows.

        Raises:
            ProtocolError: it is not JSON, or not of the protocol's shape.
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
            message = "`data` is neither a list of rows nor an object of columns"
            raise ProtocolError(message, "wrong_type")
        rest = self._load(head + b"null" + bytes(self.body))
        if rest.pop("data") is not None:
            message = "the answer has `data` twice"
            raise ProtocolError(message, "not_json")
        return rest, columns, opening == b"["

    def _start_of_data(self) -> int:
        """Return where the value of the answer's own ``data`` begins."""
        depth = 0
        for token in TOKEN.finditer(self.body):
            depth += self._step(token)
            if depth == 1 and token.group() == b'"data"':
                found = NAME.match(self.body, token.start())
                if found is not None:
                    return found.end()
        message = "the answer has no `data`"
        raise ProtocolError(message, "missing_key")

    def _step(self, token: re.Match[bytes]) -> int:
        """Return how much deeper a token leads."""
        first = self.body[token.start()]
        if token.end() > token.start() + 1:
            return 0
        return 1 if first in OPENING else -1 if first in CLOSING else 0

    def _cut(self) -> tuple[int, bool]:
        """Return where the next chunk ends, at a comma or at the bracket that closes the list, and whether it is that."""
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
        message = "the answer is not JSON: a list has no end"
        raise ProtocolError(message, "not_json")

    def _members(self) -> Iterator[list[Any]]:
        """Yield the members of a list whose bracket was read, chunk by chunk."""
        first = True
        while True:
            end, closed = self._cut()
            chunk = bytes(self.body[:end])
            del self.body[: end + 1]
            if chunk.strip():
                yield self._load(b"[" + chunk + b"]")
            elif not (first and closed):
                message = "the answer is not JSON: a comma with nothing after it"
                raise ProtocolError(message, "not_json")
            if closed:
                return
            first = False

    def _rows(self) -> dict[str, list[Any]]:
        """Return the columns of rows; a row that lacks one has None there."""
        columns: dict[str, list[Any]] = {}
        count = 0
        for rows in self._members():
            for row in rows:
                if not isinstance(row, dict):
                    message = "a row of `data` is not an object"
                    raise ProtocolError(message, "wrong_type")
                for name in row.keys() - columns.keys():
                    columns[name] = [None] * count
                for name, values in columns.items():
                    values.append(_kept(row.get(name)))
                count += 1
        return columns

    def _columns(self) -> dict[str, list[Any]]:
        """Return the columns of an object of lists whose bracket was read."""
        columns: dict[str, list[Any]] = {}
        if NAME.match(self.body) is None and self._took(b"}"):
            return columns
        while True:
            name = self._start_of_column()
            columns[name] = [_kept(value) for values in self._members() for value in values]
            if self._took(b"}"):
                return columns
            if not self._took(b","):
                message = "the answer is not JSON: something stands between two columns"
                raise ProtocolError(message, "not_json")

    def _start_of_column(self) -> str:
        """Read the name of a column and the bracket of its list, and return the name."""
        found = NAME.match(self.body)
        if found is None or self.body[found.end() : found.end() + 1] != b"[":
            message = "a column of `data` is not a list"
            raise ProtocolError(message, "missing_key")
        name: str = self._load(found[1])
        del self.body[: found.end() + 1]
        return name

    def _took(self, mark: bytes) -> bool:
        """Read one mark after blanks, if it is there."""
        found = BLANK.match(self.body)
        at = 0 if found is None else found.end()
        there = self.body[at : at + 1] == mark
        if there:
            del self.body[: at + 1]
        return there


def _kept(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return a value as it is kept: many floats as an array."""
    if type(value) is list and len(value) > SHORT and all(type(number) is float for number in value):
        import numpy as np

        return np.asarray(value, dtype=np.float64)
    return value
