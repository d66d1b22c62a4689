"""Error messages of the engine: the rule that explains each, its place in the query, its remedy and its HTTP status."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tql_grammar.diagnostic import Diagnostic
from tql_grammar.positions import characters_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tql_grammar.schema import Schema

NO_COLUMN = re.compile(r'Tensor "(?P<name>[^"]*)" does not exist')
# The HTTP statuses of a server for messages of the engine.
BAD_QUERY, NOT_FOUND = 400, 404
_VISIBLE = (
    "an alias is visible only in an outer query, names are case-sensitive, and string literals take single quotes"
)
_NO_COLUMN = f"the dataset has no such column; {_VISIBLE}"
_NO_FUNCTION = "the engine has no such function: `tql check` suggests a replacement"
_NO_DATASET = "check the dataset name in FROM, or the path"
_LENGTHS = "a vector must have the length of the column's vectors: was it embedded with the same model?"
_KINDS = "write strings in single quotes, and numbers without quotes"
_NO_INDEX = "the column needs a BM25 index: create it with deeplake.types.Text(deeplake.types.BM25)"
_NULL_IN_KEY = 'a key is null or a list in some row: with the type of the column the builder sorts and groups null, connect(.., reflect=True) or from_(.., schema=Schema(stock="nullable int64"))'
_NULL_IN_GROUP = 'a key of JSON has lists in some rows, of which the engine tests no null: fn.contains(fn.keys("meta"), "tags") finds the rows with the key; or fn.min or fn.max reads a text: give its type, from_(.., schema=Schema(title="text")); or a group has a null in a number that it adds up: leave null out, .where(col("stock").is_not_null()), or give the type, Schema(stock="nullable int64")'
_ONE_KIND = "IN, BETWEEN, LIMIT and ARRAY take only literals, all of one kind"


class Message(NamedTuple):
    """
    An error message of the engine.

    Attributes:
        pattern: a regular expression; its group "name" is the column, function or dataset that the message names.
        rules: the codes of the rules that can explain it, the likeliest first; empty if no rule does.
        advice: the remedy when the query is unknown, or None.
        status: the HTTP status of a server for it.
    """

    pattern: str
    rules: tuple[str, ...]
    advice: str | None = None
    status: int = BAD_QUERY


# The first pattern that matches applies.
MESSAGES: tuple[Message, ...] = (
    Message(r"Pos \d+ - memory exhausted", ("TQL401",)),
    Message(r"Pos \d+ - Found incorrect date format", ("TQL120",)),
    Message(r"Pos \d+ - Found incorrect interval format", ("TQL121",)),
    Message(r"Pos \d+ - Interval qualifier is unknown", ("TQL122",)),
    Message(r"Pos \d+ - syntax error", ("TQL100",)),
    Message(r"Query statement is not SELECT", ("TQL190",)),
    Message(r"Multiple query statements are not supported", ("TQL191",)),
    Message(NO_COLUMN.pattern, ("TQL215", "TQL210", "TQL223"), _NO_COLUMN),
    Message(r"Function '(?P<name>[^']*)' is not found", ("TQL201", "TQL225"), _NO_FUNCTION),
    Message(r"Function '(?P<name>[^']*)' requires \d+ arguments", ("TQL204", "TQL239")),
    Message(r'Function "(?P<name>\w+)\(.*requires maximum', ("TQL204",)),
    Message(r"vector::at out of range", ("TQL204",)),
    Message(r"has argument pairs|has a list of arguments", ("TQL205",)),
    Message(r"STAR is not supported", ("TQL202",)),
    Message(r"NATURAL JOIN is not supported", ("TQL226",)),
    Message(r"(?P<name>\S+) is not supported\.", ("TQL203",)),
    Message(r"should be aliased", ("TQL206",)),
    Message(r"Multiple expressions for tensor '\.(?P<name>[^']*)'|Multiple stars are not allowed", ("TQL207",)),
    Message(r"Dataset alias (?P<name>\S+) in expression", ("TQL213", "TQL228")),
    Message(r"Column (?P<name>\S+) appears in multiple datasets aliases", ("TQL216",)),
    Message(r"Tensor '(?P<name>[^']*)' appears in multiple input datasets", ("TQL216",)),
    Message(r"Only equality comparison", ("TQL227",)),
    Message(r"Could not find column (?P<name>\S+) in joining datasets", ("TQL227",)),
    Message(r"JOIN columns? .*(is|are) missing in the dataset", ("TQL228", "TQL226")),
    Message(r"Can't join text tensor|Text tensor can't be joined", ("TQL228",)),
    Message(
        r"Expected tensor name, but got|Expected function with single tensor argument|Unknown function with name",
        ("TQL211",),
    ),
    Message(r"Can't compare values of dtypes|Can't compare text tensor", ("TQL217", "TQL223"), _KINDS),
    Message(r"Can't convert string '(?P<name>[^']*)' to numeric value", ("TQL218", "TQL212")),
    Message(r"Like operator is applicable only on string literals", ("TQL214",)),
    Message(r"Like operator is applicable only on textual column", ("TQL237",)),
    Message(r"^Key not found", ("TQL517",)),
    Message(r"Can't convert array to json in ORDER", ("TQL244",)),
    Message(r"Can't eval dynamic shape array", ("TQL245", "TQL365", "TQL533"), _NULL_IN_GROUP),
    Message(r"(?P<name>\S+) is not valid value for tensor", ("TQL236",)),
    Message(r"Can't convert string to number|Tensor should be on the left side", ("TQL208", "TQL205", "TQL323")),
    Message(r"ARRAY element can't contain tensor name", ("TQL222",)),
    Message(r"std::get: wrong index for variant", ("TQL209", "TQL208", "TQL222", "TQL221", "TQL224"), _ONE_KIND),
    Message(r"Can't get size of scalar array|Nested query with parameter", ("TQL224", "TQL250")),
    Message(r"Can't convert array to scalar|Can't convert list of strings", ("TQL219",), _NULL_IN_KEY),
    Message(r"Indexes should be 1D array", ("TQL220",)),
    Message(r"Can't slice array more than actual dimensions|String subscript can be applied", ("TQL221",)),
    Message(r"different length arrays|arrays with different shapes", ("TQL235",), _LENGTHS),
    Message(r"requires arrays of the same size", ("TQL235",)),
    Message(r"maxsim requires 2D arrays", ("TQL235",)),
    Message(r"Dtype is unknown|type object", ("TQL539", "TQL365", "TQL234", "TQL235")),
    Message(r"Dtype \w+ is not numeric|Cannot cast from type str", ("TQL234", "TQL235", "TQL365")),
    Message(r"KEYS\" can be called only on json", ("TQL234",)),
    Message(r"Incorrect BM25 or MMR similarity query", ("TQL223", "TQL233")),
    Message(r"BM25_SIMILARITY cannot be used without index", ("TQL232", "TQL223"), _NO_INDEX),
    Message(r"Invalid arguments for BM25_SIMILARITY", ("TQL232", "TQL223")),
    Message(r"Expression is not const", ("TQL239",)),
    Message(r"Can't eval null array", ("TQL238", "TQL529")),
    Message(r"Can't compute (intersection|difference) of two independent datasets", ("TQL230",)),
    Message(r"Datasets can't be merged|can't be merged, because they have different", ("TQL229",)),
    Message(r"GROUP and UNGROUP can't be used|UNGROUP BY accepts only|Split should be positive", ("TQL231",)),
    Message(r"The source dataset is not a group", ("TQL324", "TQL231")),
    Message(r"get_next_capacity", ("TQL403", "TQL408")),
    Message(r"number of dimensions must be within", ("TQL240",)),
    Message(r"[Qq]uery source - '(?P<name>[^']*)'|[Qq]uery source is not found", ("TQL241",), _NO_DATASET, NOT_FOUND),
    Message(
        r"is out of range\. Allowed range|out of array bounds|is out of bounds|Can't subscript|[Cc]an(no|')t slice empty",
        ("TQL242",),
    ),
    Message(r"Cannot subscript an empty array", ("TQL242",)),
    Message(r"Division by zero", ("TQL243", "TQL259")),
    Message("query source.*not found|does not exist at path", (), _NO_DATASET, NOT_FOUND),
    Message("syntax error|memory exhausted", (), "`tql check` marks the place with a caret"),
)
POSITION = re.compile(r"\bPos (\d{1,9})\b")
# Explanations of errors that depend on the data, which no check of a query can find.
OF_DATA = {
    "TQL241": "the dataset in FROM does not exist or cannot be opened; a query without FROM reads the default dataset of the client",
    "TQL242": "a row has fewer elements, or the dataset fewer rows, than the query reads",
    "TQL243": "the divisor of % is 0 in some row: leave those rows out by WHERE; if WHERE has the %, in a subquery",
    "TQL244": "the value of JSON in a key of ORDER BY or GROUP BY is a list in some row: sort or group by one value in it, such as js['key'][0]",
    "TQL245": "a group has a null in a number that SUM, AVG or another reduction reads, or a key of ORDER BY is a list of JSON: leave null out before the rows are grouped, where x is not null, and sort by one value of a list",
}


def status_of(message: str) -> int:
    """Return the HTTP status of a message of the engine."""
    return next((known.status for known in _advised(message)), BAD_QUERY)


def advice(message: str) -> str | None:
    """Return the remedy for a message of the engine, or None for an unknown message."""
    return next((known.advice for known in _advised(message)), None)


def _advised(message: str) -> Iterator[Message]:
    """Yield the known messages with a remedy whose pattern a message matches."""
    return (known for known in MESSAGES if known.advice and re.search(known.pattern, message))


def missing_column(message: str) -> str | None:
    """Return the name of the column that a message reports as missing, or None for another message."""
    found = NO_COLUMN.search(message)
    return found["name"] if found else None


def engine_position(message: str) -> int | None:
    """Return the N of the engine's ``Pos N``, or None."""
    found = POSITION.search(message)
    return int(found[1]) if found else None


def explain_message(message: str, text: str, schemas: Mapping[str | None, Schema] | None = None) -> Diagnostic | None:
    """
    Return the finding that explains an error message of the engine: place, rule and hint; None for an unknown message.

    Args:
        message: the message, such as ``Tensor "score" does not exist in the dataset.``
        text: the query that was sent.
        schemas: the schemas of the datasets by their urls, as far as they are known.
    """
    from tql_grammar.lint.check import check

    for pattern, codes, _, _ in MESSAGES:
        found = re.search(pattern, message) if codes else None
        if found:
            name = found.groupdict().get("name")
            known = [finding for finding in check(text, schemas) if finding.code in codes or _is_syntax(codes, finding)]
            best = _likeliest(known, text, name, codes) or _by_name(message, text, name, codes[0])
            return best.replace(severity="error", hint=best.hint or _explanation(best.code))
    return None


def _is_syntax(codes: Iterable[str], finding: Diagnostic) -> bool:
    """Tell whether a message and a finding are both about syntax: the findings are more precise than the engine's one message."""
    return "TQL100" in codes and finding.code < "TQL2"


def _likeliest(known: list[Diagnostic], text: str, name: str | None, codes: tuple[str, ...]) -> Diagnostic | None:
    """Return the first finding, in the order of the rules, that is about the name in the message."""
    known.sort(key=lambda finding: codes.index(finding.code) if finding.code in codes else 0)
    about = (finding for finding in known if name and name.lower() in text[finding.start : finding.end].lower())
    return next(about, known[0] if known else None)


def _by_name(message: str, text: str, name: str | None, code: str) -> Diagnostic:
    """Return a finding at the name in the message, else at its position, else about the whole text."""
    at = re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", text) if name else None
    start, end = at.span() if at else _at_position(message, text) or (0, len(text))
    said = f"the engine failed with `{message.strip()}`"
    return Diagnostic.at(text, start, end, code, "error", said, _explanation(code))


def _at_position(message: str, text: str) -> tuple[int, int] | None:
    """Return the place of ``Pos N``; N counts bytes in an unnamed line, so it is known only if a single line is that long."""
    position = engine_position(message)
    lines = text.split("\n")
    before = [None if position is None else characters_in(line, position) for line in lines]
    possible = [(number, count) for number, count in enumerate(before) if count is not None]
    if len(possible) != 1:
        return None
    number, count = possible[0]
    start = sum(len(line) + 1 for line in lines[:number]) + count
    return start, start + 1


def _explanation(code: str) -> str | None:
    """Return the explanation of a rule."""
    from tql_grammar.lint.check import RULES

    return OF_DATA.get(code) or next((rule.explanation for rule in RULES if rule.code == code), None)
