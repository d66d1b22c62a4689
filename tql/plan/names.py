"""
Names in a plan: of its columns, of the columns that an expression reads, and of computed columns.

An alias is visible only in the enclosing query, and a column that is not selected is not visible there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from tql.expressions.qualified_name import QualifiedName
from tql.plan.helpers import helper
from tql.plan.nodes import Aggregate, Explode, Extend, Join, Project, Scan, Union, Verbatim
from tql_grammar import ast
from tql_grammar.errors import ArgumentError
from tql_grammar.outputs import output_name
from tql_grammar.schema import did_you_mean
from tql_grammar.walk import rebuild, substitute, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tql.plan.nodes import Plan
    from tql_grammar.ast import Expression
    from tql_grammar.record import Record

N = TypeVar("N", bound=ast.Node)
NONE: Mapping[str, str] = {}


def column_names(plan: Plan) -> tuple[str, ...] | None:
    """Return the names of the columns of a plan in order, or None if they depend on a dataset without a schema."""
    while True:
        rule = _NAMES.get(type(plan))
        if rule is not None:
            return rule(plan)
        plan = plan.children[0] if isinstance(plan, Union) else plan.child  # type: ignore[attr-defined]  # all others have one


def _output_names(outputs: Iterable[Expression]) -> tuple[str, ...]:
    """Return the names of outputs."""
    return tuple(output_name(output) or "" for output in outputs)


def _names_of_select(outputs: tuple[Expression, ...], plan: Extend | Project) -> tuple[str, ...] | None:
    """Return the names of a select list."""
    return selected_names(outputs, [score.name for score in plan.scores], plan.child)


_NAMES: dict[type[Plan], Callable[[Any], tuple[str, ...] | None]] = {
    Scan: lambda plan: None if plan.schema is None else tuple(plan.schema),
    Verbatim: lambda _plan: None,
    Join: lambda plan: tuple(column.alias for column in plan.columns),
    Aggregate: lambda plan: _output_names(plan.outputs),
    Explode: lambda plan: _output_names(plan.columns),
    Extend: lambda plan: _names_of_select(plan.outputs, plan),
    Project: lambda plan: _names_of_select(plan.columns, plan),
}


def selected_names(outputs: Iterable[Expression], scores: Iterable[str], child: Plan) -> tuple[str, ...] | None:
    """Return the names of a select list over *child*, the scores last, or None if they are unknown."""
    labels = tuple(scores)
    selected = [output for output in outputs if output_name(output) not in labels]
    if not any(isinstance(output, ast.Star) for output in selected):
        return (*(output_name(output) or "" for output in selected), *labels)
    below = column_names(child) if len(selected) == 1 else None
    return None if below is None else (*below, *labels)


def computed_columns(outputs: Iterable[Expression]) -> dict[str, Expression]:
    """Return the expressions of computed columns by their names; plain columns are left out."""
    return {output.alias: output.expression for output in outputs if isinstance(output, ast.Aliased)}


def read_names(node: Record) -> Iterable[tuple[str, str | None]]:
    """Yield the names that *node* reads, each with its scope, "source" or "output", or None for an unqualified name."""
    for part in walk(node):
        if isinstance(part, ast.Column) and part.table is None:
            yield part.name, None
        elif isinstance(part, QualifiedName):
            yield part.name, part.place


def uses(node: Record, made: Mapping[str, Expression]) -> bool:
    """Return whether *node* reads a computed column."""
    return any(place == "output" or (place is None and label in made) for label, place in read_names(node))


def reject_ambiguous(
    clauses: Iterable[tuple[str, Record]], made: Mapping[str, Expression], known: Iterable[str]
) -> None:
    """Reject an unqualified name that is both an output and a different column of the source, among those that are known; each expression comes with its clause."""
    both = {
        label for label, node in made.items() if label in known or any(label == read for read, _ in read_names(node))
    }
    for clause, node in clauses:
        for label, place in read_names(node):
            if place is None and label in both:
                hint = f'write col("{label}", of="source") or col("{label}", of="output")'
                why = "it is an output of this query and a column of the source"
                raise ArgumentError(clause, "takes unambiguous names", repr(label), hint, why=why)


def keys_of_source(keys: Iterable[Expression], outputs: tuple[Expression, ...]) -> tuple[Expression, ...]:
    """
    Return the keys of groups as expressions over the source: the name of an output is its expression.

    Raises:
        ArgumentError: ``of="output"`` names no output.
    """
    made = computed_columns(outputs)
    plain = {output.name: output for output in outputs if isinstance(output, ast.Column)}

    def read(part: Record) -> Record | None:
        if isinstance(part, ast.Column):
            return part if part.table else made.get(part.name, part)
        return _qualified(part, {**plain, **made}) if isinstance(part, QualifiedName) else None

    return tuple(substitute(key, read) for key in keys)


def _qualified(name: QualifiedName, outputs: Mapping[str, Expression]) -> Expression:
    """Return the column of the source, or the expression of the output, that a name with its place refers to."""
    if name.place == "source":
        return ast.Column(name.name)
    if name.name not in outputs:
        rule, why = 'takes names of outputs with of="output"', "the query selects no output of this name"
        hint = did_you_mean(name.name, outputs, "outputs")
        raise ArgumentError("group_by", rule, repr(name.name), hint, why=why)
    return outputs[name.name]


def reject_outputs(subject: str, nodes: Iterable[Record]) -> None:
    """Reject outputs that are computed from other outputs of the same query, which the engine reads as columns of the source."""
    for label, place in (found for node in nodes for found in read_names(node)):
        if place == "output":
            hint = f'compute it in an outer query: select("*", other=col("{label}") + 1).from_(query)'
            why = "the engine computes outputs from columns of the source only"
            raise ArgumentError(subject, "takes columns of the source", f"col({label!r}, of='output')", hint, why=why)


def reject_renamed(subject: str, nodes: Iterable[Record], outputs: Iterable[Expression]) -> None:
    """Reject a column of the source that has the name of a computed column, in a clause that reads only the result."""
    made = computed_columns(outputs)
    for label, place in (found for node in nodes for found in read_names(node)):
        if place == "source" and label in made:
            hint = f'select it under another name: select(other=col("{label}"), ..)'
            why = "the sort keys of this query read its result, in which the output has this name"
            raise ArgumentError(subject, "takes outputs as sort keys", f"col({label!r}, of='source')", hint, why=why)


def hidden_columns(
    outputs: tuple[Expression, ...], nodes: Iterable[Record], made: Mapping[str, Expression]
) -> dict[str, str]:
    """Return the columns of the source that *nodes* read and the select list leaves out, each with its name above the select."""
    everything = ast.Star() in outputs
    plain = {output.name for output in outputs if isinstance(output, ast.Column)}
    read = [label for node in nodes for label, place in read_names(node) if _is_of_source(label, place, made)]
    if everything:
        _refuse_hidden(read, made)
        return {}
    hidden: dict[str, str] = {}
    for label in read:
        if label not in plain:
            hidden[label] = helper(len(hidden) + 1) if label in made else label
    return hidden


def _refuse_hidden(read: Iterable[str], made: Mapping[str, Expression]) -> None:
    """Reject a column of the source that has the name of an output."""
    for label in read:
        if label in made:
            rule = "takes no column of the source with the name of an output while `*` is selected"
            hint = "select the columns by name, or rename the output"
            why = "the engine keeps only one column of each name"
            raise ArgumentError("where / order_by", rule, repr(label), hint, why=why)


def _is_of_source(label: str, place: str | None, made: Mapping[str, Expression]) -> bool:
    """Return whether a name refers to a column of the source."""
    return place == "source" or (place is None and label not in made)


def unqualify(node: N, hidden: Mapping[str, str] = NONE) -> N:
    """Return *node* with plain columns, once every name is resolved at its level; hidden columns have their names above the select list."""
    if not any(isinstance(part, QualifiedName) for part in walk(node)):
        return node

    def plain(part: Record) -> Record:
        if not isinstance(part, QualifiedName):
            return part
        return ast.Column(hidden.get(part.name, part.name) if part.place == "source" else part.name)

    return rebuild(node, plain)
