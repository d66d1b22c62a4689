"""Base class of frozen values: fields, comparison, hash, repr, copy and pickle, at any depth."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

R = TypeVar("R", bound="Record")


@dataclass_transform(frozen_default=True)
class Record:
    """
    A frozen value: annotated class attributes are its fields, defaults are their defaults.

    Two records are equal when their classes are the same and their fields are equal, where ``1``, ``1.0`` and ``True`` differ.
    One constructor, one ``==``, one ``hash`` and one ``repr`` serve every subclass: generating them per class, as ``dataclasses`` does, costs more than all of ``import tql``.
    None of them recurses, so records may nest as deep as memory allows.
    Cached properties of a record are stored next to its fields in ``__dict__``; a changed copy and a pickle keep only those named in `_stays`.
    """

    _stays: ClassVar[frozenset[str]] = frozenset()
    _fields: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[Mapping[str, object]] = {}
    _tail: ClassVar[tuple[object, ...]] = ()

    def __init_subclass__(cls) -> None:
        """Collect the fields that the class body declares, after those of its bases."""
        own = [
            name for name, kind in cls.__dict__.get("__annotations__", {}).items() if not kind.startswith("ClassVar")
        ]
        cls._fields = tuple(dict.fromkeys((*cls._fields, *own)))
        cls._defaults = {name: getattr(cls, name) for name in cls._fields if hasattr(cls, name)}
        last = takewhile(cls._defaults.__contains__, reversed(cls._fields))
        cls._tail = tuple(cls._defaults[name] for name in last)[::-1]

    def __init__(self, *values: object, **named: object) -> None:
        """Take the fields in order, or by name."""
        fields = self._fields
        missing = len(fields) - len(values)
        if named or missing:
            few = not named and 0 < missing <= len(self._tail)
            values = values + self._tail[-missing:] if few else self._complete(values, named)
        state = self.__dict__
        for name in fields:
            state[name] = values[len(state)]

    def _complete(self, values: tuple[object, ...], named: dict[str, object]) -> tuple[object, ...]:
        """Return one value per field, from positional and named arguments and the defaults."""
        rest = self._fields[len(values) :]
        known = {**self._defaults, **named}
        if len(values) > len(self._fields) or not named.keys() <= {*rest} <= known.keys():
            message = f"`{type(self).__name__}` takes the fields {', '.join(self._fields)}, got {len(values)} by position and {sorted(named)} by name"
            raise TypeError(message)
        return (*values, *[known[name] for name in rest])

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed."""
        state = self.__dict__ | changes
        if len(state) != len(self._fields):
            self._settle(state, changes)
        return made(type(self), state)

    def _settle(self, state: dict[str, object], changes: Mapping[str, object]) -> None:
        """
        Remove the cached properties from the state of a changed copy.

        Raises:
            TypeError: a change is not a field.
        """
        if not changes.keys() <= self.__dict__.keys():
            message = f"`{type(self).__name__}` has no field {sorted(changes.keys() - self.__dict__.keys())}"
            raise TypeError(message)
        # The fields come first.
        for name in [*state][len(self._fields) :]:
            if name not in self._stays:
                del state[name]

    def __setattr__(self, name: str, value: object) -> None:
        """Raise AttributeError: a record is frozen."""
        message = f"`{type(self).__name__}` is frozen: make a changed copy instead of setting `{name}`"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        """Raise AttributeError: a record is frozen."""
        self.__setattr__(name, None)

    def __eq__(self, other: object) -> bool:
        """Compare by class and fields."""
        if self is other:
            return True
        if not isinstance(other, type(self)) or type(self) is not type(other):
            return NotImplemented
        mine = _plain(self)
        if mine is not None:
            return mine == _plain(other)
        return all(mine == theirs for mine, theirs in zip(_flatten(self), _flatten(other), strict=False))

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash(_plain(self) or tuple(_flatten(self)))

    def __repr__(self) -> str:
        """Return the constructor call of an equal record, without fields that have their defaults."""
        return "".join(_write(self))

    def __copy__(self) -> Self:
        """Return itself: it is frozen."""
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        """Return itself: it is frozen."""
        return self

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a flat list, without recursion."""
        return _build, (tuple(_pickle(self)),)

    def leaf(self) -> object | None:
        """Return a hashable value to compare and hash instead of the fields, or None to use the fields."""
        return None


# Sets the whole state of a new record at once, bypassing `__setattr__`.
_set_state: Callable[[Record, dict[str, object]], None] = Record.__dict__["__dict__"].__set__


def made(kind: type[R], state: dict[str, object]) -> R:
    """Return a record with a state: its fields in their order, then its cached properties."""
    record = object.__new__(kind)
    _set_state(record, state)
    return record


def _values(record: Record) -> list[object]:
    """Return the field values of a record in order."""
    state = record.__dict__
    return [state[name] for name in record._fields]


# The types of values that compare by themselves once their types are equal: a float does not, since -0.0 equals 0.0.
PLAIN = frozenset({bool, int, str, type(None)})


def _plain(record: Record) -> tuple[object, ...] | None:
    """Return the class, the types and the values of a record that is made of no others; None of others, which `_flatten` compares."""
    values = _values(record)
    kinds = [*map(type, values)]
    return (type(record), *kinds, *values) if PLAIN.issuperset(kinds) and record.leaf() is None else None


def _flatten(root: Record) -> Iterator[object]:
    """Yield the values that decide equality, in a fixed order: classes, lengths, and typed leaves."""
    stack: list[object] = [root]
    while stack:
        item = stack.pop()
        kind = type(item)
        yield kind
        if isinstance(item, Record):
            leaf = item.leaf()
            if leaf is None:
                stack.extend(reversed(_values(item)))
            else:
                yield leaf
        elif isinstance(item, tuple):
            yield len(item)
            stack.extend(reversed(item))
        else:
            yield repr(item) if kind is float else item


def _write(root: Record) -> Iterator[str]:
    """Yield the pieces of the constructor call."""
    stack: list[object] = [root]
    while stack:
        item = stack.pop()
        if isinstance(item, _Text):
            yield item
        elif isinstance(item, Record) and type(item).__repr__ is Record.__repr__:
            stack.append(_Text(")"))
            stack.extend(reversed(_call(item)))
        elif type(item) is tuple and item:
            stack.append(_Text(",)" if len(item) == 1 else ")"))
            stack.extend(reversed(_commas([[part] for part in item])))
            yield "("
        else:
            yield repr(item)


class _Text(str):
    """Text of a repr that is written unchanged."""

    __slots__ = ()


def _call(record: Record) -> list[object]:
    """Return the opening of a record's constructor call and its arguments, by name after the first omitted default."""
    named = False
    arguments: list[list[object]] = []
    for name, value in zip(record._fields, _values(record), strict=True):
        if name in record._defaults and record._defaults[name] == value:  # noqa: SLF001 - this module is the record's own.
            named = True
        else:
            arguments.append([_Text(f"{name}="), value] if named else [value])
    return [_Text(f"{type(record).__name__}("), *_commas(arguments)]


def _commas(groups: list[list[object]]) -> list[object]:
    """Join groups of pieces by commas."""
    joined: list[object] = []
    for group in groups:
        joined.extend([_Text(", "), *group] if joined else group)
    return joined


def _pickle(root: Record) -> Iterator[object]:
    """Yield a record in postfix order: leaves, then ``(class, number of parts, cached properties)``."""
    stack: list[tuple[object, bool]] = [(root, False)]
    while stack:
        item, done = stack.pop()
        if isinstance(item, Record) and type(item).__reduce__ is Record.__reduce__:
            values = _values(item)
            extra = {name: value for name, value in item.__dict__.items() if name in item._stays}  # noqa: SLF001 - this module is the record's own.
        elif type(item) is tuple:
            values, extra = list(item), {}
        else:
            yield (None, 0, item)
            continue
        if done:
            yield (type(item), len(values), extra)
        else:
            stack.append((item, True))
            stack.extend((value, False) for value in reversed(values))


def _build(parts: tuple[tuple[type | None, int, Any], ...]) -> object:
    """Rebuild a record from the list of `_pickle`."""
    stack: list[object] = []
    for kind, count, extra in parts:
        if kind is None:
            stack.append(extra)
            continue
        values = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        if kind is tuple:
            stack.append(tuple(values))
            continue
        fields: tuple[str, ...] = vars(kind)["_fields"]
        stack.append(made(kind, dict(zip(fields, values, strict=True)) | extra))
    return stack[0]
