"""
The grammar in other notations, derived from ``tql.lark``: for plain lark, and as EBNF.

For plain lark the terminals have their spelling, and the precedences of operators become rules, by the decisions of the engine's parser.
`operand_4_8` is an operand to the right of an operator of precedence 4 that ends in the operand of an operator of precedence 8; a closed operand ends in no other.
An operator continues this operand if its precedence is above 4, and has the whole of it on its left if its precedence is not above 8.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.syntax.keywords import RESERVED, SYMBOLS, TOKEN_OF_WORD
from tql_grammar.syntax.lexer import FLOAT, STRING
from tql_grammar.syntax.tables import HERE, precedences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Symbols = tuple[str, ...]
    Rules = dict[str, list[tuple[Symbols, str]]]

HEAD = """\
// TQL, the Tensor Query Language, as the parser of Deep Lake's engine accepts it.
//
// This file is generated from tql.lark: `tql grammar` prints it. It loads in plain lark, with parser="lalr" and with parser="earley".
//
// What a grammar cannot say: the engine silently drops parts of a text, and runs the rest.
// An unknown character ends the query: a carriage return, a character beyond ASCII outside of quotes, `#`, `!`, an open quote.
// A comment includes the next line if that begins with a blank or is empty. A number with a leading 0 is octal.
// This grammar rejects these texts. It does not limit the depth of nesting, as the stack of the engine's parser does."""

EXPRESSIONS = ("expression", "operand", "plain", "subscript")
NO_OPERATOR, CLOSED = 0, 99
# The operands that are an index of another kind, or none, unless an operator follows them.
APART = ("integer", "string", "subquery")
# What does not follow a sign, which would be a longer one.
LONGER = {"=": "(?!=)", "<": "(?![=>])", ">": "(?!=)", "-": "(?!-)", "|": "(?!\\|)"}
END_OF_WORD = "(?![A-Za-z0-9_])"
BLANK = r"[ \t\n]"
LARGEST = "9223372036854775807"
# Terminals for names and strings of which the parser checks the form: the name of an alternative, the place of the symbol, and the terminal.
FORMS = {
    "date": (1, "DATE_TEXT"),
    "interval_of": (1, "AMOUNT_TEXT"),
    "interval_text": (1, "PERIOD_TEXT"),
    "file_type": (0, "FILE_TYPE"),
    "create_from_file": (5, "TABLE_FILE"),
}
# A comment that includes no other line than comments: not after blanks alone, nor before a line that begins with a blank or is empty. Nor does it begin with a token.
_LINES = rf"--(?!(?i:character)[ \t]*\n{BLANK}*(?i:varying))(?:(?![ \t]+\n)[^\n]*|[ \t]+\n[ \t\n]*(?:--[^\n]*|\Z))(?:\n[ \t\n]+--[^\n]*)*"
COMMENT = rf"{_LINES}(?:\n(?![ \t\n])|\n[ \t\n]*\Z|\Z)"
UNIT = "second|minute|hour|day|month|year"
SPELT_BY_PATTERN = {
    "STRING": STRING,
    "FLOAT.3": rf"(?:{FLOAT})",
    "DATE_TEXT": r"'\s*(?:[+-]\d{1,3}|\d{1,4})-\s*(?:[+-]\d|\d{1,2})-\s*(?:[+-]\d|\d{1,2})'(?!')",
    "AMOUNT_TEXT": r"'\s*[+-]?\d+'(?!')",
    "PERIOD_TEXT": rf"'\s*[+-]?\d+\s*(?i:(?:{UNIT})s?)'(?!')",
    "FILE_TYPE": rf"(?i:csv|tbl|binary|bin){END_OF_WORD}|\"(?i:csv|tbl|binary|bin)\"",
    "TABLE_FILE": rf"(?i:tbl){END_OF_WORD}|\"(?i:tbl)\"",
    "CHARACTER_VARYING": rf"(?i:character){BLANK}+(?i:varying)",
}


class Operator(NamedTuple):
    """
    An operator: the tokens after its left operand, if it has one.

    Attributes:
        symbols: the symbols without the operands.
        token: the precedence of its first token, and the side to which it binds.
        rule: the precedence of the whole, for its right operand.
        is_open: whether a right operand follows.
    """

    symbols: Symbols
    token: tuple[int, str]
    rule: int
    is_open: bool


def standalone() -> str:
    """Return the grammar for plain lark."""
    rules = source_rules()
    derived = _unrolled(rules, precedences(source()))
    others = {name: [symbols for symbols, _ in parts] for name, parts in rules.items() if name not in EXPRESSIONS}
    written = [HEAD, *_written({**others, **derived}), "", *_terminals({**others, **derived}), ""]
    return "\n".join(written)


def source() -> str:
    """Return the text of ``tql.lark``."""
    return HERE.joinpath("tql.lark").read_text("utf-8")


def source_rules() -> Rules:
    """Return the alternatives of each rule of ``tql.lark``, as symbols and a name."""
    from lark.load_grammar import load_grammar

    loaded, _files = load_grammar(source(), "tql.lark", [], global_keep_all_tokens=False)  # type: ignore[no-untyped-call]  # lark is only partly typed
    found: Rules = defaultdict(list)
    for rule in loaded.compile(["start"], "*")[1]:
        symbols = [symbol.name for symbol in rule.expansion]
        place, terminal = FORMS.get(rule.alias or rule.origin.name, (None, ""))
        if place is not None:
            symbols[place] = terminal
        if symbols != ["VECTOR"]:
            found[rule.origin.name].append((tuple(symbols), rule.alias or ""))
    return found


# --- operators -------------------------------------------------------------------------------------------------------


def _operators(
    rules: Rules, binding: dict[str, tuple[int, str]]
) -> tuple[list[Operator], list[Operator], list[Symbols]]:
    """Return the operators with a left operand, those before their only operand, and the operands without an operator."""
    after: list[Operator] = []
    before: list[Operator] = []
    closed: list[Symbols] = []
    for symbols, _ in rules["plain"] + rules["subscript"]:
        is_open = symbols[-1] == "operand"
        inner = symbols[symbols[0] == "operand" : len(symbols) - is_open]
        last = next((binding[name][0] for name in reversed(inner) if name in binding), NO_OPERATOR)
        if symbols[0] == "operand":
            after.append(Operator(inner, binding[inner[0]], last, is_open))
        elif is_open:
            before.append(Operator(inner, binding[inner[0]], last, is_open))
        else:
            closed.append(symbols)
    return after, before, closed


def _together(operators: Iterable[Operator]) -> tuple[list[Operator], dict[str, list[Symbols]]]:
    """Return the operators with one for those of one precedence between two operands, and the rules of their signs."""
    of_level: dict[tuple[object, ...], list[Operator]] = defaultdict(list)
    for operator in operators:
        alone = not operator.is_open or len(operator.symbols) > 1
        of_level[operator.token, operator.rule, operator.symbols if alone else ()].append(operator)
    made: list[Operator] = []
    signs: dict[str, list[Symbols]] = {}
    for (_, rule, _), members in of_level.items():
        if len(members) > 1:
            signs[f"sign_{rule}"] = [member.symbols for member in members]
        made.append(members[0] if len(members) == 1 else members[0]._replace(symbols=(f"sign_{rule}",)))
    return made, signs


def _goes_on(context: int, token: tuple[int, str]) -> bool:
    """Tell whether an operator is part of the operand to the right of an operator of precedence *context*."""
    return token[0] > context or (token[0] == context and token[1] == "right")


def _ends(inner: int, token: tuple[int, str]) -> bool:
    """Tell whether an operand that ends in an operand of precedence *inner* is complete before an operator."""
    return token[0] < inner or (token[0] == inner and token[1] == "left")


def _unrolled(rules: Rules, binding: dict[str, tuple[int, str]]) -> dict[str, list[Symbols]]:
    """Return rules of operands and expressions without precedences."""
    after, before, closed = _operators(rules, binding)
    after, signs = _together(after)
    levels = sorted({operator.rule for operator in (*after, *before) if operator.is_open})
    found: dict[str, list[Symbols]] = defaultdict(list, signs)
    for context in (NO_OPERATOR, *levels):
        found[_name(context, CLOSED)] += [("ordinary",), *((name,) for name in APART)]
        for name, symbols in (*_before(before, context, levels), *_after(after, context, levels)):
            found[name].append(symbols)
        for inner in (*(level for level in levels if level < context), CLOSED):
            found[_group(context, inner)] += [(_name(context, end),) for end in _ends_of(context, inner, levels)]
    found["ordinary"] += [*_ordinary(closed, rules)]
    _add_conditions(found, levels, rules)
    _add_index(found, levels)
    return _productive(found)


def _before(operators: Iterable[Operator], context: int, levels: Sequence[int]) -> Iterator[tuple[str, Symbols]]:
    """Yield the alternatives of the operators before their only operand, each with the name of its rule."""
    for operator in operators:
        for inner in _inner(operator.rule, levels):
            symbols = (*operator.symbols, _group(operator.rule, inner))
            yield _name(context, min(operator.rule, inner)), symbols


def _after(operators: Iterable[Operator], context: int, levels: Sequence[int]) -> Iterator[tuple[str, Symbols]]:
    """Yield the alternatives of the operators with a left operand, each with the name of its rule."""
    for operator in operators:
        if _goes_on(context, operator.token):
            lefts = [_name(context, end) for end in (*levels, CLOSED) if _ends(end, operator.token)]
            for name, right in _results(operator, context, levels):
                yield from ((name, (left, *operator.symbols, *right)) for left in lefts)


def _results(operator: Operator, context: int, levels: Sequence[int]) -> Iterator[tuple[str, Symbols]]:
    """Yield the rules of which an operator with a left operand is an alternative, each with the right operand."""
    if not operator.is_open:
        yield _name(context, CLOSED), ()
    else:
        for inner in _inner(operator.rule, levels):
            yield _name(context, min(operator.rule, inner)), (_group(operator.rule, inner),)


def _inner(rule: int, levels: Sequence[int]) -> list[int]:
    """Return the precedences in which an operand to the right of an operator may end, if below the operator's own, then `CLOSED` for all others."""
    return [*(level for level in levels if level < rule), CLOSED]


def _ends_of(context: int, inner: int, levels: Sequence[int]) -> list[int]:
    """Return the ends of the operands that a group unites."""
    return [inner] if inner != CLOSED else [level for level in (*levels, CLOSED) if level >= context]


def _name(context: int, end: int) -> str:
    """Return the name of the rule for operands of a context and an end."""
    return f"operand_{context}_{'closed' if end == CLOSED else end}"


def _group(context: int, inner: int) -> str:
    """Return the name of the rule for operands of a context that end in a precedence below it, or in no such."""
    return f"right_{context}" if inner == CLOSED else f"right_{context}_{inner}"


def _ordinary(closed: Iterable[Symbols], rules: Rules) -> Iterator[Symbols]:
    """Yield the operands without an operator that may be an index."""
    for symbols in closed:
        if symbols != ("literal",):
            yield symbols
        else:
            yield from (parts for parts, _ in rules["literal"] if parts not in {(name,) for name in APART})


def _add_conditions(found: dict[str, list[Symbols]], levels: Sequence[int], rules: Rules) -> None:
    """Add conditions with AND and OR, and the rules that unite operands."""
    found["operand"].append((_group(NO_OPERATOR, CLOSED),))
    found["subquery"] += [symbols for symbols, name in rules["operand"] if name == "subquery"]
    found["expression"] += [("conjunction",), ("expression", "OR", "conjunction")]
    found["conjunction"] += [("test",), ("conjunction", "AND", "test")]
    for symbols, _ in rules["expression"]:
        if symbols[:2] == ("operand", "NOT"):
            # NOT x NOT IN (..) is an error: after an operand that ends in one of NOT, NOT can only begin NOT LIKE.
            ends = (end for end in (*levels, CLOSED) if end != min(levels))
            found["test"] += [(_name(NO_OPERATOR, end), *symbols[1:]) for end in ends]
        elif symbols[0] != "expression":
            found["test"].append(symbols)


def _add_index(found: dict[str, list[Symbols]], levels: Sequence[int]) -> None:
    """Add the operands that are a computed index: all but those that are apart, and a subscript."""
    closed = [
        symbols for symbols in found[_name(NO_OPERATOR, CLOSED)] if symbols[-1] != "RSQB" and symbols[0] not in APART
    ]
    found["plain"] += [*((_name(NO_OPERATOR, level),) for level in levels), *closed]


def _productive(found: dict[str, list[Symbols]]) -> dict[str, list[Symbols]]:
    """Return the rules of which there are texts: no operand ends in a precedence that its context excludes."""
    known: set[str] = set()
    while True:
        more = {name for name, parts in found.items() if any(_has_texts(symbols, known) for symbols in parts)}
        if more == known:
            return {
                name: [parts for parts in found[name] if _has_texts(parts, known)] for name in found if name in known
            }
        known = more


def _has_texts(symbols: Symbols, known: set[str]) -> bool:
    """Tell whether there are texts of an alternative, where *known* rules have texts and so have all that are no operands."""
    return all(
        symbol in known or not symbol.startswith(("operand_", "right_")) or symbol == "operand_query"
        for symbol in symbols
    )


# --- EBNF ------------------------------------------------------------------------------------------------------------


def ebnf() -> str:
    """Return the grammar in the EBNF of the W3C, with the precedences in a comment, as it is in ``tql.lark``."""
    lines = ["/* TQL. The precedences of the operators, lowest first:"]
    lines += [f"   {side:8} {' '.join(names)}" for side, names in levels()]
    lines.append("*/")
    spelt = spellings()
    for name, alternatives in source_rules().items():
        written = (" ".join(spelt.get(part, part) for part in parts) or "/* nothing */" for parts, _ in alternatives)
        lines.append(f"{name} ::= " + f"\n{' ' * (len(name) + 3)}| ".join(dict.fromkeys(written)))
    lines += [f"/* {name.partition('.')[0]}: {pattern} */" for name, pattern in PATTERNS.items()]
    return "\n".join(lines) + "\n"


def levels() -> Iterator[tuple[str, list[str]]]:
    """Yield the side to which the operators of a precedence bind, and their tokens, lowest first."""
    known = precedences(source())
    for level, side in sorted(dict(known.values()).items()):
        yield side, [name for name, (of, _) in known.items() if of == level]


def spellings() -> dict[str, str]:
    """Return the spelling of each keyword and sign, in quotes."""
    words = {token: f"'{word}'" for word, token in TOKEN_OF_WORD.items()}
    signs: dict[str, list[str]] = defaultdict(list)
    for sign, token in SYMBOLS.items():
        signs[token].append(f"'{sign}'")
    return words | {
        token: written[0] if len(written) == 1 else f"({' | '.join(written)})" for token, written in signs.items()
    }


# --- text ------------------------------------------------------------------------------------------------------------


def _written(rules: Mapping[str, Sequence[Symbols]]) -> Iterator[str]:
    """Yield the text of rules."""
    for name, alternatives in rules.items():
        begun = f"{name}: "
        joint = "\n" + " " * (len(name)) + "| "
        yield begun + joint.join(" ".join(parts) for parts in dict.fromkeys(alternatives))


def _terminals(rules: Mapping[str, Sequence[Symbols]]) -> Iterator[str]:
    """Yield the text of the terminals that rules use, and of blanks and comments."""
    patterns = {name.partition(".")[0]: (name, pattern) for name, pattern in PATTERNS.items()}
    patterns |= {token: (token, f"(?i:{word}){END_OF_WORD}") for word, token in TOKEN_OF_WORD.items()}
    patterns |= {token: (token, _signs(token)) for token in SYMBOLS.values()}
    symbols = (symbol for alternatives in rules.values() for parts in alternatives for symbol in parts)
    for name, pattern in (patterns[token] for token in sorted(filter(str.isupper, set(symbols)))):
        yield f"{name}: {_literal(pattern)}"
    yield f"COMMENT.9: {_literal(COMMENT)}"
    yield f"BLANKS: {_literal(BLANK + '+')}"
    yield "%ignore COMMENT"
    yield "%ignore BLANKS"


def _signs(token: str) -> str:
    """Return the pattern of the signs of a token: a longer sign is never two shorter ones, and two dashes begin a comment."""
    return "|".join(re.escape(sign) + LONGER.get(sign, "") for sign, of in SYMBOLS.items() if of == token)


def _literal(pattern: str) -> str:
    """Return a regular expression as lark writes it."""
    return f"/{pattern.replace('/', chr(92) + '/')}/"


def _integer() -> str:
    """Return the pattern of integers that fit into 64 bits and are not octal, unless they are the same in decimal."""
    below = "|".join(
        f"{LARGEST[:at]}[0-{int(digit) - 1}][0-9]{{{len(LARGEST) - at - 1}}}"
        for at, digit in enumerate(LARGEST)
        if digit != "0"
    )
    return (
        rf"-9223372036854775808(?![0-9.eE])|(?:0+[0-7]?|[1-9][0-9]{{0,17}}|{below}|{LARGEST})(?![0-9.]|[eE][+-]?[0-9])"
    )


PATTERNS = {
    **SPELT_BY_PATTERN,
    "INTEGER.2": _integer(),
    "NAME": rf"(?!(?i:{'|'.join(sorted(RESERVED))}){END_OF_WORD})(?!(?i:character){BLANK}+(?i:varying))[A-Za-z][A-Za-z0-9_]*|\"[^\"\n]+\"",
}

FORMATS: dict[str, Callable[[], str]] = {
    # The file is `standalone()`, which takes a second.
    "lark": lambda: HERE.joinpath("plain.lark").read_text("utf-8"),
    "ebnf": ebnf,
}

if __name__ == "__main__":
    HERE.joinpath("plain.lark").write_text(standalone(), "utf-8")
