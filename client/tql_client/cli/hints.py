"""Hints of the library in the options of the commands."""

from __future__ import annotations

import re

HINTS = (
    (
        re.compile(
            r'leave FROM out to read the dataset of the client, or name it so: connect\(path, dataset="[^"]*"\); '
            r"connect\(\.\., allow_sources=True\) reads other datasets too, and serve\(\{name: path, \.\.\}\) those that it names"
        ),
        "--allow-sources reads other datasets too; leave FROM out to read the dataset of the command",
    ),
    (
        re.compile(r'connect\("([^"]+)", dataset="([^"]+)"(?:, token=\.\.)?\)'),
        r"tql run --url \1 --dataset \2 --token-file FILE 'select ..'",
    ),
    (re.compile(r"connect\(\.\., allow_sources=True\)"), "--allow-sources"),
)


def with_options(message: str) -> str:
    """Return a message of the library with the options of the commands that do the same."""
    for code, form in HINTS:
        message = code.sub(form, message)
    return message
