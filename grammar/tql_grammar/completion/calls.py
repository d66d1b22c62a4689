"""The call of a function around a place, and what its argument there has to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.functions import CATALOGUE, SEARCHES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql_grammar.functions import Function
    from tql_grammar.syntax.lexer import Token

OPENING, CLOSING = frozenset({"LPAR", "LSQB"}), frozenset({"RPAR", "RSQB"})
# ALL is a keyword, and a function before a parenthesis.
CALLABLE = frozenset({"NAME", "ALL"})
# What the first argument of a function is, where its parameter is of no special kind.
FIRST = {
    "bm25_similarity": "bm25",
    "contains": "text",
    "hamming_distance": "bytes",
    "maxsim": "matrix",
    "mmr_similarity": "vector",
}


class OpenCall(NamedTuple):
    """
    A call that is not closed before a place.

    Attributes:
        function: the function.
        argument: the index of the argument at the place.
    """

    function: Function
    argument: int

    @property
    def takes(self) -> str:
        """The kind of the argument at the place: that of the parameter, or "vector", "matrix", "bytes", "text" or "bm25" for a column of it."""
        name = self.function.name
        if self.argument == 0 and name in SEARCHES | FIRST.keys():
            return FIRST.get(name, "vector")
        parameters = self.function.parameters
        return parameters[self.argument].kind if self.argument < len(parameters) else "value"


def open_call(tokens: Sequence[Token]) -> OpenCall | None:
    """Return the innermost call of a known function that is open at the end of some tokens; no call where one of another function is nearer."""
    for opening, commas in reversed(_open_brackets(tokens)):
        function = _called(tokens, opening)
        if function is not None:
            return OpenCall(function, commas)
        if tokens[opening].kind == "LPAR" and opening and tokens[opening - 1].kind in CALLABLE:
            return None
    return None


def _open_brackets(tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Return the index of each bracket that is open at the end of some tokens, with the number of commas after it."""
    stack: list[tuple[int, int]] = []
    for index, token in enumerate(tokens):
        if token.kind in OPENING:
            stack.append((index, 0))
        elif stack and token.kind in CLOSING:
            stack.pop()
        elif stack and token.kind == "COMMA":
            opening, commas = stack.pop()
            stack.append((opening, commas + 1))
    return stack


def _called(tokens: Sequence[Token], opening: int) -> Function | None:
    """Return the function that a parenthesis with an index calls."""
    if tokens[opening].kind != "LPAR" or not opening or tokens[opening - 1].kind not in CALLABLE:
        return None
    return CATALOGUE.get(str(tokens[opening - 1].value).lower())
