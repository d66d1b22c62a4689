"""Diagnostics of a query text, with or without the schemas of its datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tql_grammar.engines import NEWEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tql.statement import Statement
    from tql_grammar import ast
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.engines import Engine
    from tql_grammar.schema import Schema

UNKNOWN_COLUMN = "TQL215"
# Severities of findings that a query must not have, and the family of advice, which it may have.
FAILING = frozenset({"error", "warning"})
ADVICE = "TQL5"
# The rules about forms that the builder writes only where they are right: of its outer joins each row can be read.
HAND_WRITTEN = frozenset({"TQL508"})


def is_failure(finding: Diagnostic) -> bool:
    """Return whether a finding is more than advice about searches."""
    return finding.severity in FAILING and not finding.code.startswith(ADVICE)


def findings(text: str, schema: object = None, *, info: bool = False, engine: Engine = NEWEST) -> list[Diagnostic]:
    """Return the diagnostics of a query text; see `tql.check`."""
    from tql_grammar.lint import check as checks

    if schema is None:
        return checks.check(text, info=info, engine=engine)
    from tql_grammar.syntax.parser import read

    reading = read(text)
    found = checks.check_parsed(reading, schemas_of(reading.tree, schema), info=info, engine=engine)
    names = () if isinstance(schema, Mapping) else _datasets(reading.tree)
    return [_with_schemas(one, names) for one in found] if len(names) > 1 else found


def findings_of(
    query: Statement, text: str, schema: object = None, *, info: bool = False, engine: Engine = NEWEST
) -> list[Diagnostic]:
    """Return the diagnostics of the *text* of a query of the builder, without those that hold for hand-written text only."""
    from tql.statement import VerbatimQuery
    from tql_grammar.walk import walk

    found = findings(text, schema, info=info, engine=engine)
    by_hand = any(one.code in HAND_WRITTEN for one in found) and any(
        isinstance(part, VerbatimQuery) for part in walk(query)
    )
    return found if by_hand else [one for one in found if one.code not in HAND_WRITTEN]


def _with_schemas(finding: Diagnostic, names: Sequence[str]) -> Diagnostic:
    """Return a finding about an unknown column of a query on several datasets with the hint to give the schema of each."""
    if finding.code != UNKNOWN_COLUMN:
        return finding
    form = ", ".join(f'"{name}": {{..}}' for name in names)
    said = f"the schema is taken as that of {names[0]}, the first dataset; give the schema of each: {{{form}}}"
    return finding.replace(hint=f"{finding.hint}; {said}" if finding.hint else said)


def schemas_of(tree: ast.Query | None, schema: object) -> Mapping[str | None, Schema]:
    """
    Return the schema of each dataset of a query text by its url; the key None is the default dataset.

    A single schema is that of the default dataset and of the first one in the text: the columns of a second one are unknown.

    Raises:
        ArgumentError: *schema* is neither a `Schema` nor a dict of them.
    """
    from tql_grammar.schema import Schema

    if schema is None:
        return {}
    if isinstance(schema, Schema):
        return dict.fromkeys([None, *_datasets(tree)[:1]], schema)
    if isinstance(schema, Mapping) and all(isinstance(part, Schema) for part in schema.values()):
        return schema
    from tql.messages import shown
    from tql_grammar.errors import ArgumentError

    rule, hint = "takes a Schema, or a dict of them by the urls of datasets", '{"hub://org/ds": Schema(id="int64")}'
    raise ArgumentError("schema", rule, shown(schema), hint)


def _datasets(tree: ast.Query | None) -> list[str]:
    """Return the names of the datasets that a query names, in the order of the text."""
    from tql_grammar import ast
    from tql_grammar.walk import walk

    tables = [part for part in walk(tree) if isinstance(part, ast.Table)] if tree is not None else []
    tables.sort(key=lambda table: table.span.start if table.span is not None else 0)
    return [*dict.fromkeys(table.name for table in tables)]
