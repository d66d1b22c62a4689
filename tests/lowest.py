"""Lowest versions that pyproject.toml declares, as constraints for pip.

``python tests/lowest.py embedded cli > constraints.txt`` prints one ``name==version`` for each core dependency and for each one of the extras named.
It runs before anything is installed, so it uses only the standard library.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*(?P<bounds>[^;]*)")
_BOUND = re.compile(r"(?:>=|==|~=)\s*([0-9][^,\s]*)")


# The tests of the newest engine's rows fail on an older one, for which queries are compiled differently: `make older` and `make engines` measure that one.
APART = {"deeplake": "4.7.1"}


def lowest(requirement: str) -> str:
    """Return the constraint that pins a requirement to the lowest version that it allows, or that the tests allow.

    Raises:
        ValueError: the requirement has no lower bound.
    """
    parts = _REQUIREMENT.match(requirement)
    bound = _BOUND.search(parts["bounds"]) if parts else None
    if parts is None or bound is None:
        message = f"pyproject.toml: `{requirement}` has no lower bound: declare the lowest version that was tested"
        raise ValueError(message)
    return f"{parts['name']}=={APART.get(parts['name'], bound[1])}"


def extras() -> list[str]:
    """Return the names of all extras."""
    return list(_project()["optional-dependencies"])


def constraints(extras: list[str]) -> list[str]:
    """Return the constraints of the core dependencies and of some extras; extras of this project itself are left out."""
    project = _project()
    groups = [project["dependencies"], *(project["optional-dependencies"][extra] for extra in extras)]
    named = [requirement for group in groups for requirement in group if not requirement.startswith(project["name"])]
    return sorted({lowest(requirement) for requirement in named})


def _project() -> dict[str, Any]:
    """Return the project's table of pyproject.toml."""
    project: dict[str, Any] = tomllib.loads(PYPROJECT.read_text("utf-8"))["project"]
    return project


if __name__ == "__main__":
    sys.stdout.write("\n".join(constraints(sys.argv[1:])) + "\n")
