"""Type checkers: mypy and basedpyright on a generated file, each once, and the lines that they refuse."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^(?:[^:\n]*/)?([^:/\n]+):(\d+): error: (.*)$", re.MULTILINE)


def by_mypy(*files: Path) -> dict[str, dict[int, str]]:
    """Return the refused lines of files with mypy's messages, by the names of the files."""
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--config-file",
        str(ROOT / "pyproject.toml"),
    ]
    done = subprocess.run([*command, *map(str, files)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    found: dict[str, dict[int, str]] = {file.name: {} for file in files}
    for name, line, message in LINE.findall(done.stdout):
        found.setdefault(name, {})[int(line)] = message
    return found


def by_basedpyright(*files: Path) -> dict[str, dict[int, str]]:
    """Return the refused lines of files with basedpyright's messages, by the names of the files."""
    project = files[0].parent / "pyrightconfig.json"
    settings = {
        "include": [str(file) for file in files],
        "extraPaths": [str(ROOT), str(ROOT / "client"), str(ROOT / "grammar")],
        "typeCheckingMode": "standard",
        "pythonVersion": f"3.{sys.version_info.minor}",
    }
    project.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, "-p", str(project)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    found: dict[str, dict[int, str]] = {file.name: {} for file in files}
    for one in json.loads(done.stdout)["generalDiagnostics"]:
        if one["severity"] == "error":
            found[Path(one["file"]).name][one["range"]["start"]["line"] + 1] = one["message"]
    return found
