"""Versions of the engine: measured ones are accepted, older ones refused, and others warned of."""

from __future__ import annotations

import re
import tomllib
import warnings
from importlib.metadata import version
from pathlib import Path

import deeplake
import pytest

from tql import CheckError, col, select
from tql_client import connect
from tql_client.engine.versions import MEASURED, OLDEST, installed, present_engine, require_supported
from tql_client.errors import ConfigError
from tql_grammar.rewrite.order import LOW_BITS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("found", ["4.6.5", "4.0.0", "3.9.52", "4.6", "4.6.9rc1"])
def test_an_older_engine_is_refused(found: str) -> None:
    """The error says why, and what to install."""
    with pytest.raises(ConfigError) as caught:
        require_supported(found)
    message = str(caught.value)
    assert f"deeplake {found} is not supported" in message
    assert "other rows than they mean" in message
    assert "install 4.7.0 or later: pip install" in message


@pytest.mark.parametrize("found", ["4.8.0", "4.10", "5.0", "4.7.10.post1", "4.7.4rc1", "", "unknown"])
def test_an_unmeasured_engine_is_warned_of_once(found: str) -> None:
    """A newer version, and one whose number is not known, may have other rows."""
    require_supported.cache_clear()
    with pytest.warns(RuntimeWarning, match=f"deeplake {re.escape(found)} was not measured"):
        require_supported(found)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_supported(found)


@pytest.mark.parametrize("found", sorted(MEASURED))
def test_a_measured_engine_is_accepted(found: str) -> None:
    """Without a warning."""
    require_supported.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        require_supported(found)


def test_the_extra_installs_what_is_accepted() -> None:
    """The extra begins with the oldest version that is accepted, which is the oldest one that was measured."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    oldest = ".".join(map(str, OLDEST))

    assert oldest == min(MEASURED)
    assert [line for line in project["optional-dependencies"]["embedded"] if line.startswith(f"deeplake>={oldest},")]


def test_queries_are_compiled_for_the_installed_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of 4.7.0 sends the form that is right there."""
    assert present_engine().name == version("deeplake")
    present_engine.cache_clear()
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "4.7.0")
    try:
        deeplake.create("mem://of-old-engine").add_column("id", deeplake.types.Int64())
        with connect("mem://of-old-engine") as client:
            text = client.compile(select(x=col("id") % 10))
            with pytest.raises(CheckError, match="TQL380"):
                client.compile("select id % 10 as x")
    finally:
        present_engine.cache_clear()

    assert f"id * {LOW_BITS}" in text


def test_the_installed_engine_was_measured() -> None:
    """So it is accepted, and `tql --version` says so."""
    found = version("deeplake")

    assert found in MEASURED
    assert installed() == f"deeplake {found} (measured)"


def test_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tql --version` works without the engine."""
    monkeypatch.setattr("tql_client.engine.versions.NAME", "no-engine-of-this-name")

    assert installed() == "no-engine-of-this-name is not installed"


def test_a_client_of_an_older_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """`connect` raises the error before anything is opened."""
    monkeypatch.setattr(deeplake, "__version__", "4.6.5")

    with pytest.raises(ConfigError, match=r"deeplake 4\.6\.5 is not supported"):
        connect("./no-dataset")


@pytest.mark.parametrize(
    ("found", "word"),
    [("4.6.5", "not supported"), ("4.7.0", "measured"), ("4.9.1", "not measured"), ("4.7.2", "measured")],
)
def test_the_word_for_a_version(found: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An older version is not supported, and a newer one not measured."""
    monkeypatch.setattr("importlib.metadata.version", lambda _name: found)

    assert installed() == f"deeplake {found} ({word})"
