"""
Programs of the documentation: each page is one program, and shows the output of each of its blocks.

``python docs/snippets.py`` runs all pages and writes their output into them; with names of pages, only those.

- A ``python`` block runs, in the process of its page. One that begins with ``# name.py`` is a file of the reader's project, and is written.
- The ``tql``, ``text`` and ``json`` blocks that follow are its output; comments at the beginning of a line are, where no such block follows.
- A ``console`` block has commands after ``$``, which run, and their output.
- A ``py`` or ``sh`` block does not run.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parent
ROOT = DOCS.parent
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OUTPUTS = ("tql", "text", "json")
FILE = re.compile(r"# ([\w./]+\.(?:py|toml))\n")
TQL_LINE = re.compile(
    r"(select|from|where|order by|limit|offset|group by|ungroup by|sample by)\b|  |\)|union|intersect|except"
)
# What a line of a tree or below a finding has, and TQL has not.
TREE = re.compile(r"[└│]|\^$")
# The only part of an output that differs from run to run: the seconds that pytest prints.
SECONDS = re.compile(r"\bin \d+\.\d+s\b")
# Seconds for a page: a loaded machine takes ten times as long as a quiet one.
SECONDS_OF_A_PAGE = 400
# Pages whose programs are run by tests of their own: with a hosted service, and by pytest.
ELSEWHERE = frozenset({"hosted.md", "testing.md"})
# The page that makes the data which the pages of these folders use.
DATA = DOCS / "recipes" / "index.md"
WITH_DATA = ("recipes", "reference")


class Step(NamedTuple):
    """
    One block of a page that runs.

    Attributes:
        kind: "python", "file" or "console".
        code: what runs.
        start: where the block begins in the page.
        end: where the block ends.
        until: where the output after it ends, which is *end* without one.
        shown: the output that the page shows.
    """

    kind: str
    code: str
    start: int
    end: int
    until: int
    shown: str


def steps(text: str) -> list[Step]:
    """Return the blocks of a page that run, in their order."""
    found = list(FENCE.finditer(text))
    made = []
    for number, block in enumerate(found):
        if block[1] == "console":
            made.append(Step("console", block[2], block.start(), block.end(), block.end(), block[2]))
        elif block[1] == "python":
            kind = "file" if FILE.match(block[2]) else "python"
            until, shown = _output(text, found[number:]) if kind == "python" else (block.end(), "")
            made.append(Step(kind, block[2], block.start(), block.end(), until, shown))
    return made


def _output(text: str, blocks: list[re.Match[str]]) -> tuple[int, str]:
    """Return where the output of the first block ends, and the output."""
    until, shown = blocks[0].end(), []
    for block in blocks[1:]:
        if block[1] not in OUTPUTS or text[until : block.start()].strip():
            break
        until = block.end()
        shown.append(block[2])
    return until, "".join(shown) if shown else comments(blocks[0][2])


def comments(code: str) -> str:
    """Return the comments at the beginning of a line, as output."""
    lines = (line for line in code.splitlines() if line == "#" or line.startswith("# "))
    return "".join(f"{line.removeprefix('#').removeprefix(' ')}\n" for line in lines)


def pages() -> list[Path]:
    """Return the pages that have a program."""
    found = sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)
    return [path for path in found if path.name not in ELSEWHERE and steps(path.read_text("utf-8"))]


def name_of(page: Path) -> str:
    """Return the path of a page below the documentation."""
    return page.relative_to(DOCS).as_posix()


def run(page: Path, folder: Path) -> list[str]:
    """Return the output of each block of a page, which runs in a process of its own in a folder."""
    done = subprocess.run(  # noqa: S603 - this script, in a process of its own
        [sys.executable, __file__, "--run", str(page)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_OF_A_PAGE,
        env=_environment(folder),
    )
    if done.returncode:
        message = f"{name_of(page)}: {done.stderr[-3000:]}"
        raise AssertionError(message)
    outputs: list[str] = json.loads(done.stdout.splitlines()[-1])
    return outputs


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which the commands ``tql``, ``python`` and ``pytest`` are those of this Python."""
    commands = folder / ".commands"
    commands.mkdir(exist_ok=True)
    for name, arguments in {"tql": " -m tql_client", "python": "", "pytest": " -m pytest"}.items():
        (commands / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{arguments} "$@"\n', "utf-8")
        (commands / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if name in {"PYTHONPATH", "HOME"}}
    return {
        **kept,
        "PATH": f"{commands}:/usr/bin:/bin",
        "COLUMNS": "88",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "ignore",
    }


def needs_data(page: Path) -> bool:
    """Return whether a page uses the data of the recipes."""
    return page.parent.name in WITH_DATA and page != DATA


def _run_here(page: Path) -> None:
    """Run the blocks of a page in this process, and print their outputs as JSON."""
    sys.path[0] = str(Path.cwd())  # as for a program of the reader
    names: dict[str, object] = {"__name__": "__main__"}
    outputs = [_output_of(step, names) for step in steps(page.read_text("utf-8"))]
    sys.stdout.write(f"\n{json.dumps(outputs)}\n")


def _output_of(step: Step, names: dict[str, object]) -> str:
    """Return the output of one block."""
    if step.kind == "console":
        return _console(step.code)
    if step.kind == "file":
        found = FILE.match(step.code)
        assert found is not None  # noqa: S101 - this makes a step a file
        Path(found[1]).parent.mkdir(parents=True, exist_ok=True)
        Path(found[1]).write_text(step.code, "utf-8")
        return ""
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        try:
            exec(compile(step.code, "<page>", "exec"), names)  # noqa: S102 - a program of the documentation
        except Exception as error:
            error.add_note(f"in the block\n{step.code}")
            raise
    return _trimmed(stream.getvalue())


def _console(code: str) -> str:
    """Return a console block with the output of its commands."""
    commands = [line for line in code.splitlines() if line.startswith("$ ")]
    shown = []
    for command in commands:
        done = subprocess.run(  # noqa: S602 - commands of the documentation
            command[2:],
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=SECONDS_OF_A_PAGE,
        )
        shown.append(f"{command}\n{_trimmed(SECONDS.sub('in 0.12s', done.stdout))}")
    return "".join(shown)


def _trimmed(text: str) -> str:
    """Return an output without blanks at the ends of lines and blank lines at its end."""
    return "".join(f"{line.rstrip()}\n" for line in text.rstrip().splitlines())


def written(text: str, outputs: list[str]) -> str:
    """Return a page with its outputs."""
    for step, output in reversed(list(zip(steps(text), outputs, strict=True))):
        if step.kind == "console":
            text = f"{text[: step.start]}```console\n{output}```{text[step.end :]}"
        elif step.kind == "python" and not (step.until == step.end and step.shown.strip()):
            text = text[: step.end] + _blocks(output) + text[step.until :]
    return text


def _blocks(output: str) -> str:
    """Return an output as blocks of TQL and of text."""
    parts: list[tuple[str, str]] = []
    for chunk in re.split(r"\n{2,}", output.strip("\n")) if output.strip() else []:
        for kind, lines in _kinds(chunk.splitlines()):
            if parts and parts[-1][0] == kind == "text":
                parts[-1] = ("text", f"{parts[-1][1]}\n\n{lines}")
            else:
                parts.append((kind, lines))
    return "".join(f"\n\n```{kind}\n{lines}\n```" for kind, lines in parts)


def _kinds(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines of TQL at the beginning, and the others."""
    count = 0
    if lines[0].split(" ")[0] == "select" and not any(TREE.search(line) for line in lines):
        count = next((number for number, line in enumerate(lines) if not TQL_LINE.match(line)), len(lines))
    if lines[:count]:
        yield "tql", "\n".join(lines[:count])
    if lines[count:]:
        yield "text", "\n".join(lines[count:])


def compact(text: str) -> list[str]:
    """Return the lines of an output without blank ones, which separate its parts."""
    return [line for line in text.splitlines() if line.strip()]


def main(names: list[str]) -> None:
    """Write the outputs of pages into them."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        run(DATA, data)
        for number, page in enumerate(pages()):
            if names and name_of(page) not in names:
                continue
            place = Path(folder) / str(number)
            if needs_data(page):
                shutil.copytree(data, place)
            else:
                place.mkdir()
            text = page.read_text("utf-8")
            try:
                new = written(text, run(page, place))
            except AssertionError as error:
                sys.stdout.write(f"{error}\n")
                continue
            if new != text:
                page.write_text(new, "utf-8")
                sys.stdout.write(f"wrote {name_of(page)}\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        _run_here(Path(sys.argv[2]))
    else:
        main(sys.argv[1:])
