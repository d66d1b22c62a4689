"""Walk through all that an exception leads to: attributes, containers, causes, and the local variables of its traceback's frames."""

from __future__ import annotations

from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

DEPTH = 6
# Frames of tests and of their tools hold the tokens that the tests chose.
FOREIGN = ("tests", "_pytest", "pluggy", "pytest", "hypothesis", "asyncio", "tql_client.server")
# Members of a container that are visited.
MOST = 1000
LEAVES = (int, float, complex, bool, type(None), type, ModuleType)


def find(error: BaseException, secret: re.Pattern[str]) -> Iterator[str]:
    """Yield the path of each string in which the secret is, at most `DEPTH` steps from an exception or a local variable of its frames."""
    seen: set[int] = set()
    for name, root in _roots(error):
        stack = [(name, root, 0)]
        while stack:
            path, value, depth = stack.pop()
            if isinstance(value, (str, bytes, bytearray)):
                text = value if isinstance(value, str) else bytes(value[:100_000]).decode("latin-1")
                if secret.search(text):
                    yield path
            elif id(value) not in seen and depth < DEPTH:
                seen.add(id(value))
                stack += [(f"{path}{step}", part, depth + 1) for step, part in _parts(value)]


def _roots(error: BaseException) -> Iterator[tuple[str, object]]:
    """Yield an exception, its causes and contexts, and the local variables of the frames of their tracebacks."""
    pending, seen = [error], set[int]()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield type(one).__name__, one
        pending += [other for other in (one.__cause__, one.__context__) if other is not None]
        trace = one.__traceback__
        while trace is not None:
            module = str(trace.tb_frame.f_globals.get("__name__"))
            if not module.startswith(FOREIGN):
                yield from (
                    (f"{module}:{trace.tb_lineno} {name}", part) for name, part in trace.tb_frame.f_locals.items()
                )
            trace = trace.tb_next


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    """Yield the parts of an object: members of a container, attributes, slots, and what a function is bound to."""
    if isinstance(value, LEAVES) or type(value).__module__.startswith(FOREIGN):
        return
    for kind, parts in _PARTS:
        if isinstance(value, kind):
            yield from parts(value)
            return
    yield from _attributes(value)


def _entries(value: dict[object, object]) -> Iterator[tuple[str, object]]:
    """Yield the values and the keys of a mapping."""
    yield from ((f"[{key!r}]", part) for key, part in list(value.items())[:MOST])
    yield from ((f" key {key!r}", key) for key in list(value)[:MOST])


def _members(value: Iterable[object]) -> Iterator[tuple[str, object]]:
    """Yield the members of a container."""
    return ((f"[{number}]", part) for number, part in enumerate(list(value)[:MOST]))


def _owner(value: MethodType) -> Iterator[tuple[str, object]]:
    """Yield the object of a bound method."""
    yield ".__self__", value.__self__


def _closure(value: FunctionType) -> Iterator[tuple[str, object]]:
    """Yield the variables of a function that is not one of a test."""
    if not value.__module__.startswith(FOREIGN):
        yield from ((".__closure__", cell.cell_contents) for cell in value.__closure__ or () if _is_set(cell))


def _attributes(value: object) -> Iterator[tuple[str, object]]:
    """Yield the attributes of an object, those in slots too; no property is called."""
    yield from ((f".{name}", part) for name, part in list(getattr(value, "__dict__", {}).items()))
    for base in type(value).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in {"__dict__", "__weakref__"} and hasattr(value, name):
                yield f".{name}", getattr(value, name)


def _is_set(cell: Any) -> bool:
    """Return whether a cell of a closure has a value."""
    try:
        cell.cell_contents  # noqa: B018 - raises if it has none
    except ValueError:
        return False
    return True


_PARTS: tuple[tuple[Any, Callable[[Any], Iterator[tuple[str, object]]]], ...] = (
    (dict, _entries),
    ((list, tuple, set, frozenset), _members),
    (MethodType, _owner),
    (FunctionType, _closure),
)
