"""Syntax of other languages in queries: PostgreSQL, Python and English, each with the form of TQL."""

from __future__ import annotations

from tql_grammar.suggestions import nearest
from tql_grammar.syntax.findings.place import COMPARISONS, Place, SyntaxRule, postgres
from tql_grammar.syntax.keywords import RESERVED
from tql_grammar.syntax.lexer import STOP

QUOTE_INSIDE = "TQL126"
NUMBERS = frozenset({"INTEGER", "FLOAT"})
DATES = frozenset({"DATE", "INTERVAL"})
CONDITIONS = frozenset({"AND", "OR"})
NEAREST = {
    "-": "order by l2_norm(embedding - ARRAY[..]) asc limit 10, in place of <->",
    "=": "order by cosine_similarity(embedding, ARRAY[..]) desc limit 10, in place of <=>",
}


def _is_distance(place: Place) -> bool:
    """Tell whether a token ends ``<->``, or ``<=>`` before a vector."""
    if place.kind(0) != "MORE" or not place.follows_directly():
        return False
    if place.kind(-1) == "LESS_EQUAL":
        return place.kind(1) in {"VECTOR", "ARRAY"}
    return place.kind(-1) == "DASH" and place.kind(-2) == "LESS" and place.follows_directly(-1)


def _is_unquoted(place: Place) -> bool:
    """Tell whether a token is the second word of a string without quotes."""
    if place.kind(-2) not in COMPARISONS or place.kind(-1) != "NAME":
        return False
    is_word = place.kind(0) == "NAME" and nearest(place.word(0).upper(), RESERVED) is None
    return place.kind(0) in NUMBERS or is_word


def _is_infix(place: Place) -> bool:
    """Tell whether a token is a function that is written between its arguments."""
    return place.kind(0) == "NAME" and place.word(0).upper() == "CONTAINS" and place.kind(1) == "STRING"


def _is_repeated(place: Place) -> bool:
    """Tell whether a token is AND or OR after another one, or after WHERE."""
    return place.kind(0) in CONDITIONS and place.kind(-1) in CONDITIONS | {"WHERE"}


def _is_window(place: Place) -> bool:
    """Tell whether a token opens the window of a function: ``row_number() over (``."""
    return place.kind(0) == "LPAR" and place.word(-1).upper() == "OVER" and place.kind(-2) == "RPAR"


def _is_arrow(place: Place) -> bool:
    """Tell whether a token ends ``->``."""
    return place.kind(0) == "MORE" and place.kind(-1) == "DASH" and place.follows_directly()


def _key(place: Place) -> str | None:
    """Return the hint about a key of JSON after ``->`` or ``->>``."""
    at = 2 if place.kind(1) == "MORE" else 1
    is_key = place.kind(at) in {"STRING", "INTEGER"} and place.kind(-2) == "NAME"
    return f"write the key in brackets: {place.word(-2)}[{place.word(at)}]" if is_key else None


def _doubled(place: Place) -> str:
    """Return the hint about a quote inside a string, without the backslash before it."""
    before = place.word(-1)[1:-1].removesuffix("\\")
    return f"double the quote inside a string: '{before}''{place.word(0)}..'"


def _date(place: Place) -> str:
    """Return the hint about a name of a type, which is a column or a function of other languages."""
    name = place.word(-1)
    if place.kind(0) == "LPAR":
        return f"TQL has no function {name}(..): compare the number or the text that the column stores, for example day >= '2020-01-31'"
    return f'put the name in double quotes: "{name}"'


def _values(place: Place) -> str | None:
    """Return the hint about IN with the values in brackets."""
    words = []
    distance = 1
    while place.kind(distance) not in {"RSQB", STOP, ""}:
        words.append(place.word(distance))
        distance += 1
    return f"put the values in parentheses: IN ({''.join(words).replace(',', ', ')})" if words else None


RULES = (
    SyntaxRule(
        "TQL124",
        "a distance operator of PostgreSQL",
        postgres(NEAREST["-"]),
        "select id from t order by e <-> ARRAY[1.0, 2.0] limit 3",
        "select id from t order by l2_norm(e - ARRAY[1.0, 2.0]) asc limit 3",
        _is_distance,
        lambda place: postgres(NEAREST["=" if place.kind(-1) == "LESS_EQUAL" else "-"]),
    ),
    SyntaxRule(
        "TQL125",
        "a cast of PostgreSQL",
        postgres("the expression without ::type, since columns and literals have their types"),
        "select id from t where name::text = 'x'",
        "select id from t where name = 'x'",
        lambda place: place.kind(0) == "COLON" and place.kind(1) == "COLON",
    ),
    SyntaxRule(
        QUOTE_INSIDE,
        "a quote inside a string",
        "double the quote inside a string: 'it''s'",
        "select id from t where name = 'it's' and text = 'it's'",
        "select id from t where name = 'it''s' and text = 'it''s'",
        lambda place: place.kind(-1) == "STRING" and place.follows_directly() and place.word(0)[:1].isalnum(),
        _doubled,
    ),
    SyntaxRule(
        "TQL127",
        "a column with the name of a type",
        'put the name in double quotes: "date"',
        "select id from t where date > '2020-01-01'",
        "select id from t where \"date\" > '2020-01-01'",
        lambda place: place.kind(-1) in DATES and place.kind(0) != "NAME",
        _date,
    ),
    SyntaxRule(
        "TQL128",
        "a function between its arguments",
        "write contains(text, 'x')",
        "select id from t where text contains 'x'",
        "select id from t where contains(text, 'x')",
        _is_infix,
        lambda place: f"write contains({place.word(-1)}, {place.word(1)})",
    ),
    SyntaxRule(
        "TQL129",
        "IN with brackets",
        "put the values in parentheses: IN (1, 2)",
        "select id from t where id in [1, 2]",
        "select id from t where id in (1, 2)",
        lambda place: place.kind(0) == "LSQB" and place.kind(-1) == "IN",
        _values,
    ),
    SyntaxRule(
        "TQL130",
        "a Python value inside ARRAY",
        'ARRAY takes plain numbers: [float(x) for x in vector]; the builder takes the vector: select("id").similarity("embedding", vector).order_by("score").limit(10)',
        "select cosine_similarity(e, ARRAY[np.float32(0.1)]) as s from t",
        "select cosine_similarity(e, ARRAY[0.1]) as s from t",
        lambda place: place.kind(0) == "LPAR" and place.kind(-2) == "DOT" and place.open("LSQB", "RSQB") > 0,
    ),
    SyntaxRule(
        "TQL131",
        "two brackets of an array",
        "write one pair of brackets for a vector: ARRAY[0.1, 0.2]; the rows of a matrix are arrays: ARRAY[ARRAY[1, 2], ARRAY[3, 4]]",
        "select cosine_similarity(e, ARRAY[[0.1, 0.2]]) as s from t",
        "select cosine_similarity(e, ARRAY[0.1, 0.2]) as s from t",
        lambda place: place.kind(0) == "LSQB" and place.kind(-1) == "LSQB",
    ),
    SyntaxRule(
        "TQL132",
        "numbers without a comma",
        "separate the numbers with commas: ARRAY[0.1, 0.2]",
        "select cosine_similarity(e, ARRAY[0.1 0.2]) as s from t",
        "select cosine_similarity(e, ARRAY[0.1, 0.2]) as s from t",
        lambda place: place.kind(0) in NUMBERS and place.kind(-1) in NUMBERS and place.open("LSQB", "RSQB") > 0,
        lambda place: f"separate the numbers with commas: {place.word(-1)}, {place.word(0)}",
    ),
    SyntaxRule(
        "TQL133",
        "a string without quotes",
        "put the string in single quotes: 'doc 5'",
        "select id from t where title = doc 5",
        "select id from t where title = 'doc 5'",
        _is_unquoted,
        lambda place: f"put the string in single quotes: '{place.word(-1)} {place.word(0)}'",
    ),
    SyntaxRule(
        "TQL134",
        "AND or OR without a condition before it",
        "remove it, or write the condition that is missing",
        "select id from t where id = 1 and and id > 3",
        "select id from t where id = 1 and id > 3",
        _is_repeated,
    ),
    SyntaxRule(
        "TQL136",
        "a window function",
        "TQL has no OVER: sort in TQL, and number, rank or sum up the returned rows; the builder's limit(n, per=column) takes the first rows of each group",
        "select id, row_number() over (order by id) as n from t",
        "select id from t order by id",
        _is_window,
    ),
    SyntaxRule(
        "TQL137",
        "a JSON operator of PostgreSQL",
        "write the key in brackets: js['key']",
        "select js->>'key' as k from t",
        "select js['key'] as k from t",
        _is_arrow,
        _key,
    ),
    SyntaxRule(
        "TQL135",
        "an empty query",
        "write a query, for example select * limit 10",
        "",
        "select * limit 10",
        lambda place: place.kind(0) == STOP and len(place.tokens) == 1,
    ),
)
