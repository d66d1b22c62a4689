"""Table of the rules, and the check of a query text by all of them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from tql_grammar.engines import NEWEST, compiling_for
from tql_grammar.lint import cache
from tql_grammar.lint.comments import COMMENT, codes
from tql_grammar.lint.fixes import Checked, has_fix, is_safe, rounds, with_fixes
from tql_grammar.lint.reads import readers
from tql_grammar.lint.rule import Found, Rule, Subject
from tql_grammar.lint.rules import (
    aggregates,
    arrays,
    computation,
    constructs,
    crashes,
    elements,
    functions,
    groups,
    ignored,
    indexes,
    joins,
    json,
    json_comparisons,
    json_rows,
    keys,
    literals,
    missing,
    names,
    nullable,
    older,
    order,
    precision,
    samples,
    scores,
    searches,
    selected,
    sets,
    stale,
    texts,
    types,
    values,
)
from tql_grammar.syntax.lexer import comments, cut_at_nul, tokens
from tql_grammar.typing.scopes import scopes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.engines import Engine
    from tql_grammar.schema import Schema
    from tql_grammar.syntax.findings.report import ParseResult

# The most readings of a text for its fixes, and the most characters in them; the first fix is always tried.
MOST_READINGS, MOST_READ = 20_000, 4_000_000
# The findings that follow from another one in the same expression: a function that does not exist needs no alias, and takes no star or DISTINCT.
FOLLOWING = {
    "TQL201": frozenset({"TQL202", "TQL206", "TQL211", "TQL310", "TQL505"}),
    "TQL334": frozenset({"TQL524"}),
    "TQL416": frozenset({"TQL363", "TQL364"}),
}
MODULES = (
    functions,
    constructs,
    selected,
    literals,
    names,
    types,
    computation,
    indexes,
    stale,
    keys,
    precision,
    samples,
    nullable,
    missing,
    json,
    json_comparisons,
    json_rows,
    arrays,
    joins,
    sets,
    groups,
    aggregates,
    searches,
    scores,
    order,
    ignored,
    texts,
    values,
    crashes,
    elements,
)
RULES: tuple[Rule, ...] = tuple(
    sorted((rule for module in MODULES for rule in module.RULES), key=lambda rule: rule.code)
)
CERTAIN: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.severity != "info")
CRASH = "TQL4"
CRASH_RULES: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.code.startswith(CRASH))
WITHOUT_SCHEMA: tuple[Rule, ...] = tuple(rule for rule in CERTAIN if not rule.needs_schema)
# The rules of engines before a change; the rules above are those of every measured engine.
OLDER_RULES: tuple[Rule, ...] = older.RULES_OF_CHANGES
# The properties of literals that the rules without a schema read; the cache key includes no others.
READ = readers(read for rule in WITHOUT_SCHEMA for read in rule.reads)


def older_rules(engine: Engine) -> tuple[Rule, ...]:
    """Return the rules of what another version of the engine changed, for an engine from before."""
    if engine == NEWEST:
        return ()
    return tuple(rule for rule in OLDER_RULES if rule.change is not None and engine.lacks(rule.change))


def check(
    text: str,
    schemas: Mapping[str | None, Schema] | None = None,
    *,
    info: bool = False,
    engine: Engine = NEWEST,
) -> list[Diagnostic]:
    """
    Return the findings about a query text in the order of the text.

    Args:
        text: the query text.
        schemas: the columns of datasets by their names; None for the dataset of a query without FROM.
        info: include the findings of severity info, which depend on the data.
        engine: the engine that runs the query.
    """
    from tql_grammar.syntax.parser import read

    if schemas or info or older_rules(engine):
        return check_parsed(read(text), schemas, info=info, engine=engine)
    key = cache.cache_key(text, READ)
    if cache.is_clean(key):
        return []
    found = check_parsed(read(text))
    if not found:
        cache.add(key)
    return found


def check_parsed(
    reading: ParseResult,
    schemas: Mapping[str | None, Schema] | None = None,
    *,
    info: bool = False,
    engine: Engine = NEWEST,
) -> list[Diagnostic]:
    """Return the findings about a query that is parsed already; see `check`."""
    rules = (RULES if info else CERTAIN if schemas else WITHOUT_SCHEMA) + older_rules(engine)
    with compiling_for(engine):
        return with_fixes(_checked(reading, rules, schemas), _checker(rules, schemas))


def _checker(rules: tuple[Rule, ...], schemas: Mapping[str | None, Schema] | None) -> Callable[[str], Checked]:
    """Return a function that checks a query text by some rules."""
    from tql_grammar.syntax.parser import read

    return lambda text: _checked(read(text), rules, schemas)


def _checked(reading: ParseResult, rules: tuple[Rule, ...], schemas: Mapping[str | None, Schema] | None) -> Checked:
    """Return the findings about a query, with fixes that are not verified yet."""
    found = [Found(diagnostic) for diagnostic in reading.diagnostics]
    subject = None
    if reading.tree is not None:
        subject = Subject(reading.text, reading.tree, tuple(scopes_of(reading.tree, schemas or {})))
        found += [rule.found(finding, reading.text) for rule in rules for finding in rule.find(subject)]
    ignored = _ignored(reading.text)
    kept = {item.diagnostic: item for item in found[::-1] if item.diagnostic.code not in ignored}
    order = sorted(_independent(kept.values()), key=lambda item: (item.diagnostic.start, item.diagnostic.code))
    return Checked(reading, subject, tuple(order))


def _independent(found: Iterable[Found]) -> list[Found]:
    """Return the findings without those that follow from another one inside of the same part of the query."""
    kept = list(found)
    causes = [item.diagnostic for item in kept if item.diagnostic.code in FOLLOWING]
    return [item for item in kept if not any(_follows(item.diagnostic, cause) for cause in causes)]


def _follows(finding: Diagnostic, cause: Diagnostic) -> bool:
    """Tell whether a finding follows from a cause around it."""
    inside = cause.start <= finding.start and finding.end <= cause.end
    return inside and finding.code in FOLLOWING[cause.code]


def crash_findings(
    reading: ParseResult, schemas: Mapping[str | None, Schema] | None = None, engine: Engine = NEWEST
) -> list[Diagnostic]:
    """Return the TQL4xx findings, even those that the query says to ignore: a crash affects everyone who shares the engine."""
    rules = (*CRASH_RULES, *(rule for rule in older_rules(engine) if rule.code.startswith(CRASH)))
    found = [finding for finding in reading.diagnostics if finding.code.startswith(CRASH)]
    if reading.tree is not None:
        subject = Subject(reading.text, reading.tree, tuple(scopes_of(reading.tree, schemas or {})))
        found += [rule.found(finding, reading.text).diagnostic for rule in rules for finding in rule.find(subject)]
    return found


def _ignored(text: str) -> frozenset[str]:
    """Return the codes that a comment of the query ignores: ``-- tql: ignore[TQL301, TQL302]``."""
    if not COMMENT.search(text):
        return frozenset()

    places = comments(text, tokens(cut_at_nul(text)))
    found = (match for start, end in places for match in COMMENT.finditer(text, start, end))
    return frozenset(code for match in found for code, _ in codes(match))


def apply_fixes(text: str, schemas: Mapping[str | None, Schema] | None = None) -> str:
    """Return *text* with every safe fix applied, one after the other; findings without a fix stay."""
    check_text = _checker(CERTAIN if schemas else WITHOUT_SCHEMA, schemas)
    most = max(rounds(text), min(MOST_READINGS, MOST_READ // (len(text) + 1)))
    found, seen, readings = check_text(text), {text}, iter(range(most))
    while (after := _next(found, seen, readings, check_text)) is not None:
        found = after
    return found.text


def _readings(text: str, item: Found, fix: str | None) -> int:
    """Return the number of readings of the text that a fix needs; the fix of a finding about the text was read already, whether it is new or not."""
    if item.fix is not None:
        return 0 if fix is None else 1
    return rounds(text)


def _next(
    found: Checked, seen: set[str], readings: Iterator[int], check_text: Callable[[str], Checked]
) -> Checked | None:
    """Return the check of the query after its first safe fix that was not tried yet, or None."""
    for item in filter(has_fix, found.found):
        fix = found.fix(item)
        new = None if fix in seen else fix
        needed = _readings(found.text, item, new)
        if len([*islice(readings, needed)]) < needed:
            return None
        if new is None:
            continue
        seen.add(new)
        after = check_text(new)
        if is_safe(found, after, item):
            return after
    return None
