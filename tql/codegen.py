"""Python modules of the columns of a dataset: a `Table` with its schema, and a class of its rows."""

from __future__ import annotations

import json
import keyword
import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from tql.tables import ANY, TYPES, Table, type_of, value_of
from tql_grammar.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tql_grammar.schema import Column, Schema

# Names in the body of a class that its annotations read, and those of the module.
TAKEN = frozenset(
    {
        *TYPES,
        ANY,
        "bool",
        "bytes",
        "dict",
        "float",
        "int",
        "list",
        "str",
        "mro",
        "named",
        "dataclass",
        "msgspec",
        "pydantic",
    }
)
# The attributes of the base classes of rows, which a field must not hide.
OF_PYDANTIC = re.compile(
    r"model_.*|copy|construct|dict|fields|from_orm|json|parse_.*|schema.*|update_forward_refs|validate"
)
NOTE = "written by `tql codegen`; run it again when the columns change."


class Rows(NamedTuple):
    """
    A kind of class of rows.

    Attributes:
        imports: the lines of the imports.
        lines: returns the lines of the class.
    """

    imports: tuple[str, ...]
    lines: Callable[[str, Schema], Iterator[str]]


def module(schema: Schema, name: str = "Docs", source: str | None = None, rows: str | None = None) -> str:
    """
    Return the text of a module with a `Table`, formatted, the same for the same columns.

    Args:
        schema: the columns.
        name: the name of the class.
        source: the url of the dataset, for ``from_(Docs)``.
        rows: "dataclass", "typeddict", "pydantic" or "msgspec" adds a class of the rows, ``DocsRow``.

    Raises:
        ArgumentError: *name* is not the name of a class, or one that the module imports.
    """
    if not is_class(name):
        raise ArgumentError("name", "takes the name of a class, and none that the module imports", repr(name))
    body = [*_table(schema, name, source)]
    kind = ROWS[rows] if rows else None
    if kind is not None:
        body += ["", "", *kind.lines(f"{name}Row", schema)]
    head = f'"""Columns of a dataset, {NOTE}"""'
    return "\n".join([head, "", *_imports(schema, kind), "", *_schema(schema), "", "", *body]) + "\n"


def is_class(name: str) -> bool:
    """Return whether a name is one of a class, and none that the module imports."""
    return is_attribute(name) and name not in {"SCHEMA", "Schema", "Table"}


def _used(schema: Schema, kind: Rows | None) -> set[str]:
    """Return the names that the types of the columns and of the rows read."""
    types = [type_of(column) for _, column in schema.columns]
    if kind is not None:
        types += [
            row_type(column) for label, column in schema.columns if kind is not ROWS["dataclass"] or is_attribute(label)
        ]
    return set(re.findall(r"\w+", " ".join(types)))


def _imports(schema: Schema, kind: Rows | None) -> list[str]:
    """Return the lines of the imports, in the order of a formatter."""
    used = _used(schema, kind)
    given = [*_of_typing(used, kind), *(kind.imports if kind else ())]
    groups = [
        ["from __future__ import annotations"],
        sorted(line for line in given if line.startswith(STANDARD)),
        [line for line in given if not line.startswith(STANDARD)],
        ["from tql import Schema", *_of_tables(schema, used)],
    ]
    if any(_needs_class(column) for _, column in schema.columns):
        groups[-1].append("from tql_grammar import schema as columns")
    return "\n\n".join("\n".join(group) for group in groups if group).split("\n")


def _of_typing(used: set[str], kind: Rows | None) -> list[str]:
    """Return the line of the import of typing, if there is one."""
    names = [*({ANY} & used), *(["TypedDict"] if kind is ROWS["typeddict"] else [])]
    return [f"from typing import {', '.join(names)}"] if names else []


def _of_tables(schema: Schema, used: set[str]) -> list[str]:
    """Return the lines of the import of the types of columns."""
    renamed = any(attribute != label for attribute, label, _ in _attributes_of_table(schema))
    names = sorted((set(TYPES) & used) | {"Table"}) + ["named"] * renamed
    line = f"from tql.tables import {', '.join(names)}"
    return [line] if len(line) <= WIDTH else ["from tql.tables import (", *(f"    {one}," for one in names), ")"]


STANDARD = ("from dataclasses", "from typing")
WIDTH = 88


def _schema(schema: Schema) -> Iterator[str]:
    """Yield the lines of the schema."""
    if not schema.columns:
        yield "SCHEMA = Schema({})"
        return
    yield "SCHEMA = Schema("
    yield "    {"
    for label, column in schema.columns:
        yield from _description(label, column)
    yield "    }"
    yield ")"


def _description(label: str, column: Column) -> Iterator[str]:
    """Yield the lines of the description of a column."""
    described = json.dumps(str(column))
    if not _needs_class(column):
        yield f"        {_text(label)}: {described},"
        return
    begin = f"        {_text(label)}: columns.Column.parse({described}).replace("
    if column.boxes:
        yield f"{begin}boxes={_text(column.boxes)}),"
        return
    yield begin
    yield "            classes=("
    yield from (f"                {_text(one)}," for one in column.classes)
    yield "            )"
    yield "        ),"


def _needs_class(column: Column) -> bool:
    """Tell whether a column has more than its description says; keys of JSON are left out, since only completion needs them."""
    return bool(column.classes or column.boxes)


def _table(schema: Schema, name: str, source: str | None) -> Iterator[str]:
    """Yield the lines of the table."""
    place = "" if source is None else f"source={_text(source)}, "
    yield f"class {name}(Table, {place}schema=SCHEMA):"
    yield f'    """The columns of a dataset, {NOTE}"""'
    if schema.columns:
        yield ""
    for attribute, label, column in _attributes_of_table(schema):
        renamed = "" if attribute == label else f" = named({_text(label)})"
        yield f"    {attribute}: {type_of(column)}{renamed}"


def _attributes_of_table(schema: Schema) -> Iterator[tuple[str, str, Column]]:
    """Yield the attribute of each column of a table."""
    return attributes(schema, lambda label: hasattr(Table, label))


def attributes(schema: Schema, hidden: Callable[[str], bool]) -> Iterator[tuple[str, str, Column]]:
    """Yield an attribute for each column: its name, where that is one in Python, and not *hidden*."""
    taken = {label for label in schema if is_attribute(label) and not hidden(label)}
    for label, column in schema.columns:
        attribute = label
        if label not in taken:
            attribute = _free(label, taken, hidden)
            taken.add(attribute)
        yield attribute, label, column


def is_attribute(label: str) -> bool:
    """Return whether a name is one of an attribute, and none that annotations read."""
    normal = unicodedata.normalize("NFKC", label) == label
    is_name = label.isidentifier() and not keyword.iskeyword(label) and not label.startswith("_")
    return normal and is_name and label not in TAKEN


def _free(label: str, taken: set[str], hidden: Callable[[str], bool]) -> str:
    """Return an attribute for a name that is none: with underscores, and a number where it is taken."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", label)).strip("_") or "column"
    base = plain if is_attribute(plain) and not hidden(plain) else f"column_{plain}"
    numbered = (f"{base}_{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (base, *numbered) if one not in taken and not hidden(one))


def _text(label: str) -> str:
    """Return a text as Python, in double quotes unless it has some."""
    text = repr(label)
    return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text


# --- rows ------------------------------------------------------------------------------------------------------------


def row_type(column: Column) -> str:
    """Return the type of the values of a column in rows, as Python."""
    value = {"json": "dict[str, Any]"}.get(column.dtype) or value_of(column) or ANY
    if column.kind in {"image", "other"}:
        value = ANY
    elif not column.is_single:
        for _ in range(max(1, len(column.shape))):
            value = f"list[{value}]"
    return value if value == ANY or not column.nullable else f"{value} | None"


def _dataclass(name: str, schema: Schema) -> Iterator[str]:
    """Yield the lines of a dataclass; a column whose name is none in Python is left out, with a comment."""
    yield "@dataclass(frozen=True, slots=True)"
    yield f"class {name}:"
    yield f'    """A row, {NOTE}"""'
    for number, (label, column) in enumerate(schema.columns):
        if number == 0:
            yield ""
        fits = is_attribute(label)
        yield (
            f"    {label}: {row_type(column)}"
            if fits
            else f"    # no field for the column {_text(label)}: a dataclass has no other names"
        )


def _typeddict(name: str, schema: Schema) -> Iterator[str]:
    """Yield the lines of a TypedDict, whose keys may be any texts."""
    if not schema.columns:
        yield f'{name} = TypedDict("{name}", {{}})'
        return
    yield f"{name} = TypedDict("
    yield f'    "{name}",'
    yield "    {"
    yield from (f"        {_text(label)}: {row_type(column)}," for label, column in schema.columns)
    yield "    },"
    yield ")"


def _with_aliases(base: str, alias: str, refused: str = "(?!)") -> Callable[[str, Schema], Iterator[str]]:
    """Return the lines of a class whose fields can have another name than their column, but for columns with a character that matches *refused*."""

    def lines(name: str, schema: Schema) -> Iterator[str]:
        yield f"class {name}({base}):"
        yield f'    """A row, {NOTE}"""'
        if schema.columns:
            yield ""
        for attribute, label, column in attributes(schema, lambda label: bool(OF_PYDANTIC.fullmatch(label))):
            if re.search(refused, label):
                yield f"    # no field for the column {_text(label)}: {base.partition('.')[0]} has no such names"
                continue
            renamed = "" if attribute == label else f" = {alias.format(_text(label))}"
            yield f"    {attribute}: {row_type(column)}{renamed}"

    return lines


ROWS: dict[str, Rows] = {
    "dataclass": Rows(("from dataclasses import dataclass",), _dataclass),
    "typeddict": Rows((), _typeddict),
    "pydantic": Rows(("import pydantic",), _with_aliases("pydantic.BaseModel", "pydantic.Field(alias={})")),
    "msgspec": Rows(
        ("import msgspec",), _with_aliases("msgspec.Struct, frozen=True", "msgspec.field(name={})", r'[\\"\0-\x1f]')
    ),
}
