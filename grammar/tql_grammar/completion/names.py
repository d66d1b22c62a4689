"""Names that can be written at a place: columns and aliases of the sources, datasets, functions, classes and keys of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.absent import ABSENT
from tql_grammar.completion.outline import column_types
from tql_grammar.completion.place import advanced
from tql_grammar.completion.proposal import Proposal
from tql_grammar.completion.wanted import compared, fitting
from tql_grammar.functions import CATALOGUE
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.keywords import is_bare_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tql_grammar.completion.outline import OpenSelect
    from tql_grammar.completion.place import Place
    from tql_grammar.completion.proposal import Kind
    from tql_grammar.functions import Function

# The functions that the engine rejects in a clause whatever their arguments are, with the rule.
REJECTED = {
    **{("bm25_similarity", clause): "TQL223" for clause in ("SELECT", "WHERE", "GROUP", "SAMPLE", "ON", "HAVING")},
    ("mmr_similarity", "SELECT"): "TQL233",
}
UNKNOWN_FUNCTION, UNKNOWN_ALIAS = "TQL201", "TQL213"
SOURCE, NO_ALIAS = "source", "dataset without an alias"
OPEN_CALL = "("
# A name without a schema may be any of those that the text has.
FROM_TEXT = "name in this text"
COLUMN_ROLES, DATASET_ROLES = frozenset({"column", "column_of"}), frozenset({"table_name"})


def names(place: Place, level: OpenSelect, datasets: Iterable[str]) -> Iterator[Proposal]:
    """Yield the names at a place where the grammar allows a name, the most fitting ones first."""
    roles, callable_there = _roles(place)
    if roles & COLUMN_ROLES:
        alias = _qualifier(place)
        yield from _columns(place, level, alias)
        yield from _aliases(place, level) if alias is None else ()
        yield from _functions(place, level.clause) if callable_there and not place.quote else ()
    if roles & DATASET_ROLES:
        yield from (_proposal(place, name, "dataset") for name in datasets)


def _aliases(place: Place, level: OpenSelect) -> Iterator[Proposal]:
    """Yield the aliases of the sources, each with its point, and last the datasets that have none."""
    found = [(name, SOURCE, "") for name in level.scope.aliases]
    found += [(name, NO_ALIAS, UNKNOWN_ALIAS) for name in level.tables if is_bare_name(name)]
    for name, detail, code in found:
        proposal = _proposal(place, name, "alias", detail, code)
        has_point = place.text.startswith(".", proposal.end)
        yield proposal if has_point else proposal.replace(text=f"{proposal.text}.")


def _roles(place: Place) -> tuple[frozenset[str], bool]:
    """Return the rules of the grammar that a name at a place ends, and whether it can be that of a function."""
    table, _ = parse_table()
    states = advanced(table, place.states, "NAME")
    if not states:
        return frozenset(), False
    row = table.rows[states[-1]]
    return frozenset(table.reductions[-move - 1].name for move in row.values() if move < 0), row.get("LPAR", 0) > 0


def _qualifier(place: Place) -> str | None:
    """Return the alias before the point that a place follows."""
    if len(place.tokens) > 1 and place.tokens[-1].kind == "DOT":
        return str(place.tokens[-2].value)
    return None


def _columns(place: Place, level: OpenSelect, alias: str | None) -> Iterator[Proposal]:
    """Yield the columns that a place sees, those that fit there first, then the names in the text where columns are unknown."""
    known = column_types(level, alias)
    fits = fitting(place.tokens, level.clause, column_types(level))
    wanted = [name for name, column in known.items() if column is not None and fits(column)]
    for name in dict.fromkeys([*wanted, *known]):
        column = known[name]
        yield _proposal(place, name, "column", detail="" if column is None else str(column))
    if level.scope.columns is None:
        others = dict.fromkeys(_names_in(place))
        yield from (_proposal(place, name, "column", detail=FROM_TEXT) for name in others if name not in known)


def _names_in(place: Place) -> Iterator[str]:
    """Yield the names of a text that may be columns: those that are no function, source or alias."""
    found = [*place.tokens, *place.after]
    for index, token in enumerate(found[:-1]):
        before = found[index - 1].kind if index else ""
        called = found[index + 1].kind in {"LPAR", "DOT"}
        # A name after a value is an alias.
        named = before in {"FROM", "JOIN", "AS", "NAME", "RPAR", "RSQB", "STRING"}
        if token.kind == "NAME" and not (called or named):
            yield str(token.value)


def _functions(place: Place, clause: str) -> Iterator[Proposal]:
    """Yield the functions, and last those that users of SQL expect and the engine does not have."""
    for function in CATALOGUE.values():
        name = cased(function.name, place.word)
        code = REJECTED.get((function.name, clause), "")
        text = name + OPEN_CALL + ("" if function.parameters else ")")
        yield _proposal(place, name, "function", detail=signature_of(function), code=code, text=text)
    for name, absent in ABSENT.items():
        shown = cased(name.lower(), place.word)
        yield _proposal(place, shown, "function", absent.text, UNKNOWN_FUNCTION, shown + OPEN_CALL)


def cased(word: str, typed: str) -> str:
    """Return a word in the case of the part that is typed already; in lower case by default."""
    return word.upper() if typed[:1].isupper() and typed.isupper() else word.lower()


def signature_of(function: Function) -> str:
    """Return the parameters and the result of a function."""
    written = (f"[{parameter.name}]" if parameter.optional else parameter.name for parameter in function.parameters)
    return f"({', '.join(written)}) -> {function.result}"


def _proposal(  # noqa: PLR0913, PLR0917 - each is one field of the proposal
    place: Place, name: str, kind: Kind, detail: str = "", code: str = "", text: str = ""
) -> Proposal:
    """Return the proposal of a name, in double quotes where it needs them."""
    start = place.start - 1 if place.quote else place.start
    closed = bool(place.quote) and place.text.startswith(place.quote, place.end)
    written = text or (name if is_bare_name(name) and not place.quote else f'"{name}"')
    return Proposal(name, kind, written, start, place.end + closed, detail, code)


def values(place: Place, level: OpenSelect) -> Iterator[Proposal]:
    """Yield the strings at a place: the classes of the label that it is compared with, or the keys of JSON that the text reads."""
    column = compared(place.tokens, column_types(level))
    if column is not None and column.classes:
        yield from (_string(place, name, "class") for name in column.classes)
    if place.tokens and place.tokens[-1].kind == "LSQB":
        keys = dict.fromkeys([*_known_keys(place, level), *_keys(place)])
        yield from (_string(place, key, "key") for key in keys)


def _known_keys(place: Place, level: OpenSelect) -> tuple[str, ...]:
    """Return the keys of the JSON column before the bracket at a place, as far as its schema has them."""
    kinds = [token.kind for token in place.tokens]
    if kinds[-2:-1] != ["NAME"]:
        return ()
    alias = str(place.tokens[-4].value) if kinds[-4:-2] == ["NAME", "DOT"] else None
    column = column_types(level, alias).get(str(place.tokens[-2].value))
    return () if column is None else column.keys


def _keys(place: Place) -> Iterator[str]:
    """Yield the keys by which a text reads the column before the bracket at a place."""
    name = place.tokens[-2].value if len(place.tokens) > 1 else None
    for found in ([*place.tokens], place.after):
        for index in range(len(found) - 3):
            one, opening, key = found[index : index + 3]
            if one.value == name and opening.kind == "LSQB" and key.kind == "STRING":
                yield str(key.value)


def _string(place: Place, value: str, kind: Kind) -> Proposal:
    """Return the proposal of a string, with its quotes."""
    written = value.replace("'", "''")
    start = place.start - 1 if place.quote else place.start
    closed = bool(place.quote) and place.text.startswith(place.quote, place.end)
    return Proposal(value, kind, f"'{written}'", start, place.end + closed)
