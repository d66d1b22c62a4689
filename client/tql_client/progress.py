"""Progress bar on stderr, shown only if it is a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tql_client.extras import missing

if TYPE_CHECKING:
    from collections.abc import Callable


def no_bar(steps: int | None) -> None:
    """Show nothing: stderr is not a terminal, or no bar is requested."""


def bar(label: str, total: int | None) -> Callable[[int | None], None]:
    """
    Show a progress bar if stderr is a terminal, and return the function that advances it by a number of steps; None removes the bar.

    Args:
        label: the text before the bar.
        total: the number of steps, or None if unknown.

    Raises:
        MissingExtra: rich is not installed.
    """
    if not sys.stderr.isatty():
        return no_bar
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
    except ImportError:
        raise missing("a progress bar needs rich", "cli") from None
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = progress.add_task(label, total=total)
    progress.start()

    def advance(steps: int | None) -> None:
        if steps is None:
            progress.stop()
        else:
            progress.advance(task, steps)

    return advance
