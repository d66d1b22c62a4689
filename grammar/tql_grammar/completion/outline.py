"""The SELECT around a place of a text that is being typed, and the columns that it sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tql_grammar import ast
from tql_grammar.completion.closing import closing
from tql_grammar.completion.place import advanced
from tql_grammar.outputs import bare, output_name
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.lexer import STOP, cut_at_nul, tokens
from tql_grammar.syntax.parser import read
from tql_grammar.typing.scopes import SelectScope, scopes_of
from tql_grammar.walk import sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tql_grammar.completion.place import Place
    from tql_grammar.schema import Column, Schema
    from tql_grammar.syntax.lexer import Token

    Schemas = Callable[[ast.Query | None], Mapping[str | None, Schema]]

# The name that stands for the word at the place.
HOLE = "x"
# The most ends of tokens at which an incomplete text is completed.
MOST_BEGINNINGS = 20
# The tokens that begin a clause, by which the clause of a place is known, and those that end FROM.
CLAUSES = frozenset(
    {"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "SAMPLE", "UNGROUP", "EXPAND", "ON"}
)
AFTER_FROM = CLAUSES - {"FROM", "ON"} | {"UNION", "INTERSECT", "EXCEPT", "FOR", "SEMICOLON", STOP, "WITH"}


class OpenSelect(NamedTuple):
    """
    The SELECT around a place.

    Attributes:
        clause: the token that begins the clause of the place; "" before the SELECT.
        source: the text of FROM, or "".
        scope: the columns that the SELECT sees, by type where they are known.
        names: the names of columns that the sources of the SELECT compute, whose types may be unknown.
        tables: the columns of each dataset without an alias by its name, which the engine does not take as an alias.
    """

    clause: str
    source: str
    scope: SelectScope
    names: tuple[str, ...]
    tables: Mapping[str, Mapping[str, Column | None]]


class _Open(NamedTuple):
    """The clause and the SELECT that are open before a place: the index of the token SELECT, and the token that begins the clause."""

    select: int
    clause: str


def level_at(place: Place, schemas: Schemas) -> OpenSelect:
    """Return the SELECT around a place."""
    found = _open(place.tokens)
    source = "" if found is None else _source(place, found.select)
    tree = _tree(source)
    scope = next(iter(scopes_of(tree, schemas(tree)))) if isinstance(tree, ast.Select) else SelectScope(ast.Select(()))
    inside = [*sources(tree.source)] if isinstance(tree, ast.Select) else []
    known = schemas(tree)
    bare_tables = {part.name: known.get(part.name) for part in inside if isinstance(part, ast.Table) and not part.alias}
    tables = {name: {} if schema is None else dict(schema.as_dict()) for name, schema in bare_tables.items()}
    clause = "" if found is None else found.clause
    return OpenSelect(clause, source, scope, tuple(dict.fromkeys(_computed(inside))), tables)


def _open(before: Sequence[Token]) -> _Open | None:
    """Return the innermost SELECT that is open at the end of some tokens."""
    stack: list[_Open | None] = [None]
    for index, token in enumerate(before):
        if token.kind in {"LPAR", "LSQB"}:
            stack.append(stack[-1])
        elif token.kind in {"RPAR", "RSQB"} and len(stack) > 1:
            stack.pop()
        elif token.kind == "SELECT":
            stack[-1] = _Open(index, "SELECT")
        elif token.kind == "SEMICOLON":
            stack = [None]
        elif token.kind in CLAUSES and stack[-1] is not None:
            stack[-1] = stack[-1]._replace(clause=token.kind)
    return stack[-1]


def _source(place: Place, select: int) -> str:
    """Return the text after FROM of the SELECT with an index, with a name in the place of the word; "" where it has none."""
    text = _with_hole(place)
    start = place.tokens[select].start
    read_tokens = tokens(text[start:])
    depth, begin = 0, None
    for token in read_tokens[1:]:
        depth += (token.kind in {"LPAR", "LSQB"}) - (token.kind in {"RPAR", "RSQB"})
        if depth < 0 or (depth == 0 and token.kind in AFTER_FROM):
            return "" if begin is None else text[start + begin : start + token.start]
        if depth == 0 and token.kind == "FROM" and begin is None:
            begin = token.end
    return "" if begin is None else text[start + begin :]


def _with_hole(place: Place) -> str:
    """Return the text with a name in the place of the word."""
    visible = cut_at_nul(place.text)
    if place.quote == "'":
        return f"{visible[: place.start]}{visible[place.end : place.end + 1] or place.quote}{visible[place.end + 1 :]}"
    if place.quote:
        rest = visible[place.end :].removeprefix(place.quote)
        return f"{visible[: place.start - 1]}{HOLE}{rest}"
    return f"{visible[: place.start]}{HOLE}{visible[place.end :]}"


def _tree(source: str) -> ast.Query | None:
    """Return the tree of ``select * from`` some sources, completed if they are incomplete."""
    text = f"select * from {source}" if source.strip() else "select *"  # noqa: S608 - it is parsed, not run
    tree = read(text).tree
    if tree is not None:
        return tree
    # The longest part that is the beginning of a query; the rest is not read.
    for end, states in reversed(_beginnings(text)[-MOST_BEGINNINGS:]):
        rest = closing(states)
        if rest is not None:
            return read(f"{text[:end]} {rest}").tree
    return None


def _beginnings(text: str) -> list[tuple[int, tuple[int, ...]]]:
    """Return the ends of the tokens of a text up to the first one that the grammar does not allow, each with the states of the parser there."""
    table, _ = parse_table()
    stack: Sequence[int] | None = (table.start,)
    found = []
    for token in tokens(text)[:-1]:
        stack = advanced(table, stack, token.kind)
        if stack is None:
            break
        found.append((token.end, tuple(stack)))
    return found


def _computed(found: Iterable[ast.Source]) -> Iterator[str]:
    """Yield the names of the outputs of the subqueries among some sources."""
    for source in found:
        if not isinstance(source, ast.Derived):
            continue
        query = source.query
        while isinstance(query, ast.SetOperation):
            query = query.operands[0]
        if isinstance(query, ast.Select):
            yield from _outputs(query)


def _outputs(select: ast.Select) -> Iterator[str]:
    """Yield the names of the outputs of a SELECT."""
    for output in select.columns:
        name = output_name(output)
        if isinstance(bare(output), ast.Star):
            yield from _computed(sources(select.source))
        elif name is not None:
            yield name


def column_types(level: OpenSelect, alias: str | None = None) -> dict[str, Column | None]:
    """Return the columns that a place sees by name, those of one source if it is named by its alias; None for an unknown type."""
    if alias is not None:
        found = level.scope.aliases.get(alias, level.tables.get(alias))
        return {} if found is None else dict(found)
    known: dict[str, Column | None] = {} if level.scope.columns is None else dict(level.scope.columns)
    for columns in level.scope.aliases.values():
        known = {**dict(columns or {}), **known}
    return {**dict.fromkeys(level.names), **known}
