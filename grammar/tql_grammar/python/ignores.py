"""Comments of a Python file that ignore rules: ``# tql: ignore[TQL301]`` in the lines of a statement, or above it."""

from __future__ import annotations

import ast
import bisect
import io
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from tql_grammar.lint.comments import COMMENT, codes
from tql_grammar.lint.ignores import of_comment
from tql_grammar.python.tstrings import without_t_strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tql_grammar.diagnostic import Diagnostic


Lines: TypeAlias = tuple[int, int]


class Comment(NamedTuple):
    """
    A comment that ignores rules.

    Attributes:
        match: the comment, in its file.
        codes: the codes of the rules.
        lines: the first and the last line to which it applies.
    """

    match: re.Match[str]
    codes: frozenset[str]
    lines: Lines

    def about(self, found: set[str]) -> Iterator[Diagnostic]:
        """Yield the findings about the comment, given the codes of those in its lines."""
        return of_comment(self.match, lambda: found, "statement", "#")


def without_ignored(source: str, found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the findings in a Python file without those that its comments ignore, and with those about these comments."""
    comments = list(_comments(source)) if COMMENT.search(source) else []
    ignored: dict[Lines, set[str]] = {}
    for comment in comments:
        ignored.setdefault(comment.lines, set()).update(comment.codes)
    of_line = _by_line(ignored)
    codes_in = _codes_in(of_line, found)
    kept = [
        finding
        for finding in found
        if not any(finding.code in ignored[lines] for lines in of_line.get(finding.line, ()))
    ]
    return kept + [finding for comment in comments for finding in comment.about(codes_in.get(comment.lines, set()))]


def _codes_in(of_line: dict[int, list[Lines]], found: Iterable[Diagnostic]) -> dict[Lines, set[str]]:
    """Return the codes of the findings that begin in each range of lines with one."""
    codes_in: dict[Lines, set[str]] = {}
    for finding in found:
        for lines in of_line.get(finding.line, ()):
            codes_in.setdefault(lines, set()).add(finding.code)
    return codes_in


def _by_line(ranges: Iterable[Lines]) -> dict[int, list[Lines]]:
    """Return the ranges with each line, in their order; those of statements hardly overlap, so this is about one entry for each line."""
    found: dict[int, list[Lines]] = {}
    for first, last in ranges:
        for line in range(first, last + 1):
            found.setdefault(line, []).append((first, last))
    return found


def _comments(source: str) -> Iterator[Comment]:
    """Yield the comments that ignore rules."""
    text = without_t_strings(source).text
    statements = Statements(_ranges(ast.parse(text)))
    offsets = [0, *(match.end() for match in re.finditer("\n", text))]
    for line, column, end in _written(text):
        start = offsets[line - 1]
        is_alone = not source[start : start + column].strip()
        lines = statements.lines(line, is_alone=is_alone)
        for match in COMMENT.finditer(source, start + column, start + end):
            yield Comment(match, frozenset(code for code, _ in codes(match)), lines)


def _written(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield the line of each comment of a file, and the columns of its beginning and end."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield *token.start, token.end[1]
    except (tokenize.TokenError, SyntaxError):  # the parser reports it
        return


class Statements:
    """The lines of the statements of a file, by line and in order: a comment is placed without a look at all of them."""

    def __init__(self, ranges: Iterable[Lines]) -> None:
        """Sort the statements."""
        found = list(ranges)
        self.of_line = _by_line(sorted(found, key=lambda lines: lines[1] - lines[0]))
        self.in_order = sorted(found)

    def lines(self, line: int, *, is_alone: bool) -> Lines:
        """Return the lines of the smallest statement with a comment, or of the next one for a comment between statements."""
        if line in self.of_line:
            return self.of_line[line][0]
        after = bisect.bisect_left(self.in_order, (line + 1,))
        return self.in_order[after] if is_alone and after < len(self.in_order) else (line, line)


def _ranges(tree: ast.Module) -> Iterator[Lines]:
    """Yield the first and the last line of each statement; of one with a body those of its head."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body: list[ast.stmt] = getattr(node, "body", [])
            cases: list[ast.match_case] = getattr(node, "cases", [])
            inside = body[0].lineno if body else cases[0].pattern.lineno if cases else 0
            yield node.lineno, max(node.lineno, inside - 1) if inside else node.end_lineno or node.lineno
