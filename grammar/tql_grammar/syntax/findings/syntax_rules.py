"""Syntax errors: the mistake behind an unexpected token, and its remedy; the family ``TQL1xx``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.syntax.findings import other_languages
from tql_grammar.syntax.findings.place import CLAUSES, CLOSING, COMPARISONS, KEYWORDS, Place, SyntaxRule
from tql_grammar.syntax.findings.sql_hints import sql_hint
from tql_grammar.syntax.keywords import RESERVED
from tql_grammar.syntax.lalr import Malformed, Unexpected
from tql_grammar.syntax.lexer import STOP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql_grammar.syntax.lalr import TooDeep
    from tql_grammar.syntax.lexer import Token

# The keywords that a misspelt word is compared with.
USUAL = (
    "SELECT",
    "FROM",
    "WHERE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "LIKE",
    "ILIKE",
    "BETWEEN",
    "HAVING",
    "GROUP",
    "ORDER",
    "BY",
    "LIMIT",
    "OFFSET",
    "UNION",
    "JOIN",
    "ON",
    "AS",
    "ASC",
    "DESC",
    "DISTINCT",
)
MOST_EXPECTED = 6
# The most letters in which a misspelt keyword differs.
MOST_CHANGES = 2


RULES = (
    *other_languages.RULES,
    SyntaxRule(
        "TQL102",
        "/* .. */ is not a comment in TQL",
        "begin a comment with --",
        "select id /* the key */ from t",
        "select id -- the key\nfrom t",
        lambda place: place.has_slash_star,
    ),
    SyntaxRule(
        "TQL101",
        "a string in single quotes in place of a name",
        'write names, aliases and urls in double quotes: FROM "hub://org/dataset"',
        "select id from 'hub://org/dataset'",
        'select id from "hub://org/dataset"',
        lambda place: (
            place.kind(0) == "STRING"
            and "a name" in place.expected
            and "a string in single quotes" not in place.expected
        ),
    ),
    SyntaxRule(
        "TQL103",
        "comparisons cannot be chained",
        "write both and join them with AND: a < b AND b < c",
        "select id from t where 1 < id < 5",
        "select id from t where 1 < id and id < 5",
        lambda place: place.kind(0) in COMPARISONS and any(place.kind(back) in COMPARISONS for back in (-2, -3)),
    ),
    SyntaxRule(
        "TQL104",
        "NOT is not allowed before this keyword",
        "put NOT before the whole condition: NOT (x BETWEEN 1 AND 2)",
        "select id from t where id not between 1 and 2",
        "select id from t where not (id between 1 and 2)",
        lambda place: place.kind(0) in {"BETWEEN", "ILIKE", "IN"} and "NOT" in {place.kind(-1), place.kind(-2)},
    ),
    SyntaxRule(
        "TQL106",
        "a comma with nothing after it",
        "remove the comma, or write what should follow it",
        "select id, from t",
        "select id from t",
        lambda place: place.kind(0) in CLOSING and place.kind(-1) == "COMMA",
    ),
    SyntaxRule(
        "TQL108",
        "an empty list",
        "IN takes at least one value; for a condition that is never true write FALSE",
        "select id from t where id in ()",
        "select id from t where false",
        lambda place: place.kind(0) == "RPAR" and place.kind(-1) == "LPAR",
    ),
    SyntaxRule(
        "TQL110",
        "LIMIT takes one number",
        "write LIMIT 3 OFFSET 2 for three rows after the first two",
        "select id from t limit 2, 3",
        "select id from t limit 3 offset 2",
        lambda place: place.kind(0) == "COMMA" and place.kind(-2) in {"LIMIT", "OFFSET"},
        lambda place: (
            f"write LIMIT {place.word(1)} OFFSET {place.word(-1)} for {place.word(1)} rows after the first {place.word(-1)}"
            if place.kind(1) == "INTEGER"
            else None
        ),
    ),
    SyntaxRule(
        "TQL111",
        "an integer that does not fit into 64 bits",
        "integers range from -9223372036854775808 (no blank after the sign) to 9223372036854775807; write a larger number with a decimal point",
        "select id from t where id = 9223372036854775808",
        "select id from t where id = 9223372036854775807",
        lambda place: place.kind(0) == "INVALID",
    ),
    SyntaxRule(
        "TQL115",
        "a url without quotes",
        'put it in double quotes: FROM "hub://org/dataset"',
        "select id from hub://org/dataset",
        'select id from "hub://org/dataset"',
        lambda place: (
            place.kind(0) == "COLON" and place.kind(-1) == "NAME" and place.kind(-2) in {"FROM", "JOIN", "COMMA"}
        ),
    ),
    SyntaxRule(
        "TQL116",
        "LIMIT takes no PERCENT",
        "LIMIT counts rows; PERCENT belongs to SAMPLE BY .. LIMIT 10 PERCENT",
        "select id from t limit 10 percent",
        "select id from t sample by 1 limit 10 percent",
        lambda place: place.kind(0) == "PERCENT",
    ),
    SyntaxRule(
        "TQL117",
        "a parameter with a name",
        "write a parameter as ?, with values in order; the builder has param(name)",
        "select id from t where id = :key",
        "select id from t where id = ?",
        lambda place: place.kind(0) == "COLON" and place.kind(1) in KEYWORDS | {"NAME"},
    ),
    SyntaxRule(
        "TQL109",
        "OFFSET before LIMIT",
        "write LIMIT first: LIMIT 2 OFFSET 1",
        "select id from t offset 1 limit 2",
        "select id from t limit 2 offset 1",
        lambda place: place.kind(0) == "LIMIT" and place.kind(-2) == "OFFSET",
        lambda place: (
            f"write LIMIT first: LIMIT {place.word(1)} OFFSET {place.word(-1)}" if place.kind(1) == "INTEGER" else None
        ),
    ),
    SyntaxRule(
        "TQL114",
        "a name in double quotes in place of a string",
        "write strings in single quotes: 'text'; double quotes are for names",
        'select date "2020-01-31" as d from t',
        "select date '2020-01-31' as d from t",
        lambda place: (
            place.kind(0) == "NAME"
            and place.token.end - place.token.start > len(str(place.token.value))
            and "a string in single quotes" in place.expected
        ),
    ),
    SyntaxRule(
        "TQL119",
        "a comparison operator that TQL does not have",
        "the comparison operators are =, ==, !=, <>, <, <=, > and >=",
        "select id from t where id => 3",
        "select id from t where id >= 3",
        lambda place: (
            place.kind(0) in COMPARISONS
            and place.kind(-1) in COMPARISONS
            and place.token.start == place.tokens[place.at - 1].end
        ),
    ),
    SyntaxRule(
        "TQL118",
        "a bracket that is not closed",
        "close it with ]",
        "select id from t where e[0 = 1",
        "select id from t where e[0] = 1",
        lambda place: place.kind(0) in {STOP, "RPAR", *CLAUSES} and place.open("LSQB", "RSQB") > 0,
    ),
    SyntaxRule(
        "TQL107",
        "a clause in the wrong place",
        "the order is SELECT, FROM, WHERE, GROUP BY, UNGROUP BY, ORDER BY, LIMIT, OFFSET, SAMPLE BY",
        "select id from t limit 3 order by id",
        "select id from t order by id limit 3",
        lambda place: place.kind(0) in CLAUSES and place.kind(-1) not in CLAUSES | {"COMMA", "BY", "SELECT"},
    ),
    SyntaxRule(
        "TQL112",
        "a parenthesis that is not closed",
        "close it",
        "select id from t where (id = 1",
        "select id from t where (id = 1)",
        lambda place: place.kind(0) == STOP and place.open("LPAR", "RPAR") > 0 and "')'" in place.expected,
    ),
    SyntaxRule(
        "TQL113",
        "a parenthesis that is not opened",
        "remove it",
        "select id from t where id = 1)",
        "select id from t where id = 1",
        lambda place: place.kind(0) == "RPAR" and place.open("LPAR", "RPAR") <= 0,
    ),
    SyntaxRule(
        "TQL105",
        "a reserved word in place of a name",
        "put it in double quotes to use it as a name",
        "select order from t",
        'select "order" from t',
        lambda place: (
            place.kind(0) in KEYWORDS and str(place.token.value).upper() in RESERVED and "a name" in place.expected
        ),
    ),
)
MALFORMED = {
    "file type": ("TQL123", "a statement that reads a file takes CSV, TBL or BINARY, and is not a query"),
    "date": ("TQL120", "DATE takes a string of the form 'YYYY-MM-DD'"),
    "interval": ("TQL121", "INTERVAL takes a string of the form '3 days'"),
    "interval unit": ("TQL122", "the units of INTERVAL are seconds, minutes, hours, days, months and years"),
}


# The titles of the findings that are not in the table of mistakes.
OTHERS = {
    "TQL100": "unexpected token",
    "TQL190": "statement that is not a query",
    "TQL191": "several statements",
    "TQL401": "query that is nested too deeply for the engine",
    "TQL402": "chain of operators that is too long for the engine",
}
TITLES = {
    **OTHERS,
    **{rule.code: rule.title for rule in RULES},
    **dict(MALFORMED.values()),
}
EXAMPLES = {
    "TQL100": "select from t",
    "TQL190": "drop table t",
    "TQL191": "select id from t; select id from t",
    "TQL401": "select id from t where ((( .. 1,000 of them",
    "TQL402": "select id from t where a = 1 or a = 2 or .. 3,000 of them",
    "TQL120": "select id from t where d = date 'today'",
    "TQL121": "select id from t where d = interval 'soon'",
    "TQL122": "select id from t where d = interval '3 moons'",
    "TQL123": "copy t from 'x' json",
    **{rule.code: rule.example for rule in RULES},
}
# The right forms of these examples.
MEANT = {
    "TQL100": "select id from t",
    "TQL190": "select id from t",
    "TQL191": "select id from t",
    "TQL120": "select id from t where d = date '2020-01-31'",
    "TQL121": "select id from t where d = interval '3 days'",
    "TQL122": "select id from t where d = interval '3 months'",
    "TQL123": "select id from t",
    **{rule.code: rule.meant for rule in RULES},
}


def finding(
    tokens: Sequence[Token], failure: Unexpected | TooDeep | Malformed, expected: Sequence[str]
) -> tuple[str, str, str | None]:
    """Return code, message and hint for the token at which parsing failed."""
    if isinstance(failure, Malformed):
        code, rule = MALFORMED[failure.rule]
        return code, f"{rule}, got {str(failure.token.value)!r}", None
    token = failure.token
    place = Place(tokens, next(index for index, one in enumerate(tokens) if one.start == token.start), expected)
    unexpected = "the end of the query" if token.kind == STOP else f"`{_written(token)}`"
    for mistake in RULES:
        if mistake.applies(place):
            advice = None if mistake.advise is None else mistake.advise(place)
            return mistake.code, f"{mistake.title}: {unexpected} is not allowed here", advice or mistake.hint
    hint = next(filter(None, (advise(place) for advise in ADVICE)), None)
    return "TQL100", f"{unexpected} is not allowed here; {_in_words(expected)}", hint


def _written(token: Token) -> str:
    """Return the text of a token, cut to a readable length."""
    most = 40
    text = str(token.value)
    return text if len(text) <= most else f"{text[:most]}…"


def _in_words(expected: Sequence[str]) -> str:
    """Return the expected tokens as a phrase."""
    if len(expected) > MOST_EXPECTED:
        return f"expected {', '.join(expected[:MOST_EXPECTED])}, .."
    return f"expected {' or '.join(expected)}" if expected else "nothing is expected here"


def _hole(place: Place) -> str | None:
    """Return the hint about a hole of a template, ``{n}``, in a text without values."""
    if place.word(0) != "{" or place.kind(1) != "NAME" or place.word(2) != "}":
        return None
    name = place.word(1)
    return f"{{{name}}} is a hole of a template: pass its value by tql.query(.., {name}=..), or write the value in its place"


def _placeholder(place: Place) -> str | None:
    """Return the hint about a placeholder of database drivers, ``%s``."""
    if place.word(0) != "%" or place.word(1) != "s" or not place.follows_directly(1):
        return None
    return "write a parameter as ?, with values in order; tql.query(.., name=..) takes the values of holes {name}"


def _without_list(place: Place) -> str | None:
    """Return the hint about IN with a value that is not in parentheses."""
    is_value = place.kind(0) in {"NAME", "STRING", "INTEGER", "FLOAT"}
    return f"put the values in parentheses: IN ({place.word(0)})" if is_value and place.kind(-1) == "IN" else None


def _misspelt(place: Place) -> str | None:
    """Return a hint with the keyword nearest to a misspelt word at the place or before it, or None."""
    meant: list[tuple[float, bool, str]] = []
    for back in (0, -1):
        if place.kind(back) != "NAME":
            continue
        word = str(place.tokens[place.at + back].value).upper()
        known = {*USUAL, *(RESERVED.intersection(place.expected) if back == 0 else ())}
        for other in (near for near in known - {word} if abs(len(near) - len(word)) <= MOST_CHANGES):
            distance = _distance(word, other)
            if distance <= min(MOST_CHANGES, len(other) // 2):
                meant.append((distance / len(other), word[0] != other[0], other))
    return f"did you mean {min(meant)[2]}?" if meant else None


# The remedies for an unexpected token that no rule of the table is about.
ADVICE = (_hole, _placeholder, _without_list, sql_hint, _misspelt)


def _distance(word: str, other: str) -> int:
    """Return the edit distance of two words: letters added, removed, replaced, or swapped with their neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for number, letter in enumerate(word, 1):
        last, before, row = before, row, [number]
        for at, wanted in enumerate(other, 1):
            cost = min(before[at] + 1, row[at - 1] + 1, before[at - 1] + (letter != wanted))
            if last and at > 1 and (letter, word[number - 2]) == (other[at - 2], wanted):
                cost = min(cost, last[at - 2] + 1)
            row.append(cost)
    return row[-1]
