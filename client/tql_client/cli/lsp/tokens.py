"""Semantic tokens and symbols of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol.types import DocumentSymbol, SemanticTokenTypes, SymbolKind

from tql_grammar import ast
from tql_grammar.functions import CATALOGUE
from tql_grammar.printing.printer import to_tql
from tql_grammar.syntax.keywords import TOKEN_OF_WORD
from tql_grammar.syntax.lexer import TOKEN, cut_at_nul
from tql_grammar.syntax.parser import read
from tql_grammar.typing.scopes import selects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_client.cli.lsp.positions import Lines

TYPES = (
    SemanticTokenTypes.Keyword,
    SemanticTokenTypes.Function,
    SemanticTokenTypes.Variable,
    SemanticTokenTypes.String,
    SemanticTokenTypes.Number,
    SemanticTokenTypes.Comment,
    SemanticTokenTypes.Operator,
)
OF_KIND = {
    "COMMENT": SemanticTokenTypes.Comment,
    "VECTOR": SemanticTokenTypes.Number,
    "CHARACTER_VARYING": SemanticTokenTypes.Keyword,
    "QUOTED": SemanticTokenTypes.Variable,
    "STRING": SemanticTokenTypes.String,
    "FLOAT": SemanticTokenTypes.Number,
    "INTEGER": SemanticTokenTypes.Number,
}
OPERATORS = frozenset({"=", "==", "!=", "<>", "<", ">", "<=", ">=", "+", "-", "*", "/", "%", "^", "||"})
LONGEST_NAME = 60


def semantic_tokens(text: str, lines: Lines) -> list[int]:
    """Return the tokens of a query, five numbers for each: lines and columns from the token before, length, type and modifiers."""
    data: list[int] = []
    line, column = 0, 0
    for start, end, kind in _tokens(text):
        for first, last in _by_line(lines, start, end):
            place, after = lines.position(first), lines.position(last)
            begin = place.character - (column if place.line == line else 0)
            data += [place.line - line, begin, after.character - place.character, TYPES.index(kind), 0]
            line, column = place.line, place.character
    return data


def _by_line(lines: Lines, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a token in each of its lines."""
    for first, last in zip(lines.starts, lines.ends, strict=True):
        if max(start, first) < min(end, last):
            yield max(start, first), min(end, last)


def _tokens(text: str) -> Iterator[tuple[int, int, SemanticTokenTypes]]:
    """Yield start, end and type of each token that has a type."""
    visible = cut_at_nul(text)
    for match in TOKEN.finditer(visible):
        kind = match.lastgroup
        if kind == "UNKNOWN":
            return
        found = None if kind is None else _type(kind, match[kind], called=visible[match.end() :].lstrip()[:1] == "(")
        if kind is not None and found is not None:
            yield *match.span(kind), found


def _type(kind: str, word: str, *, called: bool) -> SemanticTokenTypes | None:
    """Return the type of a token."""
    if kind == "SYMBOL":
        return SemanticTokenTypes.Operator if word in OPERATORS else None
    if kind != "NAME":
        return OF_KIND[kind]
    if called and word.lower() in CATALOGUE:
        return SemanticTokenTypes.Function
    return SemanticTokenTypes.Keyword if word.upper() in TOKEN_OF_WORD else SemanticTokenTypes.Variable


def symbols(text: str, lines: Lines) -> list[DocumentSymbol]:
    """Return the SELECTs of a query, each below the one around it, with the outputs that have a name."""
    tree = read(text).tree
    found: list[DocumentSymbol] = []
    stack: list[tuple[int, DocumentSymbol]] = []
    spans = [(select.span, select) for select in selects(tree)] if tree is not None else []
    known = [(span, select) for span, select in spans if span is not None]
    for span, select in sorted(known, key=lambda one: (one[0].start, -one[0].end)):
        place = lines.range(span.start, span.end)
        symbol = DocumentSymbol(_name(select), SymbolKind.Class, place, place, children=_outputs(select, lines))
        while stack and stack[-1][0] <= span.start:
            stack.pop()
        (found if not stack else _children(stack[-1][1])).append(symbol)
        stack.append((span.end, symbol))
    return found


def _children(symbol: DocumentSymbol) -> list[DocumentSymbol]:
    """Return the list of the symbols below a symbol."""
    children: list[DocumentSymbol] = symbol.children  # type: ignore[assignment]  # a list since `symbols` made it
    return children


def _name(select: ast.Select) -> str:
    """Return the select list of a SELECT, shortened."""
    text = f"select {', '.join(map(to_tql, select.columns))}"
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _outputs(select: ast.Select, lines: Lines) -> list[DocumentSymbol]:
    """Return the outputs of a SELECT with an alias."""
    named = [column for column in select.columns if isinstance(column, ast.Aliased) and column.span is not None]
    places = [lines.range(column.span.start, column.span.end) for column in named if column.span is not None]
    return [
        DocumentSymbol(column.alias, SymbolKind.Field, place, place)
        for column, place in zip(named, places, strict=True)
        if column.alias
    ]
