"""Findings about the TQL in a Python file, at the lines and columns of the file, and why each string is read or is not."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.lint.check import check
from tql_grammar.positions import locate
from tql_grammar.python.advice import advice
from tql_grammar.python.evidence import POSSIBLE
from tql_grammar.python.holes import findings
from tql_grammar.python.ignores import without_ignored
from tql_grammar.python.queries import Located, as_template, in_file
from tql_grammar.python.text import LITERAL, REPEATED, Character, Source
from tql_grammar.python.tstrings import without_t_strings
from tql_grammar.python.values import Text
from tql_grammar.quoted_holes import QUOTED, WHY_QUOTED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PASTED = "TQL510"
PASTED_TITLE = "value interpolated into a query"
PASTED_WHY = (
    "A value that is interpolated into a query text can end a literal and change the query (injection), and loses digits and quotes; "
    'the builder takes values: col("text") == value, .similarity("embedding", vector), .limit(n).'
)
PASTED_EXAMPLE = "client.query(f\"select id from t where name = '{name}'\")"
PASTED_MEANT = 'client.query(select("id").from_("t").where(col("name") == name))'


def check_python(source: str, check: Callable[[str], list[Diagnostic]] = check) -> list[Diagnostic]:
    """
    Return the findings about all queries in a Python file, in the order of the file.

    Args:
        source: the Python text.
        check: the check of one query text.

    Raises:
        SyntaxError: *source* is not Python.
    """
    found: list[Diagnostic] = []
    for query in locate_queries(source) if POSSIBLE.search(source) else ():
        characters = query.text.characters
        if query.verdict.read and characters:
            found += [_in_file(finding, characters, source) for finding in findings(query.text.written, check)]
            found += _interpolated(characters, source)
            found += _quoted(query.text.written, characters, source)
    kept = {(finding.code, finding.start, finding.message): finding for finding in reversed(found)}
    chosen = without_ignored(source, list(kept.values()))
    return sorted(chosen, key=lambda finding: (finding.start, finding.code))


def check_template(text: str, check: Callable[[str], list[Diagnostic]]) -> list[Diagnostic]:
    """Return the findings about a template as `tql.query` takes it, at its own places: those that hold for every value of its holes."""
    plain = Text(tuple(Character(character, offset, offset + 1) for offset, character in enumerate(text)))
    template = as_template(plain)
    found = [_in_file(finding, template.characters, text) for finding in findings(template.written, check)]
    return [*found, *_quoted(template.written, template.characters, text)]


def locate_queries(source: str) -> Sequence[Located]:
    """
    Return the strings of a Python file that go where a query goes, and those that begin with SELECT; each with the reason why it is read as TQL or is not.

    Raises:
        SyntaxError: *source* is not Python.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            file = without_t_strings(source)
            tree = ast.parse(file.text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "nested too deeply") from None
    return list(in_file(Source(*file), tree))


def explain_python(source: str) -> str:
    """
    Return one line for each string of a Python file that may be a query: its place, whether it is read as TQL, and why.

    Raises:
        SyntaxError: *source* is not Python.
    """
    lines = []
    for query in locate_queries(source):
        line, column = locate(source, query.start)
        state = "read" if query.verdict.read else "not read"
        lines.append(f"{line}:{column}: {state}, {query.use}: {query.verdict.reason}\n")
    return "".join(lines)


def _in_file(finding: Diagnostic, characters: Sequence[Character], source: str) -> Diagnostic:
    """Return a finding at its place in the file, without the fix and its edits, which are those of the query text and not of the file."""
    last = len(characters) - 1
    first = min(finding.start, last)
    start, end = characters[first].start, characters[first].end
    for character in characters[first + 1 : max(finding.end, first + 1)]:
        if character.start < end:
            # Characters of one place, or of a string that is assigned further up.
            if character.end != end:
                break
            continue
        end = character.end
    line, column = locate(source, start)
    return finding.replace(line=line, column=column, start=start, end=end, fix=None, edits=())


def _interpolated(characters: Sequence[Character], source: str) -> Iterator[Diagnostic]:
    """Yield the finding about interpolated values, at the first of them."""
    for index, character in enumerate(characters):
        if character.value is None and character.given not in {REPEATED, LITERAL}:
            start, end = character.given or (character.start, character.end)
            written = " ".join(source[start:end].split())
            before = "".join(one.value or "" for one in characters[:index])
            message = f"`{written}` is interpolated into a query, and can change its meaning"
            yield Diagnostic.at(source, start, end, PASTED, "warning", message, advice(before, written))
            return


def _quoted(text: str, characters: Sequence[Character], source: str) -> Iterator[Diagnostic]:
    """Yield the findings about the holes of a template in quotes and in comments, which `tql.query` refuses."""
    for found in QUOTED.finditer(text):
        for character in characters[found.start() : found.end()]:
            if character.value is None and character.given == LITERAL:
                start, end = character.start, character.end
                why, hint = WHY_QUOTED[found.lastgroup or "string"]
                yield Diagnostic.at(source, start, end, "TQL100", "error", f"{source[start:end]}: {why}", hint)
