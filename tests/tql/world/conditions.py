"""Random expressions over the columns of a scope: numbers and conditions."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.tql.world import tables, terms
from tests.tql.world.terms import (
    Between,
    Call,
    Column,
    Compare,
    HasKey,
    Holds,
    Literal,
    Logic,
    Member,
    Not,
    Null,
    Part,
    Pattern,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.tql.world.tables import Draw, Kind
    from tests.tql.world.terms import Node

COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
GROUPABLE = {"number", "text", "bool", "label"}
# The indices that each row of a kind of arrays has.
INDICES: dict[str, tuple[int, ...]] = {"arr": (0, 1, 2, -1), "same": (0, 1, -1), "ones": (0,), "tags": (0,)}
# The kinds of arrays that may have no elements.
EMPTY = {"empty", "bits"}
REGEXES = ("a.*", "[a-z]+", r"\d+%|b", "(?:a|b)b?", ".", "")
PATTERNS = ("%", "a%", "%b", "_", "a_b", "%'%", "50%", "é%", "*", "a?", "%\\%", "", "A", "l_m")
JSON_NUMBER = tables.Kind("json", "number", (2020, 1, 3, -1, None), "", close=False)
JSON_MIXED = tables.Kind("json", "json", (3, -2.5, 0, "3", "", "b", None), "", close=False)
JSON_TEXT = tables.Kind("json", "text", ("x", "it's", "", None), "json")


@dataclass(frozen=True)
class Info:
    """
    A column of a scope.

    Attributes:
        name: its name.
        kind: its type and its values.
        of: the alias of a joined source.
        label: the name of its kind of columns, "" for a computed one.
        unique: whether no value is there twice.
        rounded: whether its numbers are computed with rounding.
        outer: whether it is of the side of a join whose rows may have no match.
    """

    name: str
    kind: Kind
    of: str | None = None
    label: str = ""
    unique: bool = False
    rounded: bool = False
    outer: bool = False

    @property
    def node(self) -> Column:
        """The column as an expression."""
        return Column(self.name, self.of)

    @property
    def has_nan(self) -> bool:
        """Whether a value is NaN."""
        return any(isinstance(value, float) and math.isnan(value) for value in self.kind.pool)


@dataclass(frozen=True)
class Number:
    """A computed number with its kind."""

    node: Node
    kind: Kind
    rounded: bool = False


def of(infos: Iterable[Info], *families: str) -> list[Info]:
    """Return the columns of some families."""
    return [info for info in infos if info.kind.family in families]


def may_join(one: Info, two: Info) -> bool:
    """Return whether two columns are keys of a join: of one type, or both small."""
    if one.kind.family != two.kind.family or one.kind.family in {"bool", "label"}:
        return False
    same = one.kind.dtype == two.kind.dtype and bool(one.kind.dtype)
    return same or (one.kind.close and two.kind.close and "uint64" not in {one.kind.dtype, two.kind.dtype} and one.label[-2:] == two.label[-2:])  # fmt: skip


def summable(info: Info) -> bool:
    """Return whether an aggregate can be computed with."""
    kind = info.kind
    return kind.family == "number" and not kind.nullable and not info.has_nan and kind.close and kind.dtype != "uint64"


def is_indexed_number(info: Info) -> bool:
    """Return whether a column of a dataset is a number with an index."""
    return info.kind.family == "number" and "Inverted" in info.kind.type


def unmatched(info: Info) -> Info:
    """Return a column of the side of a join whose rows may have no match."""
    family = info.kind.family if info.kind.family in GROUPABLE else "other"
    return replace(info, kind=replace(info.kind, type=f"T.Nullable({info.kind.type})", family=family))


def literal(draw: Draw, kind: Kind) -> Any:
    """Return a literal near the values of a kind."""
    known = [value for value in kind.pool if value is not None and value == value and not _too_large(value)]  # noqa: PLR0124 - NaN
    value = draw.choice(known or [0, 3, 17])
    if kind.family != "number" or draw.chance(0.6):
        return value
    if draw.plain:
        return value + draw.choice([1, -1, 0.5])
    return value + draw.choice([1, -1, 0.5]) if draw.chance(0.7) else draw.choice([0, -1, 300, 2.5, 2**40, 0.1, -129])


def _too_large(value: Any) -> bool:
    """Return whether TQL has no literal for an integer, or for the next one."""
    return isinstance(value, int) and abs(value) >= 2**63 - 1


# --- numbers ----------------------------------------------------------------------------------------------------------


def number(draw: Draw, infos: list[Info], *, missing: bool = True) -> Number | None:
    """Return a number: a column, arithmetic, a function, or an element; `missing` allows null."""
    choices = [_column, _sum, _sum, _scaled, _magnitude, _element, _reduced, _length]
    for make in draw.sample(choices, len(choices)):
        found = make(draw, infos)
        if found is not None and (missing or not found.kind.nullable):
            return found
    return None


def _numbers(infos: list[Info]) -> list[Info]:
    """Return the columns whose sums and products are exact, or rounded as floats are."""
    return [info for info in of(infos, "number") if info.kind.close and not info.outer and not info.rounded]


def _column(draw: Draw, infos: list[Info]) -> Number | None:
    """Return a column."""
    known = [info for info in of(infos, "number") if not info.outer]
    return _of_column(draw.choice(known)) if known else None


def _of_column(info: Info) -> Number:
    """Return a column as a number."""
    return Number(info.node, info.kind, info.rounded)


def _computed(node: Node, *parts: Kind, rounded: bool = False) -> Number:
    """Return a computed number, whose values are near those of its operands."""
    nullable = any(part.nullable for part in parts)
    kind = tables.Kind("T.Nullable" if nullable else "", "number", parts[0].pool)
    return Number(node, kind, rounded or any(part.dtype in {"float16", "float32"} for part in parts))


def _sum(draw: Draw, infos: list[Info]) -> Number | None:
    """Return a sum, difference or product of two columns, of which one may be null at most."""
    known = _numbers(infos)
    if len(known) < 2:
        return None
    one, two = draw.sample(known, 2)
    if (one.kind.nullable and two.kind.nullable) or {one.kind.dtype, two.kind.dtype} & {"uint64"}:
        return None
    return _computed(terms.Arithmetic(draw.choice("+-"), one.node, two.node), one.kind, two.kind)


def _scaled(draw: Draw, infos: list[Info]) -> Number | None:
    """Return a column with a number."""
    known = _numbers(infos)
    if not known:
        return None
    one = draw.choice(known)
    sign = draw.choice("+-**/%") if one.kind.dtype != "uint64" else draw.choice("+*")
    value = draw.choice([2, 10, 3] if sign in "/%" or draw.chance(0.7) else [0.5, 2.5])
    if sign == "%" and (one.kind.dtype.startswith("f") or one.kind.nullable):
        sign = "*"
    return _computed(terms.Arithmetic(sign, one.node, Literal(value)), one.kind)


def _magnitude(draw: Draw, infos: list[Info]) -> Number | None:
    """Return the negative or the absolute value of a column."""
    known = [info for info in _numbers(infos) if info.kind.dtype != "uint64"]
    if not known:
        return None
    one = draw.choice(known)
    node = terms.Negative(one.node) if one.kind.nullable or draw.chance(0.5) else Call("abs", one.node)
    return _computed(node, one.kind)


def _element(draw: Draw, infos: list[Info]) -> Number | None:
    """Return an element of an array or a matrix."""
    known = [info for info in of(infos, "array", "matrix") if info.label in INDICES or info.kind.family == "matrix"]
    if not known or draw.plain:
        return None
    one = draw.choice(known)
    index = draw.choice(INDICES[one.label]) if one.label in INDICES else (0, draw.randint(0, 1))
    return Number(Part(one.node, index), replace(one.kind, family="number", pool=(0, 1, 2, 5), type="", close=True))


def _reduced(draw: Draw, infos: list[Info]) -> Number | None:
    """Return a reduction of the array of one row."""
    known = [info for info in of(infos, "array", "matrix") if info.label not in EMPTY]
    if not known or draw.plain:
        return None
    one = draw.choice(known)
    name = draw.choice(["asum", "avg", "amin", "amax"])
    kind = tables.Kind("", "number", (0, 1, 4, 7))
    return Number(Call(name, one.node), kind, name == "avg" or one.kind.dtype == "float32")


def _length(draw: Draw, infos: list[Info]) -> Number | None:
    """Return the length of an array, a matrix or a vector."""
    known = of(infos, "array", "matrix", "vector")
    kind = tables.Kind("", "number", (0, 1, 2, 3, 4))
    return Number(terms.Length(draw.choice(known).node), kind) if known else None


# --- conditions -------------------------------------------------------------------------------------------------------


def condition(draw: Draw, infos: list[Info], depth: int = 2, *, where: bool = True) -> Node | None:
    """Return a condition; outside of WHERE without JSON."""
    if depth and draw.chance(0.4):
        return _nested(draw, infos, depth, where=where)
    choices = [_compared] * 3 + [_listed, _ranged, _absent, _matched, _tested, _columns, _elements, _measured]
    choices += [_of_json] * 2 if where else []
    for make in draw.sample(choices, len(choices)):
        found = make(draw, infos)
        if found is not None:
            return found
    return None


def _nested(draw: Draw, infos: list[Info], depth: int, *, where: bool) -> Node | None:
    """Return AND, OR or NOT."""
    left = condition(draw, infos, depth - 1, where=where)
    if left is None or draw.chance(0.2):
        return None if left is None else Not(left)
    right = condition(draw, infos, depth - 1, where=where)
    return left if right is None else Logic(draw.choice("&|"), left, right)


def _compared(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a comparison of a column, or of a computed number, with a literal."""
    if draw.chance(0.4) and (found := number(draw, infos)) is not None:
        sign = draw.choice(COMPARISONS if not found.rounded else ("<", ">="))
        return Compare(sign, found.node, Literal(literal(draw, found.kind)))
    known = of(infos, "number", "text", "label", "bool")
    return _with_literal(draw, draw.choice(known)) if known else None


def _with_literal(draw: Draw, one: Info) -> Node:
    """Return a comparison of a column with a literal, on either side, or with a parameter."""
    is_ordered = one.kind.family in {"number", "text"}
    value = Literal(literal(draw, one.kind), bound=is_ordered and draw.chance(0.1))
    if one.kind.family == "label" and draw.chance(0.5):
        value = Literal(tables.LABELS[value.value])
    sign = draw.choice(COMPARISONS if is_ordered else COMPARISONS[:2])
    if not value.bound and draw.chance(0.15):
        return Compare(sign, value, one.node)
    return Compare(sign, one.node, value)


def _listed(draw: Draw, infos: list[Info]) -> Node | None:
    """Return IN or NOT IN."""
    known = [info for info in of(infos, "number", "text", "label") if not info.rounded]
    if not known:
        return None
    one = draw.choice(known)
    members = tuple(literal(draw, one.kind) for _ in range(draw.choice([0, 1, 2, 3, 3])))
    return Member(one.node, members, negated=draw.chance(0.4))


def _ranged(draw: Draw, infos: list[Info]) -> Node | None:
    """Return BETWEEN."""
    known = of(infos, "number", "text")
    if not known:
        return None
    one = draw.choice(known)
    low, high = literal(draw, one.kind), literal(draw, one.kind)
    return Between(one.node, *((low, high) if draw.chance(0.3) else sorted([low, high])))


def _absent(draw: Draw, infos: list[Info]) -> Node | None:
    """Return IS NULL or IS NOT NULL."""
    known = [] if draw.plain else of(infos, "number", "text", "bool")
    known = [info for info in known if info.kind.nullable] or (known if draw.chance(0.2) else [])
    return Null(draw.choice(known).node, negated=draw.chance(0.5)) if known else None


def _matched(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a test of a text."""
    known = of(infos, "text")
    if not known:
        return None
    return pattern(draw, draw.choice(known).node)


def pattern(draw: Draw, node: Node) -> Node:
    """Return a test of a text by any method."""
    method = draw.choice(["like", "ilike", "startswith", "endswith", "contains", "matches"])
    text = draw.choice({"like": PATTERNS, "ilike": PATTERNS, "matches": REGEXES}.get(method, tuple(tables.WORDS)))
    return Pattern(method, node, text)


def _tested(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a bool as a condition."""
    known = of(infos, "bool")
    return draw.choice(known).node if known else None


def _columns(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a comparison of two columns."""
    known = [info for info in of(infos, "number", "text") if not info.rounded]
    pairs = [(one, two) for one in known for two in known if one != two and _comparable(one, two)]
    if not pairs:
        return None
    one, two = draw.choice(pairs)
    return Compare(draw.choice(COMPARISONS if one.kind.family == "number" else COMPARISONS[:2]), one.node, two.node)


def _measured(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a comparison of the length of an array with a column, on either side."""
    length, known = _length(draw, infos), [info for info in _numbers(infos) if not info.kind.nullable]
    if length is None or not known:
        return None
    sides = draw.sample([length.node, draw.choice(known).node], 2)
    return Compare(draw.choice(COMPARISONS), *sides)


def _comparable(one: Info, two: Info) -> bool:
    """Return whether two columns are compared exactly: both texts, small numbers, or numbers of one type."""
    if "text" in {one.kind.family, two.kind.family}:
        return one.kind.family == two.kind.family
    return one.kind.dtype == two.kind.dtype or (one.kind.close and two.kind.close)


def _elements(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a test of the elements of an array."""
    known = of(infos, "array", "matrix")
    if not known or draw.plain:
        return None
    one = draw.choice(known)
    value = draw.choice(tables.NATURAL if one.kind.family == "array" else tables.HALVES)
    if one.kind.family == "array" and draw.chance(0.3):
        return Holds(one.node, value)
    whole: Node = one.node if one.kind.family == "array" else Part(one.node, (slice(None), draw.randint(0, 1)))
    return Call(draw.choice(["any", "all"]), Compare(draw.choice(COMPARISONS), whole, Literal(value)))


def _of_json(draw: Draw, infos: list[Info]) -> Node | None:
    """Return a test of a value of JSON."""
    known = of(infos, "json")
    if not known:
        return None
    key = draw.choice(["year", "n", "s", "s", "mix", "mix"])
    node = Part(draw.choice(known).node, key)
    kind = {"s": JSON_TEXT, "mix": JSON_MIXED}.get(key, JSON_NUMBER)
    makes: list[Callable[[], Node]] = [
        lambda: Compare(draw.choice(COMPARISONS), node, Literal(literal(draw, replace(kind, family="text" if key == "s" else "json")))),
        lambda: Member(node, tuple(value for value in draw.some(kind.pool, 2) if value is not None), negated=draw.chance(0.4)),
        lambda: Null(node, negated=draw.chance(0.5)),
        lambda: HasKey(Part(draw.choice(known).node, "o"), draw.choice(["a", "b", "c"])),
        lambda: HasKey(draw.choice(known).node, draw.choice(["year", "n", "o"])),
    ]  # fmt: skip
    makes += [lambda: pattern(draw, node)] if key == "s" else []
    return draw.choice(makes)()
