"""Holes of a template inside of quotes and comments, where a value would be a part of the text: the reason, and the remedy."""

from __future__ import annotations

import re

# Strings, names in double quotes, and comments.
QUOTED = re.compile(r"(?P<string>'(?:[^']|'')*'?)|(?P<name>\"[^\"\n]*\"?)|(?P<comment>--[^\n]*)")
WHY_QUOTED = {
    "string": ("a value in quotes would be part of a text", "remove the quotes: a str becomes a literal by itself"),
    "name": (
        "a name in quotes is read as written",
        "remove the quotes: {source} and {alias} are quoted where they need it",
    ),
    "comment": ("the engine ignores a comment", "remove the hole, or the comment"),
}
