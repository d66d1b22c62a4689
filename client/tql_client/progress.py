"""Progress bar of long work, on the standard error output where that is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.extras import missing

if TYPE_CHECKING:
    from collections.abc import Callable


def nothing(steps: int | None) -> None:
    """Show nothing, for work that nobody watches."""


def bar(label: str, total: int | None) -> Callable[[int | None], None]:
    """
    Show a bar where a person looks, and return what moves it by a number of steps; None takes it away.

    Args:
        label: what the steps are.
        total: how many there are, or None where nobody knows.

    Raises:
        MissingExtra: rich is not installed.
    """
    if not sys.stderr.isatty():
        return nothing
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        raise missing("a progress bar needs rich", "cli") from None
    shown = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = shown.add_task(label, total=total)
    shown.start()

    def advance(steps: int | None) -> None:
        if steps is None:
            shown.stop()
        else:
            shown.advance(task, steps)

    return advance
