"""Rules about the select list: names that are missing, that come twice, or that are not what they seem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare, output_name
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope


def _unnamed(subject: Subject) -> Iterator[Finding]:
    """Yield outputs that need a name."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            if not isinstance(bare(output), ast.Star) and output_name(output) is None:
                message = (
                    "the engine answers `SELECT tensor expression containing more than one tensor should be aliased.`"
                )
                yield subject.finding(output, message, f"give it a name: {subject.written(output)} as x")


def _twice(subject: Subject) -> Iterator[Finding]:
    """Yield outputs whose name was taken before."""
    for scope in subject.scopes:
        taken: set[str] = set()
        starred = False
        for output in scope.select.columns:
            star = isinstance(bare(output), ast.Star) and getattr(bare(output), "table", None) is None
            name = output_name(output)
            if star and starred:
                yield subject.finding(
                    output, "the engine answers `Multiple stars are not allowed in the selection list.`"
                )
            elif name is not None and name in taken and not starred:
                message = f"the engine answers `Multiple expressions for tensor '.{name}' are not allowed in the selection list.`"
                yield subject.finding(output, message, "give one of them another name by AS")
            starred |= star
            taken |= set() if name is None else {name}


def _replaced(subject: Subject) -> Iterator[Finding]:
    """Yield computed outputs that take the place of a column of ``*``."""
    for scope in subject.scopes:
        starred = any(isinstance(output, ast.Star) and output.table is None for output in scope.select.columns)
        taken = scope.columns if starred and scope.columns is not None else {}
        for output in scope.select.columns:
            if isinstance(output, ast.Aliased) and output.alias in taken and bare(output) != ast.Column(output.alias):
                message = f"`*` has a column `{output.alias}` already: the engine replaces it, without a word"
                yield subject.finding(output, message, "give it another name")


def _column_s_name(subject: Subject) -> Iterator[Finding]:
    """Yield computed outputs that come back under the name of the column that they read."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            if isinstance(output, ast.Function) and _reads_one(output, scope):
                message = f"without a name it comes back as `{output_name(output)}`, the column that it reads"
                yield subject.finding(output, message, f"give it a name: {subject.written(output)} as score")


def _reads_one(output: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call reads one column, and its SELECT does not group."""
    names = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
    return len(names) == 1 and not scope.select.group_by


RULES = (
    Rule(
        code="TQL206",
        title="computed column without a name",
        severity="error",
        explanation="An expression over no column, or over several, has no name of its own, and the engine refuses it without AS.",
        example="select id + grp from D",
        find=_unnamed,
        meant="select id + grp as x from D",
    ),
    Rule(
        code="TQL207",
        title="name that comes twice",
        severity="error",
        explanation="Each column of the result needs another name, and `*` comes once; the engine refuses the query.",
        example="select id, grp as id from D",
        find=_twice,
        meant="select id, grp as grp2 from D",
    ),
    Rule(
        code="TQL318",
        title="output that replaces a column of *",
        severity="error",
        explanation="`select *, f(x) as name` where the source has a column `name`: the engine gives back the computed one in its place, without a word.",
        example="select *, id + 1 as grp from D",
        find=_replaced,
        meant="select *, id + 1 as grp2 from D",
    ),
    Rule(
        code="TQL505",
        title="computed column under the name of what it reads",
        severity="warning",
        explanation="A call over one column comes back under that column's name: cosine_similarity(embedding, ..) as `embedding`.",
        example="select shape(emb) from D",
        find=_column_s_name,
        meant="select shape(emb) as n from D",
    ),
)
