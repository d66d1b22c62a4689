"""Files with queries: query texts, Python files, notebooks and Markdown, with findings at the places of the file."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from bisect import bisect_right
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar.errors import TqlError
from tql_grammar.positions import locate
from tql_grammar.python import evidence
from tql_grammar.python.source import check_python, check_template, explain_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tql_grammar.diagnostic import Diagnostic

    Check = Callable[[str], list[Diagnostic]]

# Lines of IPython in a cell: magics, commands of the shell, and questions.
MAGIC = re.compile(r"^([ \t]*)(?:[%!?]|\S(?=.*\?[ \t]*$))", re.MULTILINE)
CELL_MAGIC = re.compile(r"\s*%%(\w+)[^\n]*\n?")
# The magics of cells whose cell is Python.
PYTHON_MAGICS = frozenset({"time", "timeit", "capture", "prun", "debug"})
FENCE = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`\n]*)")
MARK = re.compile(r"<!--\s*tql\s*-->")
PYTHON = frozenset({"python", "py", "python3"})


class Document(NamedTuple):
    """
    A file, or a cell of a notebook.

    Attributes:
        name: the path, and the cell: ``book.ipynb:cell 3``.
        text: its text.
        findings: the findings, at their places in the text.
    """

    name: str
    text: str
    findings: Sequence[Diagnostic]


class Line(NamedTuple):
    """A line that is read together with others: its text, the index of its document, and its offset there."""

    text: str
    document: int
    offset: int


def documents(path: str, content: bytes, check: Check) -> list[Document]:
    """
    Return the documents of a file with their findings.

    Args:
        path: the path; its suffix decides the kind of the file; without a known suffix it holds one query.
        content: its bytes.
        check: the check of one query text.

    Raises:
        TqlError: the file cannot be read as its suffix says.
    """
    for suffix, read in READERS.items():
        if path.endswith(suffix):
            return read(path, content, check)
    text = decode(path, content).removesuffix("\n")
    return [Document(path, text, check(text))]


def explained(path: str, content: bytes) -> str:
    """
    Return one line for each string of a Python file that may be a query; see `explain_python`.

    Raises:
        TqlError: the file is not Python.
    """
    if not path.endswith(".py"):
        message = f"{path}: --explain-python reads files whose names end with .py"
        raise TqlError(message)
    try:
        return explain_python(decode(path, content))
    except SyntaxError as error:
        message = f"{path}: not Python ({error.msg} at line {error.lineno})"
        raise TqlError(message) from None


def decode(path: str, content: bytes) -> str:
    """
    Return the text of a file; a Python file is decoded as Python does: by its byte order mark and its coding line.

    Raises:
        TqlError: the bytes are not of that encoding.
    """
    try:
        if not path.endswith(".py"):
            return content.decode("utf-8")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        message = f"{path}: not {error.encoding.upper()} ({error.reason} at byte {error.start})"
        raise TqlError(message) from None
    except SyntaxError as error:
        message = f"{path}: not Python ({error.msg})"
        raise TqlError(message) from None


def _python(path: str, content: bytes, check: Check) -> list[Document]:
    """Return a Python file."""
    text = decode(path, content).removesuffix("\n")
    try:
        return [Document(path, text, check_python(text, check))]
    except SyntaxError as error:
        message = f"{path}: not Python ({error.msg} at line {error.lineno})"
        raise TqlError(message) from None


def _notebook(path: str, content: bytes, check: Check) -> list[Document]:
    """Return the cells of a notebook; its code cells are one Python file."""
    texts = {number: text for number, text in enumerate(_cells(path, decode(path, content)), 1) if text.strip()}
    found = findings_of_cells(texts, check)
    return [Document(f"{path}:cell {number}", text, found[number]) for number, text in texts.items()]


def findings_of_cells(texts: dict[int, str], check: Check) -> dict[int, list[Diagnostic]]:
    """Return the findings in the code cells of a notebook, by their numbers, which are in the order of the cells."""
    lines: list[Line] = []
    found: dict[int, list[Diagnostic]] = {number: [] for number in texts}
    for number, text in texts.items():
        start = query_start(text)
        if start is not None:
            query = text[start:]
            about = check_template(query, check) if is_template(query) else check(query)
            _relocate(about, _lines(query, number, start), texts, found)
        else:
            lines += _lines(python_of(text), number, 0)
    _relocate(_checked(lines, check), lines, texts, found)
    return found


def query_start(cell: str) -> int | None:
    """Return the offset of the query of a cell with the magic ``%%tql``, or None for any other cell."""
    magic = CELL_MAGIC.match(cell)
    return magic.end() if magic and magic[1] == "tql" else None


def is_template(query: str) -> bool:
    """Tell whether the query of a cell has names in braces, or braces that are doubled."""
    return "{" in query or "}" in query


def _cells(path: str, text: str) -> Iterator[str]:
    """Yield the text of each cell of a notebook, empty for one that is not code."""
    try:
        book: Any = json.loads(text)
        cells = [(cell["cell_type"], cell["source"]) for cell in book["cells"]]
    except (ValueError, KeyError, TypeError):
        message = f"{path}: not a notebook of format 4"
        raise TqlError(message) from None
    for kind, source in cells:
        yield "".join(source) if kind == "code" else ""


def python_of(cell: str) -> str:
    """Return the Python of a cell, with its characters in their places: lines of IPython are comments, and a cell that is not Python is empty."""
    magic = CELL_MAGIC.match(cell)
    if magic and magic[1] not in PYTHON_MAGICS:
        return ""
    for text in (cell, MAGIC.sub(_comment, cell)):
        if _is_python(text):
            return text
    return ""


def _comment(match: re.Match[str]) -> str:
    """Return the beginning of a line of IPython as one of a comment."""
    return f"{match[1]}#"


def _markdown(path: str, content: bytes, check: Check) -> list[Document]:
    """Return a Markdown file; its Python blocks are one Python file."""
    text = decode(path, content)
    found: dict[int, list[Diagnostic]] = {0: []}
    python: list[Line] = []
    for info, lines in _blocks(text):
        block = "".join(line.text for line in lines)
        words = info.lower().replace(",", " ").split()
        if words[:1] == ["tql"] or (words[:1] == ["sql"] and _is_marked(words, block)):
            _relocate(check(block.removesuffix("\n")), lines, {0: text}, found)
        elif PYTHON.intersection(words[:1]) and _is_python(block):
            python += lines
    _relocate(_checked(python, check), python, {0: text}, found)
    return [Document(path, text, sorted(found[0], key=lambda finding: (finding.start, finding.code)))]


def _is_marked(words: Sequence[str], block: str) -> bool:
    """Tell whether a block of SQL is TQL: by its words, by a comment or by a dataset."""
    return "tql" in words or bool(evidence.MARK_INSIDE.search(block) or evidence.DATASET.search(block))


def _blocks(text: str) -> Iterator[tuple[str, list[Line]]]:
    """Yield the words and the lines of each fenced block; the words of one below ``<!-- tql -->`` end with tql."""
    opening: re.Match[str] | None = None
    info, lines, before = "", list[Line](), ""
    for line in _lines(text, 0, 0):
        fence = FENCE.match(line.text)
        if opening is None:
            if fence is not None:
                opening, lines = fence, []
                info = f"{fence['info'].strip()} {'tql' if MARK.search(before) else ''}"
            before = line.text if line.text.strip() else before
        elif fence is not None and fence["fence"].startswith(opening["fence"]) and not fence["info"].strip():
            yield info, lines
            opening, before = None, ""
        else:
            indent = len(opening["indent"]) if line.text.startswith(opening["indent"]) else 0
            lines.append(Line(line.text[indent:], 0, line.offset + indent))


def _is_python(text: str) -> bool:
    """Tell whether a text is Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _lines(text: str, document: int, offset: int) -> list[Line]:
    """Return the lines of a text with their newlines; the last one gets one."""
    found = []
    for line in text.split("\n"):
        found.append(Line(f"{line}\n", document, offset))
        offset += len(line) + 1
    return found


def _checked(lines: Sequence[Line], check: Check) -> list[Diagnostic]:
    """Return the findings about lines of Python."""
    return check_python("".join(line.text for line in lines), check)


def _relocate(
    findings: Iterable[Diagnostic], lines: Sequence[Line], texts: dict[int, str], found: dict[int, list[Diagnostic]]
) -> None:
    """Add findings about some lines to those of the documents of the lines."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.text))
    for finding in findings:
        first, start = _origin(starts, lines, finding.start)
        last, before_end = _origin(starts, lines, max(finding.start, finding.end - 1))
        text = texts[first]
        end = before_end + 1 if first == last else len(text)
        row, column = locate(text, start)
        found[first].append(finding.replace(line=row, column=column, start=start, end=end, fix=None, edits=()))


def _origin(starts: Sequence[int], lines: Sequence[Line], offset: int) -> tuple[int, int]:
    """Return the document of an offset in some lines, and the offset there."""
    index = min(bisect_right(starts, offset), len(lines)) - 1
    return lines[index].document, lines[index].offset + offset - starts[index]


READERS: dict[str, Callable[[str, bytes, Check], list[Document]]] = {
    ".py": _python,
    ".ipynb": _notebook,
    ".md": _markdown,
}
