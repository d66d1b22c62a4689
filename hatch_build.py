"""The README as an index shows it: its links lead to the repository, since an index has none of the files that they name.

The address is `Repository` of `[project.urls]` in pyproject.toml. While there is none, the words of a link stay and the link goes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# A link of Markdown to a file of this project, outside of code.
_LINK = re.compile(
    r"(?P<code>```.*?```|`[^`\n]*`)|(?P<image>!?)\[(?P<words>[^]]*)\]\((?!https?:|#)(?P<path>[^)\s]+)\)", re.DOTALL
)


def as_shown(text: str, repository: str | None) -> str:
    """Return a text of Markdown without relative links."""

    def link(found: re.Match[str]) -> str:
        if found["code"] is not None:
            return found["code"]
        if repository is None:
            return found["words"]
        form = "raw" if found["image"] else "blob"
        return f"{found['image']}[{found['words']}]({repository}/{form}/HEAD/{found['path']})"

    return _LINK.sub(link, text)


class CustomMetadataHook(MetadataHookInterface):
    """Gives the project its readme when a wheel or an sdist is built."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add the readme."""
        text = (Path(self.root) / "README.md").read_text("utf-8")
        shown = as_shown(text, metadata.get("urls", {}).get("Repository"))
        metadata["readme"] = {"content-type": "text/markdown", "text": shown}
