"""Know how a text becomes a tree, exactly as the engine reads it; the only importer of lark."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from tql_grammar import lexer
from tql_grammar.actions import actions_for
from tql_grammar.actions.expressions import seal
from tql_grammar.automaton import Malformed, Reduction, Table, TooDeep, Unexpected, run
from tql_grammar.record import Record
from tql_grammar.tables import VALUES, WHOLE, levels, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tql_grammar import ast
    from tql_grammar.automaton import Action
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.lexer import Token


class Reading(Record):
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


class Outcome(NamedTuple):
    """What driving the table came to: the statements, or why there are none."""

    tokens: list[Token]
    statements: list[object]
    depth: int
    failure: Unexpected | TooDeep | Malformed | None


def read(text: str) -> Reading:
    """Read any text as the engine reads it; never raises."""
    from tql_grammar import report

    return report.reading(text, drive(lexer.cut_at_nul(text)))


def parse(text: str) -> ast.Query:
    """
    Return the tree of a query.

    Raises:
        ParseError: the text is not a TQL query, or the engine would read another text than the one written.
    """
    reading = read(text)
    if reading.tree is None or any(finding.code < "TQL4" for finding in reading.diagnostics):
        from tql_grammar.errors import ParseError

        first = reading.diagnostics[0]
        raise ParseError(text, first, reading.unexpected, reading.expected, reading.engine_position)
    return reading.tree


def drive(text: str) -> Outcome:
    """Return what the table makes of a text without NUL."""
    outcome = _drive(lexer.tokens(text))
    if isinstance(outcome.failure, TooDeep):
        return _drive(lexer.tokens(text, whole_vectors=False))
    return outcome


def _drive(tokens: list[Token]) -> Outcome:
    """Return what the table makes of tokens."""
    grammar, actions = machine()
    try:
        statements, grown = run(grammar, actions, tokens)
    except (Unexpected, TooDeep, Malformed) as failure:
        return Outcome(tokens, [], 0, failure)
    return Outcome(tokens, statements, seal(grown), None)  # type: ignore[arg-type]  # the start rule makes a list


@functools.cache
def machine() -> tuple[Table, Sequence[Action | None]]:
    """Return the grammar as a table, and what each of its rules does."""
    grammar = table(_make)
    return grammar, actions_for(rule.name for rule in grammar.reductions)


def _make(grammar: str) -> Table:
    """Let lark make the table of a grammar."""
    from lark.common import ParserConf
    from lark.load_grammar import load_grammar
    from lark.parsers.lalr_analysis import Shift

    loaded, _files = load_grammar(grammar, "tql.lark", [], global_keep_all_tokens=False)  # type: ignore[no-untyped-call]  # lark types a part of itself
    _terminals, rules, _ignored = loaded.compile(["start"], "*")
    analyzer = _analyzer(levels(grammar))(ParserConf(rules, {}, ["start"]), strict=True)
    analyzer.compute_lalr()
    found = analyzer.parse_table
    index = {rule: number for number, rule in enumerate(rules)}
    rows = tuple(
        {kind: to + 1 if action is Shift else -1 - index[to] for kind, (action, to) in found.states[state].items()}
        for state in range(len(found.states))
    )
    return Table(
        rows, tuple(_reduction(rule) for rule in rules), found.start_states["start"], found.end_states["start"]
    )


def _reduction(rule: Any) -> Reduction:  # noqa: ANN401 - a rule of lark
    """Return what a rule of lark does."""
    name = rule.alias or rule.origin.name
    symbols = rule.expansion
    kept = [place for place, symbol in enumerate(symbols) if _has_value(symbol) or name in WHOLE]
    return Reduction(len(symbols), rule.origin.name, name, tuple(kept))


def _has_value(symbol: Any) -> bool:  # noqa: ANN401 - a symbol of lark
    """Tell whether a symbol has a value that a node needs."""
    return not symbol.is_term or symbol.name in VALUES


def _analyzer(binding: dict[str, tuple[int, str]]) -> Any:  # noqa: ANN401 - a class of lark
    """Return lark's analysis of a grammar, made to heed levels of binding, which lark itself does not know."""
    from lark.parsers.lalr_analysis import LALR_Analyzer

    class Analyzer(LALR_Analyzer):
        """Where a token could continue a rule or end it, let the levels decide before lark counts it as a conflict."""

        def compute_lalr1_states(self) -> None:
            """Make the states."""
            for itemset in self.lr0_itemsets:
                for token in [token for token in itemset.lookaheads if token in itemset.transitions]:
                    (rule,) = itemset.lookaheads[token]
                    goes_on, ends = _decide(_level(rule.expansion, binding), binding.get(token.name))
                    if not goes_on:
                        del itemset.transitions[token]
                    if not ends:
                        del itemset.lookaheads[token]
            super().compute_lalr1_states()

    return Analyzer


def _level(symbols: Iterable[Any], binding: dict[str, tuple[int, str]]) -> tuple[int, str] | None:
    """Return the level of a rule: that of its last token."""
    tokens = [symbol.name for symbol in symbols if symbol.is_term]
    return binding.get(tokens[-1]) if tokens else None


def _decide(rule: tuple[int, str] | None, token: tuple[int, str] | None) -> tuple[bool, bool]:
    """Tell whether a token may continue a rule, and whether it may end it."""
    if rule is None or token is None or rule[0] < token[0]:
        return True, False
    if rule[0] > token[0]:
        return False, True
    return rule[1] == "right", rule[1] == "left"
