"""Commands that install an extra from the source of the installed package.

pip records the source in ``direct_url.json`` (PEP 610); a package from an index has no such record.
The modules that read the record are imported when an error message needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tql_client.errors import MissingExtra

if TYPE_CHECKING:
    from pathlib import Path

NAME = "deeplake-tql"
_SPECIAL = frozenset('"$`!')


def missing(reason: str, *extras: str) -> MissingExtra:
    """Return the error for a library that is not installed: the reason, and the command that installs its extras."""
    return MissingExtra(f"{reason}: {command(*extras)}")


def command(*extras: str) -> str:
    """
    Return the pip command that installs extras of this package.

    ``pip install -e "/home/ada/tql[embedded]"`` for an editable installation, ``pip install "deeplake-tql[embedded]"`` for one from an index.
    """
    suffix = f"[{','.join(extras)}]"
    origin = _origin()
    if origin is None:
        return f'pip install "{NAME}{suffix}"'
    if origin["url"].startswith("file:"):
        return _from_disk(origin, suffix)
    return _from_network(origin, suffix)


def _origin() -> dict[str, Any] | None:
    """Return the PEP 610 record of this package, or None if it was installed from an index."""
    import json
    from importlib.metadata import PackageNotFoundError, distribution
    from pathlib import Path

    try:
        record = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:  # imported from the source folder, not installed
        return {"url": Path(__file__).resolve().parents[2].as_uri(), "dir_info": {"editable": True}}
    return json.loads(record) if record else None


def _from_disk(origin: dict[str, Any], suffix: str) -> str:
    """Return the command for an installation from a folder or a wheel, which may have been deleted since."""
    path = _local_path(origin["url"])
    if not (path.is_file() or (path / "pyproject.toml").is_file()):
        return f'pip install ".{suffix}" in a clone of the source'
    editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return f"pip install {editable}{_quoted(f'{path}{suffix}')}"


def _local_path(url: str) -> Path:
    """Return the path of a ``file:`` url."""
    from pathlib import Path
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(url).path))


def _from_network(origin: dict[str, Any], suffix: str) -> str:
    """Return the command for an installation from a repository or an archive; a URL that may contain a secret is not shown."""
    from urllib.parse import urlsplit

    parts = urlsplit(origin["url"])
    if parts.query or parts.password or parts.username not in {None, "git"}:
        return f'pip install "{NAME}{suffix} @ URL", where URL is the one that this package was installed from'
    source = origin.get("vcs_info")
    url = f"{source['vcs']}+{origin['url']}@{source['commit_id']}" if source else origin["url"]
    return f"pip install {_quoted(f'{NAME}{suffix} @ {url}')}"


def _quoted(word: str) -> str:
    """Return a shell word in double quotes, which all shells accept, or quoted for POSIX if it has special characters."""
    import shlex

    return shlex.quote(word) if _SPECIAL & set(word) else f'"{word}"'
