"""Places of syntax errors, and the form of the rules that recognize mistakes there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.syntax.keywords import TOKEN_OF_WORD
from tql_grammar.syntax.lexer import STOP, kind_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tql_grammar.syntax.lexer import Token

COMPARISONS = frozenset({"EQUAL", "EQUALS", "NOT_EQUAL", "LESS", "MORE", "LESS_EQUAL", "MORE_EQUAL", "LIKE", "ILIKE"})
CLAUSES = frozenset(
    {"FROM", "WHERE", "GROUP", "UNGROUP", "EXPAND", "ORDER", "LIMIT", "OFFSET", "SAMPLE", "HAVING", "ACROSS"}
)
CLOSING = frozenset({"FROM", "RPAR", "RSQB", STOP, "WHERE", "ORDER", "LIMIT"})
KEYWORDS = frozenset(TOKEN_OF_WORD.values())


class Place(NamedTuple):
    """
    An unexpected token.

    Attributes:
        tokens: all tokens of the text.
        at: the index of the unexpected one.
        expected: descriptions of the tokens that the grammar allows there.
    """

    tokens: Sequence[Token]
    at: int
    expected: Sequence[str]

    @property
    def token(self) -> Token:
        """The token."""
        return self.tokens[self.at]

    def kind(self, distance: int) -> str:
        """Return the kind of the token at a *distance* from this one, negative for a token before it; "" where there is none."""
        return kind_at(self.tokens, self.at + distance)

    def open(self, opening: str, closing: str) -> int:
        """Return the number of open parentheses or brackets."""
        kinds = [token.kind for token in self.tokens[: self.at]]
        return kinds.count(opening) - kinds.count(closing)

    def word(self, distance: int) -> str:
        """Return the token at a *distance* from this one as a query writes it, or "" where there is none."""
        index = self.at + distance
        if not 0 <= index < len(self.tokens) or not self.kind(distance) or self.kind(distance) == STOP:
            return ""
        value = str(self.tokens[index].value)
        if self.kind(distance) == "STRING":
            escaped = value.replace("'", "''")
            return f"'{escaped}'"
        return value

    def follows_directly(self, distance: int = 0) -> bool:
        """Tell whether the token at a *distance* begins where the one before it ends."""
        index = self.at + distance
        return 0 < index < len(self.tokens) and self.tokens[index].start == self.tokens[index - 1].end

    @property
    def has_slash_star(self) -> bool:
        """Whether ``/*`` is written at this token or before it."""
        near = self.tokens[: self.at + 2]
        pairs = pairwise(near)
        return any(one.kind == "SLASH" and two.kind == "STAR" and one.end == two.start for one, two in pairs)


class SyntaxRule(NamedTuple):
    """
    One common syntax mistake.

    Attributes:
        code: ``TQL1xx``.
        title: a noun phrase for the mistake.
        hint: the remedy.
        example: a minimal query with the mistake.
        meant: the right form of the example.
        applies: whether an unexpected token is this mistake.
        advise: returns the remedy with the words of the query, or None if the hint is all.
    """

    code: str
    title: str
    hint: str
    example: str
    meant: str
    applies: Callable[[Place], bool]
    advise: Callable[[Place], str | None] | None = None


def postgres(form: str) -> str:
    """Return the hint about PostgreSQL, which another endpoint of the vendor takes, with the form of TQL."""
    return (
        f"this is PostgreSQL, which only the endpoint /workspaces/{{workspace}}/tables/query takes; in TQL write {form}"
    )
