"""Parse table of the grammar file, computed by lark; the only module that imports lark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_grammar.syntax.lalr import Reduction, Table
from tql_grammar.syntax.tables import VALUES, WHOLE, precedences

if TYPE_CHECKING:
    from collections.abc import Iterable


def make_table(grammar: str) -> Table:
    """Compute the parse table of a grammar with lark."""
    from lark.common import ParserConf
    from lark.load_grammar import load_grammar
    from lark.parsers.lalr_analysis import Shift

    loaded, _files = load_grammar(grammar, "tql.lark", [], global_keep_all_tokens=False)  # type: ignore[no-untyped-call]  # lark is only partly typed
    _terminals, rules, _ignored = loaded.compile(["start"], "*")
    analyzer = _analyzer(precedences(grammar))(ParserConf(rules, {}, ["start"]), strict=True)
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
    """Convert a rule of lark."""
    name = rule.alias or rule.origin.name
    symbols = rule.expansion
    kept = [place for place, symbol in enumerate(symbols) if _has_value(symbol) or name in WHOLE]
    return Reduction(len(symbols), rule.origin.name, name, tuple(kept))


def _has_value(symbol: Any) -> bool:  # noqa: ANN401 - a symbol of lark
    """Tell whether an action needs the value of a symbol."""
    return not symbol.is_term or symbol.name in VALUES


def _analyzer(binding: dict[str, tuple[int, str]]) -> Any:  # noqa: ANN401 - a class of lark
    """Return lark's grammar analyzer, extended by the precedence of operators, which lark does not support."""
    from lark.parsers.lalr_analysis import LALR_Analyzer

    class Analyzer(LALR_Analyzer):
        """An analyzer that resolves shift-reduce conflicts by precedence."""

        def compute_lalr1_states(self) -> None:
            """Compute the states, after removing the moves that lose by precedence."""
            for itemset in self.lr0_itemsets:
                for token in [token for token in itemset.lookaheads if token in itemset.transitions]:
                    (rule,) = itemset.lookaheads[token]
                    goes_on, ends = _decide(_precedence(rule.expansion, binding), binding.get(token.name))
                    if not goes_on:
                        del itemset.transitions[token]
                    if not ends:
                        del itemset.lookaheads[token]
            super().compute_lalr1_states()

    return Analyzer


def _precedence(symbols: Iterable[Any], binding: dict[str, tuple[int, str]]) -> tuple[int, str] | None:
    """Return the precedence of a rule: that of its last token."""
    tokens = [symbol.name for symbol in symbols if symbol.is_term]
    return binding.get(tokens[-1]) if tokens else None


def _decide(rule: tuple[int, str] | None, token: tuple[int, str] | None) -> tuple[bool, bool]:
    """Tell whether a token may be shifted, and whether the rule may be reduced before it."""
    if rule is None or token is None or rule[0] < token[0]:
        return True, False
    if rule[0] > token[0]:
        return False, True
    return rule[1] == "right", rule[1] == "left"
