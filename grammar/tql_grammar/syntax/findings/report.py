"""Result of parsing a query text: the tree, or the findings about text, syntax and depth."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.positions import byte_column
from tql_grammar.record import Record
from tql_grammar.syntax import lexer
from tql_grammar.syntax.actions.queries import NotSelect
from tql_grammar.syntax.driver import parse_table
from tql_grammar.syntax.findings import text_rules
from tql_grammar.syntax.findings.other_languages import QUOTE_INSIDE
from tql_grammar.syntax.findings.syntax_rules import USUAL, finding
from tql_grammar.syntax.findings.text_rules import UNCLOSED
from tql_grammar.syntax.keywords import RESERVED, SYMBOLS, TOKEN_OF_WORD
from tql_grammar.syntax.lalr import TooDeep, Unexpected, accepts
from tql_grammar.syntax.lexer import STOP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tql_grammar import ast
    from tql_grammar.syntax.driver import ParseOutcome
    from tql_grammar.syntax.lexer import Token

# The engine recurses once per operator of a chain; from about 2,050 operators on its stack overflows and the process crashes.
DEEPEST_CHAIN = 2_000
PART_OF_STRING = re.compile(r"''|[^']+")
BLANK = re.compile(r"[ \t\n]+")
LINE = re.compile(r"[^\n]*")
WORDS = {
    "NAME": "a name",
    "STRING": "a string in single quotes",
    "INTEGER": "an integer",
    "FLOAT": "a number",
    "VECTOR": "ARRAY[..]",
    **{word: word for word in USUAL},
    STOP: "the end of the query",
    **{kind: f"'{sign}'" for sign, kind in SYMBOLS.items()},
    **{TOKEN_OF_WORD[word]: word for word in sorted(RESERVED)},
}


class ParseResult(Record):
    """
    The tree of a query text as the engine reads it, and the findings about the text.

    Attributes:
        text: the whole text.
        tree: the query that the engine reads, or None if the engine rejects the text.
        diagnostics: the findings of the families 0 (text), 1 (syntax) and 4 (depth), in the order of the text.
        engine_position: the N of the ``Pos N`` that the engine reports: bytes from the start of the line; None if it accepts the text.
        parses: whether the engine's own parser accepts the text.
        unexpected: the unexpected token, as written; "" at the end of the text.
        expected: descriptions of the tokens that the grammar allows there.
    """

    text: str
    tree: ast.Query | None
    diagnostics: tuple[Diagnostic, ...]
    engine_position: int | None = None
    parses: bool = True
    unexpected: str = ""
    expected: tuple[str, ...] = ()


def diagnose(text: str, outcome: ParseOutcome) -> ParseResult:
    """Return the result for a text and the outcome of its parser."""
    lost = list(text_rules.findings(text, outcome.tokens))
    if outcome.failure is None:
        tree = outcome.statements[0]
        single = len(outcome.statements) == 1 and not isinstance(tree, NotSelect)
        return ParseResult(text, tree if single else None, (*lost, *_rejections(text, outcome)))  # type: ignore[arg-type]  # a query
    return _failed(text, outcome, lost)


def _rejections(text: str, outcome: ParseOutcome) -> Iterator[Diagnostic]:
    """Yield the findings about a text that the engine's parser accepts and the engine rejects, or crashes on."""
    first = outcome.tokens[0]
    if len(outcome.statements) > 1:
        yield _diagnostic(
            text,
            "TQL191",
            "the text has several statements: the engine fails with `Multiple query statements are not supported in TQL.`",
            _span(_second_statement(outcome.tokens)),
            "send one query at a time",
        )
    elif isinstance(outcome.statements[0], NotSelect):
        yield _diagnostic(
            text,
            "TQL190",
            f"{first.value} does not begin a query: the engine fails with `Query statement is not SELECT.`, and some such statements crash its process",
            _span(first),
            "TQL only reads data: begin with SELECT",
        )
    elif outcome.depth > DEEPEST_CHAIN:
        yield _diagnostic(
            text,
            "TQL402",
            f"a chain of {_deep(outcome.depth)}: the engine process crashes",
            _span(first),
            "put groups of a few hundred operands in parentheses, or use IN for values of one column",
        )


def _deep(depth: float) -> str:
    """Return the depth of a chain in words."""
    return (
        f"{int(depth) + 1:,} conditions or terms, or of as many operators as need the same stack; from about 2,050 on"
    )


def _second_statement(tokens: list[Token]) -> Token:
    """Return the first token of the second statement."""
    return next(after for before, after in pairwise(tokens) if before.kind == "SEMICOLON")


def _failed(text: str, outcome: ParseOutcome, lost: list[Diagnostic]) -> ParseResult:
    """Return the result for a text that the engine's parser rejects."""
    failure = outcome.failure
    assert failure is not None  # noqa: S101 - the caller checked
    token = failure.token
    at_stop = token.kind == STOP
    mark = _last_match(text, outcome.tokens) if at_stop else getattr(failure, "mark", token.mark)
    position = byte_column(text, mark)
    expected = _expected(failure) if isinstance(failure, Unexpected) else ()
    # Where the engine stops reading before the end, that finding explains the error.
    cut = [item for item in lost if at_stop and item.start == token.start]
    found = () if cut else (_syntax(text, outcome, expected),)
    findings = sorted([*_independent(lost, found), *found], key=lambda item: (item not in cut, item.start))
    return ParseResult(
        text, None, tuple(findings), position, parses=False, unexpected=text[token.start : token.end], expected=expected
    )


def _independent(lost: list[Diagnostic], found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Return the findings about the text that do not follow from the syntax error: a quote inside a string leaves its closing quote open."""
    if [one.code for one in found] != [QUOTE_INSIDE]:
        return lost
    return [item for item in lost if item.code != UNCLOSED.code]


def _syntax(text: str, outcome: ParseOutcome, expected: tuple[str, ...]) -> Diagnostic:
    """Return the finding about the unexpected token."""
    failure = outcome.failure
    assert failure is not None  # noqa: S101 - the caller checked
    token = failure.token
    if isinstance(failure, TooDeep):
        return _diagnostic(
            text,
            "TQL401",
            "too many nested parentheses, subqueries or signs: the engine's parser fails with `memory exhausted`",
            _span(token),
            "nest less deeply: the limit is about 140 for subqueries, and about 980 for parentheses",
        )
    code, message, hint = finding(outcome.tokens, failure, expected)
    start, end = _span(token)
    if token.kind == STOP:
        start = len(text[:start].rstrip(lexer.BLANKS))
        end = start + 1
    return _diagnostic(text, code, message, (start, max(end, start + 1)), hint)


def _expected(failure: Unexpected) -> tuple[str, ...]:
    """Return descriptions of the expected tokens: names and values first, then keywords and signs."""
    grammar, _actions = parse_table()
    kinds = [kind for kind in grammar.rows[failure.states[-1]] if kind in WORDS]
    order = list(WORDS)
    possible = sorted((kind for kind in kinds if accepts(grammar, failure.states, kind)), key=order.index)
    return tuple(dict.fromkeys(WORDS[kind] for kind in possible))


def _span(token: Token) -> tuple[int, int]:
    """Return the offsets of a token."""
    return token.start, token.end


def _diagnostic(text: str, code: str, message: str, span: tuple[int, int], hint: str | None) -> Diagnostic:
    """Return an error at a place of a text."""
    return Diagnostic.at(text, *span, code, "error", message, hint)


def _last_match(text: str, tokens: list[Token]) -> int:
    """Return the offset at which the engine's lexer began its last match before it stopped reading."""
    stop = tokens[-1].start
    visible = lexer.cut_at_nul(text)
    if stop < len(visible):
        if visible[stop] != "'":
            return stop
        return max((part.start() for part in PART_OF_STRING.finditer(visible, stop + 1)), default=stop)
    before = tokens[-2] if len(tokens) > 1 else None
    trivia = before.end if before else 0
    if trivia == stop:
        return 0 if before is None else before.end - 1 if before.kind == "VECTOR" else before.mark
    return _last_trivia(visible, trivia, comment=_is_in_comment(visible, tokens))


def _is_in_comment(text: str, tokens: list[Token]) -> bool:
    """Tell whether the last token before the end is inside a comment, which only one kind can be."""
    before = tokens[-2] if len(tokens) > 1 else tokens[-1]
    if before.kind != "CHARACTER_VARYING":
        return False
    return any(start < before.start < end for start, end in lexer.comments(text, tokens))


def _last_trivia(text: str, start: int, *, comment: bool) -> int:
    """Return the offset of the last run of blanks or part of a comment between *start* and the end of the text; *comment* is true if it starts inside of one."""
    at, mark = start, start
    while at < len(text):
        mark = at
        blank = BLANK.match(text, at)
        end = blank.end() if blank else at
        if not comment:
            comment = not blank
            at = end if blank else at + len("--")
        elif text[at] == "\n" and end == at + 1:
            comment = False
            at = end
        else:
            line = LINE.match(text, at)
            at = max(line.end() if line else at, end)
    return mark
