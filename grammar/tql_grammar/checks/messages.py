"""Know what the engine's answers mean: the place in the text, and the rule that explains it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar.diagnostic import Diagnostic, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tql_grammar.schema import Schema

# What an answer looks like, and the rules that can explain it, the likeliest first. A group called "name" is what it is about.
MESSAGES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"Pos \d+ - memory exhausted", ("TQL401",)),
    (r"Pos \d+ - Found incorrect date format", ("TQL120",)),
    (r"Pos \d+ - Found incorrect interval format", ("TQL121",)),
    (r"Pos \d+ - Interval qualifier is unknown", ("TQL122",)),
    (r"Pos \d+ - syntax error", ("TQL100",)),
    (r"Query statement is not SELECT", ("TQL190",)),
    (r"Multiple query statements are not supported", ("TQL191",)),
    (r'Tensor "(?P<name>[^"]*)" does not exist', ("TQL215", "TQL210", "TQL223")),
    (r"Function '(?P<name>[^']*)' is not found", ("TQL201", "TQL225")),
    (r"Function '(?P<name>[^']*)' requires \d+ arguments", ("TQL204", "TQL239")),
    (r'Function "(?P<name>\w+)\(.*requires maximum', ("TQL204",)),
    (r"vector::at out of range", ("TQL204",)),
    (r"has argument pairs|has a list of arguments", ("TQL205",)),
    (r"STAR is not supported", ("TQL202",)),
    (r"NATURAL JOIN is not supported", ("TQL226",)),
    (r"(?P<name>\S+) is not supported\.", ("TQL203",)),
    (r"should be aliased", ("TQL206",)),
    (r"Multiple expressions for tensor '\.(?P<name>[^']*)'|Multiple stars are not allowed", ("TQL207",)),
    (r"Dataset alias (?P<name>\S+) in expression", ("TQL213", "TQL228")),
    (r"Column (?P<name>\S+) appears in multiple datasets aliases", ("TQL216",)),
    (r"Tensor '(?P<name>[^']*)' appears in multiple input datasets", ("TQL216",)),
    (r"Only equality comparison", ("TQL227",)),
    (r"Could not find column (?P<name>\S+) in joining datasets", ("TQL227",)),
    (r"JOIN columns? .*(is|are) missing in the dataset", ("TQL228", "TQL226")),
    (r"Can't join text tensor", ("TQL228",)),
    (r"Expected tensor name, but got|Expected function with single tensor argument", ("TQL211",)),
    (r"Can't compare values of dtypes|Can't compare text tensor", ("TQL217", "TQL223")),
    (r"Can't convert string '(?P<name>[^']*)' to numeric value", ("TQL218", "TQL212")),
    (r"Like operator is applicable only on string literals", ("TQL214",)),
    (r"Like operator is applicable only on textual column|^Key not found", ("TQL237",)),
    (r"(?P<name>\S+) is not valid value for tensor", ("TQL236",)),
    (r"Can't convert string to number|Tensor should be on the left side", ("TQL208", "TQL205", "TQL323")),
    (r"ARRAY element can't contain tensor name", ("TQL222",)),
    (r"std::get: wrong index for variant", ("TQL209", "TQL208", "TQL222", "TQL221", "TQL224")),
    (r"Can't get size of scalar array|Nested query with parameter", ("TQL224",)),
    (r"Can't convert array to scalar|Can't convert list of strings", ("TQL219",)),
    (r"Indexes should be 1D array", ("TQL220",)),
    (r"Can't slice array more than actual dimensions|String subscript can be applied", ("TQL221",)),
    (
        r"Can't compute dot product of different length|arrays with different shapes|requires arrays of the same size",
        ("TQL235",),
    ),
    (r"maxsim requires 2D arrays", ("TQL235",)),
    (r"Dtype \w+ is not numeric|Cannot cast from type str", ("TQL234", "TQL235")),
    (r"KEYS\" can be called only on json", ("TQL234",)),
    (r"Incorrect BM25 or MMR similarity query", ("TQL223", "TQL233")),
    (r"BM25_SIMILARITY cannot be used without index|Invalid arguments for BM25_SIMILARITY", ("TQL232", "TQL223")),
    (r"Expression is not const", ("TQL239",)),
    (r"Can't eval null array", ("TQL238",)),
    (r"Can't compute (intersection|difference) of two independent datasets", ("TQL230",)),
    (r"Datasets can't be merged|can't be merged, because they have different", ("TQL229",)),
    (r"GROUP and UNGROUP can't be used|UNGROUP BY accepts only|Split should be positive", ("TQL231",)),
    (r"The source dataset is not a group", ("TQL324", "TQL231")),
    (r"get_next_capacity", ("TQL403", "TQL408")),
    (r"number of dimensions must be within", ("TQL240",)),
    (r"[Qq]uery source - '(?P<name>[^']*)'|[Qq]uery source is not found", ("TQL241",)),
    (
        r"is out of range\. Allowed range|out of array bounds|is out of bounds|Can't subscript|[Cc]an(no|')t slice empty",
        ("TQL242",),
    ),
    (r"Cannot subscript an empty array", ("TQL242",)),
    (r"Division by zero", ("TQL243",)),
)
POSITION = re.compile(r"\s*Pos (\d{1,9}) ")
# Answers that depend on the data, so that no check of a text can know them.
OF_DATA = {
    "TQL241": "the dataset in FROM is not there, or cannot be opened; a query without FROM takes the one of its client",
    "TQL242": "a row has fewer elements, or there are fewer rows, than the text asks for",
    "TQL243": "the divisor of % is 0 in some row: leave those rows out by WHERE",
}


def translated(message: str, text: str, schemas: Mapping[str | None, Schema] | None = None) -> Diagnostic | None:
    """
    Return what an answer of the engine says about *text*: the place, the rule that explains it and the hint; None for an answer that is not known.

    Args:
        message: the engine's words, such as ``Tensor "score" does not exist in the dataset.``
        text: the query that was sent.
        schemas: the columns of the datasets, where they are known.
    """
    from tql_grammar.checks import check

    for pattern, codes in MESSAGES:
        found = re.search(pattern, message)
        if found:
            name = found.groupdict().get("name")
            known = [finding for finding in check(text, schemas) if finding.code in codes or _is_syntax(codes, finding)]
            best = _likeliest(known, text, name, codes) or _by_name(message, text, name, codes[0])
            return best if best.hint else best.replace(hint=_explanation(best.code))
    return None


def _is_syntax(codes: Iterable[str], finding: Diagnostic) -> bool:
    """Tell whether both are about the syntax: its findings are more exact than the engine's one message."""
    return "TQL100" in codes and finding.code < "TQL2"


def _likeliest(known: list[Diagnostic], text: str, name: str | None, codes: tuple[str, ...]) -> Diagnostic | None:
    """Return the finding that is about the name of the answer, by the order of the rules."""
    known.sort(key=lambda finding: codes.index(finding.code) if finding.code in codes else 0)
    about = (finding for finding in known if name and name.lower() in text[finding.start : finding.end].lower())
    return next(about, known[0] if known else None)


def _by_name(message: str, text: str, name: str | None, code: str) -> Diagnostic:
    """Return a finding at the name that the answer speaks of, or about the whole text."""
    at = re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", text) if name else None
    start, end = at.span() if at else _at_position(message, text) or (0, len(text))
    line, column = locate(text, start)
    said = f"the engine answers `{message.strip()}`"
    return Diagnostic(code, "error", said, line, column, start, end, _explanation(code))


def _at_position(message: str, text: str) -> tuple[int, int] | None:
    """Return the place of the N of ``Pos N``, bytes in a line that is not named: known where one line is that long."""
    found = POSITION.match(message)
    lines = text.split("\n")
    long = [number for number, line in enumerate(lines) if found and len(line.encode()) > int(found[1])]
    if found is None or len(long) != 1:
        return None
    before = lines[long[0]].encode()[: int(found[1])].decode(errors="ignore")
    start = sum(len(line) + 1 for line in lines[: long[0]]) + len(before)
    return start, start + 1


def _explanation(code: str) -> str | None:
    """Return why a rule matters."""
    from tql_grammar.checks import RULES

    return OF_DATA.get(code) or next((rule.explanation for rule in RULES if rule.code == code), None)
