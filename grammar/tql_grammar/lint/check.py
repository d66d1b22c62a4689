"""The table of the rules, and the one function that applies them to a text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar.lint import cache
from tql_grammar.lint.fixes import Checked, is_safe, offered
from tql_grammar.lint.reads import readers
from tql_grammar.lint.rule import Found, Rule, Subject
from tql_grammar.lint.rules import (
    arrays,
    computation,
    constructs,
    crashes,
    functions,
    groups,
    ignored,
    indexes,
    joins,
    json,
    keys,
    literals,
    names,
    nullable,
    order,
    precision,
    searches,
    selected,
    sets,
    texts,
    types,
)
from tql_grammar.syntax.lexer import comments, cut_at_nul, tokens
from tql_grammar.typing.scopes import scopes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.schema import Schema
    from tql_grammar.syntax.findings.report import ParseResult

IGNORE = re.compile(r"tql: ignore\[([^\]]*)\]")
MOST_FIXES = 1_000
CODE = re.compile(r"TQL\d{3}")
MODULES = (
    functions,
    constructs,
    selected,
    literals,
    names,
    types,
    computation,
    indexes,
    keys,
    precision,
    nullable,
    json,
    arrays,
    joins,
    sets,
    groups,
    searches,
    order,
    ignored,
    texts,
    crashes,
)
RULES: tuple[Rule, ...] = tuple(
    sorted((rule for module in MODULES for rule in module.RULES), key=lambda rule: rule.code)
)
CERTAIN: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.severity != "info")
DEADLY = "TQL4"
DEADLY_RULES: tuple[Rule, ...] = tuple(rule for rule in RULES if rule.code.startswith(DEADLY))
WITHOUT_SCHEMA: tuple[Rule, ...] = tuple(rule for rule in CERTAIN if not rule.needs_schema)
# The properties of literals that the rules without a schema read: the only ones in the cache key.
READ = readers(read for rule in WITHOUT_SCHEMA for read in rule.reads)


def check(text: str, schemas: Mapping[str | None, Schema] | None = None, *, info: bool = False) -> list[Diagnostic]:
    """Return what the engine would make of *text* other than it says, in the order of the text; with *info* also what depends on the rows."""
    from tql_grammar.syntax.parser import read

    if schemas or info:
        return check_reading(read(text), schemas, info=info)
    key = cache.cache_key(text, READ)
    if cache.is_clean(key):
        return []
    found = check_reading(read(text))
    if not found:
        cache.remember(key)
    return found


def check_reading(
    reading: ParseResult, schemas: Mapping[str | None, Schema] | None = None, *, info: bool = False
) -> list[Diagnostic]:
    """Return the findings about a text that was read already."""
    rules = RULES if info else CERTAIN if schemas else WITHOUT_SCHEMA
    return offered(_checked(reading, rules, schemas), _look(rules, schemas))


def _look(rules: tuple[Rule, ...], schemas: Mapping[str | None, Schema] | None) -> Callable[[str], Checked]:
    """Return the function that checks a text by some rules."""
    from tql_grammar.syntax.parser import read

    return lambda text: _checked(read(text), rules, schemas)


def _checked(reading: ParseResult, rules: tuple[Rule, ...], schemas: Mapping[str | None, Schema] | None) -> Checked:
    """Return the findings about a text, with fixes that are not looked at yet."""
    found = [Found(diagnostic) for diagnostic in reading.diagnostics]
    subject = None
    if reading.tree is not None:
        subject = Subject(reading.text, reading.tree, tuple(scopes_of(reading.tree, schemas or {})))
        found += [rule.found(finding, reading.text) for rule in rules for finding in rule.find(subject)]
    ignored = _ignored(reading.text)
    kept = {item.diagnostic: item for item in found[::-1] if item.diagnostic.code not in ignored}
    order = sorted(kept.values(), key=lambda item: (item.diagnostic.start, item.diagnostic.code))
    return Checked(reading, subject, tuple(order))


def deadly(reading: ParseResult, schemas: Mapping[str | None, Schema] | None = None) -> list[Diagnostic]:
    """Return the findings of TQL4xx alone, whatever the text says to ignore: who shares an engine with others asks for them."""
    found = [finding for finding in reading.diagnostics if finding.code.startswith(DEADLY)]
    if reading.tree is not None:
        subject = Subject(reading.text, reading.tree, tuple(scopes_of(reading.tree, schemas or {})))
        found += [
            rule.found(finding, reading.text).diagnostic for rule in DEADLY_RULES for finding in rule.find(subject)
        ]
    return found


def _ignored(text: str) -> frozenset[str]:
    """Return the codes that a text says to leave out: ``-- tql: ignore[TQL301, TQL302]`` at the end of a line."""
    if "tql: ignore" not in text:
        return frozenset()

    written = (text[start:end] for start, end in comments(text, tokens(cut_at_nul(text))))
    found = (match for comment in written for match in IGNORE.finditer(comment))
    return frozenset(code for match in found for code in CODE.findall(match[1]))


def fixed(text: str, schemas: Mapping[str | None, Schema] | None = None) -> str:
    """Return *text* with the fixes of its findings, one after the other, until none is left; whatever has none stays."""
    look = _look(CERTAIN if schemas else WITHOUT_SCHEMA, schemas)
    found, seen, tries = look(text), {text}, iter(range(MOST_FIXES))
    while (after := _next(found, seen, tries, look)) is not None:
        found = after
    return found.text


def _next(found: Checked, seen: set[str], tries: Iterator[int], look: Callable[[str], Checked]) -> Checked | None:
    """Return the text with the first fix that is safe and was not tried yet."""
    for item in found.found:
        fix = found.fix(item)
        if fix is None or fix in seen:
            continue
        if next(tries, None) is None:
            return None
        seen.add(fix)
        after = look(fix)
        if is_safe(found, after, item.diagnostic):
            return after
    return None
