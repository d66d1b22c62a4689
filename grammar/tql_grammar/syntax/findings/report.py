"""Findings about a text that was read: place, reason and remedy."""

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
from tql_grammar.syntax.findings.syntax_rules import USUAL, finding
from tql_grammar.syntax.keywords import RESERVED, SYMBOLS, TOKEN_OF_WORD
from tql_grammar.syntax.lalr import TooDeep, Unexpected, accepts
from tql_grammar.syntax.lexer import STOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar import ast
    from tql_grammar.syntax.driver import ParseOutcome
    from tql_grammar.syntax.lexer import Token

# The engine walks a chain of operators with one call for each; from about 2,050 on it has no stack left, and its process dies.
DEEPEST_CHAIN = 2_000
PIECE = re.compile(r"''|[^']+")
BLANK = re.compile(r"[ \t\n]+")
LINE = re.compile(r"[^\n]*")
WORDS = {
    "NAME": "a name",
    "STRING": "a text in single quotes",
    "INTEGER": "a whole number",
    "FLOAT": "a number",
    "VECTOR": "ARRAY[..]",
    **{word: word for word in USUAL},
    STOP: "the end of the query",
    **{kind: f"'{sign}'" for sign, kind in SYMBOLS.items()},
    **{TOKEN_OF_WORD[word]: word for word in sorted(RESERVED)},
}


class ParseResult(Record):
    """
    What the engine makes of a text, and what is wrong with it.

    Attributes:
        text: the whole text.
        tree: the query that the engine reads, or None if it refuses the text.
        diagnostics: the findings of the families 0 (text), 1 (syntax) and 4 (depth), in the order of the text.
        engine_position: the N of the ``Pos N`` that the engine reports: bytes from the start of the line; None where it accepts the text.
        parses: whether the engine's own parser accepts the text.
        unexpected: the token that cannot stand where it stands, as written; "" at the end of the text.
        expected: what could stand there, in words of the language.
    """

    text: str
    tree: ast.Query | None
    diagnostics: tuple[Diagnostic, ...]
    engine_position: int | None = None
    parses: bool = True
    unexpected: str = ""
    expected: tuple[str, ...] = ()


def diagnose(text: str, outcome: ParseOutcome) -> ParseResult:
    """Return what is to be said about a text."""
    lost = list(text_rules.findings(text, outcome.tokens))
    if outcome.failure is None:
        tree = outcome.statements[0]
        single = len(outcome.statements) == 1 and not isinstance(tree, NotSelect)
        return ParseResult(text, tree if single else None, (*lost, *_refusals(text, outcome)))  # type: ignore[arg-type]  # a query
    return _failed(text, outcome, lost)


def _refusals(text: str, outcome: ParseOutcome) -> Iterator[Diagnostic]:
    """Yield what is wrong with a text that the engine's parser accepts."""
    first = outcome.tokens[0]
    if len(outcome.statements) > 1:
        yield _diagnostic(
            text,
            "TQL191",
            "several statements: the engine refuses them with `Multiple query statements are not supported in TQL.`",
            _span(_second_statement(outcome.tokens)),
            "send one query at a time",
        )
    elif isinstance(outcome.statements[0], NotSelect):
        yield _diagnostic(
            text,
            "TQL190",
            f"{first.value} is not a query: the engine refuses it with `Query statement is not SELECT.`, and some such statements end its process",
            _span(first),
            "TQL reads data only: begin with SELECT",
        )
    elif outcome.depth > DEEPEST_CHAIN:
        yield _diagnostic(
            text,
            "TQL402",
            f"a chain of {outcome.depth + 1:,} conditions or terms: from about 2,050 on, the engine's process dies",
            _span(first),
            "put groups of some hundred members into parentheses, or use IN for values of one column",
        )


def _second_statement(tokens: list[Token]) -> Token:
    """Return where the second statement begins."""
    return next(after for before, after in pairwise(tokens) if before.kind == "SEMICOLON")


def _failed(text: str, outcome: ParseOutcome, lost: list[Diagnostic]) -> ParseResult:
    """Return what is to be said about a text that the engine's parser refuses."""
    failure = outcome.failure
    assert failure is not None  # noqa: S101 - the caller looked
    token = failure.token
    at_stop = token.kind == STOP
    mark = _last_match(text, outcome.tokens) if at_stop else getattr(failure, "mark", token.mark)
    position = byte_column(text, mark)
    expected = _expected(failure) if isinstance(failure, Unexpected) else ()
    # Where the text was cut, the cut explains the error.
    cut = [item for item in lost if at_stop and item.start == token.start]
    found = () if cut else (_syntax(text, outcome, expected),)
    findings = sorted([*lost, *found], key=lambda item: (item not in cut, item.start))
    return ParseResult(
        text, None, tuple(findings), position, parses=False, unexpected=text[token.start : token.end], expected=expected
    )


def _syntax(text: str, outcome: ParseOutcome, expected: tuple[str, ...]) -> Diagnostic:
    """Return the finding about the token that cannot stand where it stands."""
    failure = outcome.failure
    assert failure is not None  # noqa: S101 - the caller looked
    token = failure.token
    if isinstance(failure, TooDeep):
        return _diagnostic(
            text,
            "TQL401",
            "more open parentheses, sub-queries or signs than the engine's parser can hold (`memory exhausted`)",
            _span(token),
            "nest less deeply; sub-queries go about 140 deep, parentheses about 980",
        )
    code, message, hint = finding(outcome.tokens, failure, expected)
    start, end = _span(token)
    if token.kind == STOP:
        start = len(text[:start].rstrip(lexer.BLANKS))
        end = start + 1
    return _diagnostic(text, code, message, (start, max(end, start + 1)), hint)


def _expected(failure: Unexpected) -> tuple[str, ...]:
    """Return what could stand at a place, in words of the language: names and values first, then the rest in order."""
    grammar, _actions = parse_table()
    kinds = [kind for kind in grammar.rows[failure.states[-1]] if kind in WORDS]
    order = list(WORDS)
    possible = sorted((kind for kind in kinds if accepts(grammar, failure.states, kind)), key=order.index)
    return tuple(dict.fromkeys(WORDS[kind] for kind in possible))


def _span(token: Token) -> tuple[int, int]:
    """Return where a token stands."""
    return token.start, token.end


def _diagnostic(text: str, code: str, message: str, span: tuple[int, int], hint: str | None) -> Diagnostic:
    """Return an error at a place of a text."""
    return Diagnostic.at(text, *span, code, "error", message, hint)


def _last_match(text: str, tokens: list[Token]) -> int:
    """Return where the engine's lexer began its last step before it stopped reading."""
    stop = tokens[-1].start
    visible = lexer.cut_at_nul(text)
    if stop < len(visible):
        if visible[stop] != "'":
            return stop
        return max((piece.start() for piece in PIECE.finditer(visible, stop + 1)), default=stop)
    before = tokens[-2] if len(tokens) > 1 else None
    trivia = before.end if before else 0
    if trivia == stop:
        return before.mark if before else 0
    return _last_trivia(visible, trivia)


def _last_trivia(text: str, start: int) -> int:
    """Return where the last blank run or piece of a comment begins, from *start* to the end of the text."""
    at, comment, mark = start, False, start
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
