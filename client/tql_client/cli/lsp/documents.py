"""Documents of an editor: a query, or the queries in the strings of a Python file, with the offsets of their characters."""

from __future__ import annotations

import bisect
import re
from operator import le
from typing import TYPE_CHECKING, NamedTuple, Self

from tql import check, fix
from tql_grammar.lint.edits import difference
from tql_grammar.python.documents import findings_of_cells, python_of, query_start
from tql_grammar.python.holes import findings as findings_of_string
from tql_grammar.python.source import check_python, locate_queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql_grammar.diagnostic import Diagnostic, Edit
    from tql_grammar.python.text import Character
    from tql_grammar.schema import Schema

    Schemas = Schema | dict[str, Schema] | None

# The characters that a string literal of Python may write otherwise.
ESCAPED = re.compile(r"[\\'\"{}\n\r]")


class Region(NamedTuple):
    """
    A query in a document.

    Attributes:
        text: the text of the query.
        starts: where each of its characters begins in the document.
        ends: where each of them ends.
    """

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def inside(self, offset: int) -> int | None:
        """Return the offset in the query of an offset in the document, or None outside of the query."""
        if not self.text:
            return 0 if offset == 0 else None
        if not self.starts[0] <= offset <= self.ends[-1]:
            return None
        return bisect.bisect_right(self.ends, offset)

    def is_whole(self, start: int, end: int) -> bool:
        """Tell whether the characters ``[start, end)`` are next to each other in the document: not those of several literals."""
        return self.ends[start:end][:-1] == self.starts[start + 1 : end]

    def outside(self, start: int, end: int) -> tuple[int, int]:
        """Return the offsets in the document of the characters ``[start, end)`` of the query."""
        if not self.text:
            return 0, 0
        first = self.starts[start] if start < len(self.text) else self.ends[-1]
        return first, max(first, self.ends[end - 1] if end > start else first)

    @classmethod
    def adjacent(cls, text: str, start: int) -> Self:
        """Return a query whose characters stand in the document as they are, from an offset on."""
        stop = start + len(text)
        return cls(text, range(start, stop), range(start + 1, stop + 1))


class Fixed(NamedTuple):
    """A fix: the finding at its place in the document, and the replacements in the document."""

    finding: Diagnostic
    edits: tuple[Edit, ...]


class Document(NamedTuple):
    """
    A document, read.

    Attributes:
        text: its text; of a Python file with newlines as Python reads them.
        regions: its queries whose characters are known.
        findings: the findings, as `tql check` has them.
        is_python: whether it is a Python file, or a cell of a notebook.
    """

    text: str
    regions: tuple[Region, ...]
    findings: tuple[Diagnostic, ...]
    is_python: bool

    def region(self, offset: int) -> tuple[Region, int] | None:
        """Return the query at an offset, and the offset in it."""
        found = ((region, region.inside(offset)) for region in self.regions)
        return next(((region, inside) for region, inside in found if inside is not None), None)


def read(text: str, schemas: Schemas, engine: str | None = None, *, is_python: bool) -> Document:
    """
    Return a document, checked for an engine.

    Raises:
        SyntaxError: it is a Python file, and not Python.
    """
    if not is_python:
        query = text.removesuffix("\n")
        return Document(text, (Region.adjacent(query, 0),), tuple(check(query, schemas, engine=engine)), is_python)
    source = text.replace("\r\n", "\n").replace("\r", "\n")
    found = check_python(source, lambda query: check(query, schemas, engine=engine))
    return Document(source, _regions(source), tuple(found), is_python)


def read_cells(texts: Sequence[str], schemas: Schemas, engine: str | None = None) -> list[Document]:
    """Return the code cells of a notebook; those of Python are one program."""
    sources = [text.replace("\r\n", "\n").replace("\r", "\n") for text in texts]
    found = findings_of_cells(dict(enumerate(sources)), lambda query: check(query, schemas, engine=engine))
    return [
        Document(text, _regions_of_cell(text), tuple(found[number]), is_python=True)
        for number, text in enumerate(sources)
    ]


def _regions_of_cell(text: str) -> tuple[Region, ...]:
    """Return the queries of a cell: the one below ``%%tql``, or those in its Python."""
    start = query_start(text)
    if start is None:
        return _regions(python_of(text))
    return (Region.adjacent(text[start:], start),)


def _regions(source: str) -> tuple[Region, ...]:
    """Return the queries of Python whose characters are known."""
    located = [query.text.characters for query in locate_queries(source) if query.verdict.read]
    return tuple(dict.fromkeys(region for region in map(_region, located) if region is not None))


def _region(characters: Sequence[Character]) -> Region | None:
    """Return the query of a string, or None if a value is interpolated, or its characters are not in the order of the file."""
    values = [character.value for character in characters]
    starts = tuple(character.start for character in characters)
    ends = tuple(character.end for character in characters)
    ordered = all(map(le, ends, starts[1:]))
    return Region("".join(map(str, values)), starts, ends) if values and None not in values and ordered else None


def fixes(document: Document, schemas: Schemas) -> list[Fixed]:
    """Return the fixes of the findings of a document."""
    found = []
    for region in document.regions:
        diagnostics = check(region.text, schemas)
        if document.is_python:
            diagnostics = findings_of_string(region.text, lambda query: check(query, schemas))
        found += [one for one in (_fixed(document, region, finding) for finding in diagnostics) if one is not None]
    return found


def _fixed(document: Document, region: Region, finding: Diagnostic) -> Fixed | None:
    """Return the fix of a finding in the document, or None if it has none that a string of Python can have unchanged."""
    if finding.fix is None:
        return None
    edits = _outside(document, region, finding.edits)
    start, end = region.outside(finding.start, finding.end)
    return None if edits is None else Fixed(finding.replace(start=start, end=end), edits)


def _outside(document: Document, region: Region, edits: Sequence[Edit]) -> tuple[Edit, ...] | None:
    """Return the edits of a query in the document, or None if a string of Python would need an escape, or several literals change at once."""
    whole = all(region.is_whole(edit.start, edit.end) for edit in edits)
    if document.is_python and not (whole and not any(ESCAPED.search(edit.text) for edit in edits)):
        return None
    places = (region.outside(edit.start, edit.end) for edit in edits)
    return tuple(edit._replace(start=start, end=end) for edit, (start, end) in zip(edits, places, strict=True))


def fix_all(document: Document, schemas: Schemas) -> list[Edit]:
    """Return the edits that make all safe fixes of a document."""
    changes: list[Edit] = []
    for region in document.regions:
        fixed = fix(region.text, schemas)
        if fixed != region.text:
            found = _outside(document, region, difference(region.text, fixed)) or ()
            # Two queries may share the characters of a variable.
            changes += [edit for edit in found if all(edit.end < one.start or one.end < edit.start for one in changes)]
    return changes
