"""Table of the grammar's actions: for each name in ``tql.lark`` the function that builds its node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.syntax.actions import expressions, queries

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tql_grammar.syntax.lalr import Action

ACTIONS = {**expressions.ACTIONS, **queries.ACTIONS}


def actions_for(names: Iterable[str]) -> list[Action | None]:
    """Return the action of each alternative; None passes the only value on."""
    return [ACTIONS.get(name) for name in names]
