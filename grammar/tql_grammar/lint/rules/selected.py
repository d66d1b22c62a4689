"""Rules about the SELECT list: missing, duplicate and misleading output names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tql_grammar import ast
from tql_grammar.functions import SEARCHES
from tql_grammar.lint.rule import Finding, Rule, Subject
from tql_grammar.outputs import bare, output_name
from tql_grammar.walk import own_parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tql_grammar.typing.scopes import SelectScope


def _unnamed(subject: Subject) -> Iterator[Finding]:
    """Yield outputs without a name."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            unnamed = output_name(output) is None or _is_data(output) or _has_several_columns(output)
            if unnamed and not isinstance(bare(output), ast.Star):
                message = "a computed column needs an alias: the engine fails with `SELECT tensor expression containing more than one tensor should be aliased.`"
                yield subject.finding(output, message, f"add an alias: {subject.written(output)} as x")


def _has_several_columns(output: ast.Expression) -> bool:
    """Tell whether an output without an alias reads columns that are written differently: also ``u.a * a`` has no name."""
    read = {(part.table, part.name) for part in own_parts(output) if isinstance(part, ast.Column)}
    return len(read) > 1 and not isinstance(output, ast.Aliased)


def _is_data(output: ast.Node) -> bool:
    """Tell whether an output without an alias is a call of DATA, which the engine does not name like its column."""
    return isinstance(output, ast.Function) and output.name.lower() == "data"


def _twice(subject: Subject) -> Iterator[Finding]:
    """Yield outputs with the name of an earlier output."""
    for scope in subject.scopes:
        taken: set[str] = set()
        starred = False
        for output in scope.select.columns:
            star = isinstance(bare(output), ast.Star)
            name = output_name(output)
            if star and starred:
                yield subject.finding(
                    output,
                    "`*` can appear only once: the engine fails with `Multiple stars are not allowed in the selection list.`",
                )
            elif name is not None and name in taken and not starred:
                message = f"an earlier output is named `{name}` too: the engine fails with `Multiple expressions for tensor '.{name}' are not allowed in the selection list.`"
                yield subject.finding(output, message, "rename one of them with AS")
            starred |= star
            taken |= set() if name is None else {name}


def _replaced(subject: Subject) -> Iterator[Finding]:
    """Yield computed outputs that replace a column of ``*``."""
    for scope in subject.scopes:
        starred = any(isinstance(output, ast.Star) and output.table is None for output in scope.select.columns)
        taken = scope.columns if starred and scope.columns is not None else {}
        for output in scope.select.columns:
            if isinstance(output, ast.Aliased) and output.alias in taken and bare(output) != ast.Column(output.alias):
                message = f"`*` already has a column `{output.alias}`, and this output silently replaces it"
                yield subject.finding(output, message, "choose another alias")


def _misnamed(subject: Subject) -> Iterator[Finding]:
    """Yield computed outputs without an alias, which are named like the column that they read."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            if isinstance(output, ast.Function) and not _is_data(output) and _reads_one(output, scope):
                message = (
                    f"without an alias this output is named `{output_name(output)}`, like the column that it reads"
                )
                yield subject.finding(output, message, f"add an alias: {subject.written(output)} as {_alias(output)}")


def _alias(output: ast.Function) -> str:
    """Return an alias for a call of one column: "score" for a search, else the names of the function and the column."""
    name = output.name.lower()
    column = next((part.name for part in own_parts(output) if isinstance(part, ast.Column)), "")
    return (
        "score" if name in SEARCHES or name.endswith("_similarity") or not column.isidentifier() else f"{name}_{column}"
    )


def _reads_one(output: ast.Function, scope: SelectScope) -> bool:
    """Tell whether a call reads one column, and its SELECT does not group."""
    names = {part.name for part in own_parts(output) if isinstance(part, ast.Column)}
    return len(names) == 1 and not scope.select.group_by


def _select_all(subject: Subject) -> Iterator[Finding]:
    """Yield ALL at the begin of a SELECT list as people write it who mean the opposite of DISTINCT: ``select all (id)``."""
    for scope in subject.scopes:
        call = scope.select.columns[0]
        argument = _whole_column(call)
        column = None if argument is None else scope.column(argument)
        if argument is None or (column is not None and column.dtype == "bool"):
            continue
        apart = re.match(r"\w+\s", subject.written(call)) is not None
        if apart or (column is not None and column.is_single):
            name = subject.written(argument)
            message = f"ALL is a function: this returns whether `{name}` is not 0, and does not select it"
            yield subject.finding(call, message, f"write select {name}; without DISTINCT every row is returned")


def _whole_column(call: ast.Node) -> ast.Column | None:
    """Return the column of which an output is ALL, without an alias; None for any other output."""
    if not isinstance(call, ast.Function) or call.name.lower() != "all" or len(call.arguments) != 1:
        return None
    (argument,) = call.arguments
    return argument if isinstance(argument, ast.Column) else None


def _drawn(subject: Subject) -> Iterator[Finding]:
    """Yield outputs that are a random number and nothing else."""
    for scope in subject.scopes:
        for output in scope.select.columns:
            call = bare(output)
            if isinstance(call, ast.Function) and call.name.lower() == "random" and not call.arguments:
                message = "the engine returns memory that it never wrote where RANDOM() is the whole output"
                yield subject.finding(call, message, f"write abs({subject.written(call)}), which is the same number")


RULES = (
    Rule(
        code="TQL206",
        title="computed column without an alias",
        severity="error",
        explanation="An expression that reads no column, or more than one, has no default name, nor has DATA, and the engine rejects it without AS.",
        example="select id + grp from D",
        find=_unnamed,
        meant="select id + grp as x from D",
    ),
    Rule(
        code="TQL207",
        title="duplicate output name",
        severity="error",
        explanation="Every output needs a unique name, and `*` can appear only once; the engine rejects the query.",
        example="select id, grp as id from D",
        find=_twice,
        meant="select id, grp as grp2 from D",
    ),
    Rule(
        code="TQL318",
        title="output that replaces a column of *",
        severity="error",
        explanation="In `select *, f(x) as name`, where the source has a column `name`, the engine silently returns the computed column in its place.",
        example="select *, id + 1 as grp from D",
        find=_replaced,
        meant="select *, id + 1 as grp2 from D",
    ),
    Rule(
        code="TQL505",
        title="computed column named like a source column",
        severity="warning",
        explanation="Without an alias, a function of one column is returned under the name of that column: cosine_similarity(embedding, ..) as `embedding`.",
        example="select shape(emb) from D",
        find=_misnamed,
        meant="select shape(emb) as n from D",
    ),
    Rule(
        code="TQL358",
        title="SELECT ALL of a column in parentheses",
        severity="error",
        explanation="In SQL, SELECT ALL is the opposite of SELECT DISTINCT. TQL has only the function ALL, which returns whether the value, or each element of an array, is not 0.",
        example="select all (id) from D",
        find=_select_all,
        meant="select id from D",
    ),
    Rule(
        code="TQL360",
        title="random number as a whole output",
        severity="error",
        explanation="RANDOM() returns a whole number from 0 to 2147483647. In conditions, sort keys and arithmetic it does; as a whole output the engine returns memory that it never wrote: a few numbers, again and again.",
        example="select random() as x from D",
        find=_drawn,
        meant="select abs(random()) as x from D",
    ),
)
