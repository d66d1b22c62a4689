"""
The newest commit of a dataset on a disk, from the counter that the engine's own refresh reads.

A commit first increments the counter of its branch, 8 bytes in ``_deeplake_log/<branch>/next_base``, and then writes its file (seen with strace, 4.7.4).
So a version with the number before the counter is the newest one, and one with a lower number may be: the commit that follows it is not complete yet.
Reading the counter takes 0.01 ms, a refresh 0.25 ms.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

LOG, META, COUNTER = "_deeplake_log", "_meta", "next_base"
BYTES = 8
_NUMBER = re.compile(r"[0-9]{10}")

# The inode and the modification time of a folder, which differ after it was replaced.
Folder = tuple[int, int]


class Commit(NamedTuple):
    """
    The newest commit of a local dataset with one branch.

    Attributes:
        folder: the folder of the dataset.
        branch: the id of the branch.
        number: the number of the commit, whose file may not be written yet.
    """

    folder: Folder
    branch: str
    number: int

    def is_version(self, version: str) -> bool:
        """Return whether this commit made a version, such as ``0000000019m00000000``."""
        match = _NUMBER.match(version)
        return match is not None and int(match[0]) == self.number


def folder_of(path: str) -> Folder | None:
    """Return the folder of a local dataset, or None for a remote dataset."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called for each query, and slower with a Path
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_mtime_ns


def newest_commit(path: str) -> Commit | None:
    """Return the newest commit of a local dataset, or None where it is not known: of a remote dataset, a missing one, or one with several branches."""
    folder = folder_of(path)
    if folder is None:
        return None
    try:
        branches = [name for name in os.listdir(f"{path}/{LOG}") if name != META]  # noqa: PTH208 - called for each query
        content = _read(f"{path}/{LOG}/{branches[0]}/{COUNTER}") if len(branches) == 1 else b""
    except OSError:
        return None
    return Commit(folder, branches[0], int.from_bytes(content, "little") - 1) if len(content) == BYTES else None


def _read(path: str) -> bytes:
    """Return the content of a counter."""
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, BYTES + 1)
    finally:
        os.close(file)
