"""Diagnostics of a query text, with or without the schemas of its datasets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tql_grammar import ast
    from tql_grammar.diagnostic import Diagnostic
    from tql_grammar.schema import Schema

# Severities of findings that a query must not have, and the family of advice, which it may have.
FAILING = frozenset({"error", "warning"})
ADVICE = "TQL5"


def is_failure(finding: Diagnostic) -> bool:
    """Return whether a finding is more than advice about searches."""
    return finding.severity in FAILING and not finding.code.startswith(ADVICE)


def findings(text: str, schema: object = None, *, info: bool = False) -> list[Diagnostic]:
    """Return the diagnostics of a query text; see `tql.check`."""
    from tql_grammar.lint import check as checks

    if schema is None:
        return checks.check(text, info=info)
    from tql_grammar.syntax.parser import read

    reading = read(text)
    return checks.check_parsed(reading, schemas_of(reading.tree, schema), info=info)


def schemas_of(tree: ast.Query | None, schema: object) -> Mapping[str | None, Schema]:
    """
    Return the schema of each dataset of a query text by its url; the key None is the default dataset.

    Raises:
        ArgumentError: *schema* is neither a `Schema` nor a dict of them.
    """
    from tql_grammar.schema import Schema

    if schema is None:
        return {}
    if isinstance(schema, Schema):
        from tql_grammar import ast
        from tql_grammar.walk import walk

        tables = () if tree is None else (part.name for part in walk(tree) if isinstance(part, ast.Table))
        return dict.fromkeys([None, *tables], schema)
    if isinstance(schema, Mapping) and all(isinstance(part, Schema) for part in schema.values()):
        return schema
    from tql.messages import shown
    from tql_grammar.errors import ArgumentError

    rule, hint = "takes a Schema, or a dict of them by the urls of datasets", '{"hub://org/ds": Schema(id="int64")}'
    raise ArgumentError("schema", rule, shown(schema), hint)
