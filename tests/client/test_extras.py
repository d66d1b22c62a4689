"""The pip command in error messages works for each kind of installation: pip installs the package in each way, and accepts the command."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (sys.executable, "-m", "pip")
OFFLINE = ("--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--no-build-isolation")
# -S removes the packages of this environment; the folder is added as a site folder, which processes its .pth files.
ASKED = """
import site, sys
site.addsitedir(sys.argv[1])
from tql_client.extras import command
print(command(*sys.argv[2:]))
"""


def run(*command: str) -> str:
    """Run a command, and return its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def asked(site: Path, *extras: str) -> str:
    """Return the pip command that the package in a folder prints."""
    return run(sys.executable, "-I", "-S", "-c", ASKED, str(site), *extras)


def installed(site: Path, *source: str) -> Path:
    """Install the package into a folder."""
    run(*PIP, "install", *OFFLINE, "--target", str(site), *source)
    return site


def taken(command: str) -> None:
    """Verify that pip accepts a command, with --dry-run."""
    first, *words = shlex.split(command)
    assert first == "pip"
    run(*PIP, *words, "--dry-run", *OFFLINE)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the source in a folder whose name needs quotes."""
    folder = tmp_path_factory.mktemp("source") / "Ada's $HOME"
    ignored = shutil.ignore_patterns("__pycache__", "_build")
    for name in ("tql", "client", "grammar", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of a wheel."""
    folder = tmp_path_factory.mktemp("a wheel")
    run(*PIP, "wheel", *OFFLINE, "--wheel-dir", str(folder), str(source))
    return next(folder.glob("*.whl"))


def test_an_editable_installation(source: Path, tmp_path: Path) -> None:
    """The command installs the extra into the same editable installation."""
    command = asked(installed(tmp_path / "site", "--editable", str(source)), "embedded", "cli")

    assert command == f"pip install -e {shlex.quote(f'{source}[embedded,cli]')}"
    taken(command)


def test_an_installation_from_a_folder(source: Path, tmp_path: Path) -> None:
    """The command has the folder of the source; if it was deleted, it describes a clone."""
    site = installed(tmp_path / "site", str(source))
    command = asked(site, "frames")

    assert command == f"pip install {shlex.quote(f'{source}[frames]')}"
    taken(command)

    hidden = source.rename(source.with_name("gone"))
    try:
        assert asked(site, "frames") == 'pip install ".[frames]" in a clone of the source'
    finally:
        hidden.rename(source)


def test_an_installation_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    """The command has the path of the wheel, in double quotes, which all shells accept."""
    command = asked(installed(tmp_path / "site", str(wheel)), "cli")

    assert command == f'pip install "{wheel}[cli]"'
    taken(command)


def test_an_installation_from_an_index(wheel: Path, tmp_path: Path) -> None:
    """A package installed from an index is installed by name."""
    site = installed(tmp_path / "site", "--find-links", str(wheel.parent), "deeplake-tql")

    assert asked(site, "embedded") == 'pip install "deeplake-tql[embedded]"'


def test_the_source_without_an_installation(source: Path) -> None:
    """A source folder on the path, without an installation, is installed as editable."""
    code = "import sys; sys.path[:0] = sys.argv[1:]; from tql_client.extras import command; print(command('cli'))"
    said = run(sys.executable, "-I", "-S", "-c", code, *(str(source / name) for name in ("", "client", "grammar")))

    assert said == f"pip install -e {shlex.quote(f'{source}[cli]')}"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            '{"url": "https://git.example/tql", "vcs_info": {"vcs": "git", "commit_id": "0a798a0"}}',
            'pip install "deeplake-tql[cli] @ git+https://git.example/tql@0a798a0"',
        ),
        (
            '{"url": "ssh://git@git.example/tql", "vcs_info": {"vcs": "git", "commit_id": "0a798a0"}}',
            'pip install "deeplake-tql[cli] @ git+ssh://git@git.example/tql@0a798a0"',
        ),
        (
            '{"url": "https://files.example/deeplake_tql-0.1.0-py3-none-any.whl", "archive_info": {}}',
            'pip install "deeplake-tql[cli] @ https://files.example/deeplake_tql-0.1.0-py3-none-any.whl"',
        ),
        *(
            (f'{{"url": "{url}", "archive_info": {{}}}}', 'pip install "deeplake-tql[cli] @ URL", where URL is the one')
            for url in (
                "https://files.example/tql.whl?key=canary",
                "https://ada:canary@files.example/tql.whl",
                "https://canary@files.example/tql.whl",
            )
        ),
    ],
)
def test_an_installation_from_the_net(wheel: Path, tmp_path: Path, record: str, expected: str) -> None:
    """The records are those of PEP 610; a URL that may contain a secret is not shown."""
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (next(tmp_path.glob("*.dist-info")) / "direct_url.json").write_text(record)
    command = asked(tmp_path, "cli")

    assert command.startswith(expected)
    assert "canary" not in command


def test_the_record_is_read_for_a_message_only() -> None:
    """The client, the command and the server start without importing `importlib.metadata`."""
    run(
        sys.executable,
        "-c",
        "import sys, tql_client.extras; assert not {'importlib.metadata', 'urllib.request', 'shlex'} & set(sys.modules)",
    )
