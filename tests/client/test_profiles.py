"""`connect(url, profile=..)`: queries in the forms of the engine behind an endpoint, and texts checked for it."""

from __future__ import annotations

import math
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from tql import ArgumentError, CheckError, col, fn, select
from tql_client import connect, serve
from tql_client.checking import UNMEASURED
from tql_client.datasets import write
from tql_client.engine.versions import present_engine
from tql_client.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tql_client import Client

URL, NAME = "https://example.org/query", "hub://org/numbers"
NUMBERS = [7, -7, 2**53 + 1, -(2**53) - 1, 0, 2**62 + 3, 2**43 + 1, 2**44 + 5]
REMAINDER = select("id", x=col("id") % 10)


@pytest.fixture(name="hosted")
def _hosted(tmp_path: Path) -> Iterator[Client]:
    """Return a client of a server, with the profile of the hosted service."""
    path = write({"id": NUMBERS, "t": ["é"] * len(NUMBERS)}, str(tmp_path / "data"))
    with (
        serve({NAME: path}, token="secret") as server,  # noqa: S106 - the token of a server of this test
        connect(server.url, dataset=NAME, token="secret", profile="rest-v3", reflect=True) as client,  # noqa: S106 - the same
    ):
        yield client


def test_the_profile_of_the_hosted_service(hosted: Client) -> None:
    """Its forms are right on this engine too, as on every other; texts are checked for all of them, and `explain` says what was not measured."""
    rows = hosted.query(REMAINDER.order_by("id")).rows

    assert [row["id"] for row in rows] == sorted(NUMBERS)
    assert [row["x"] for row in rows] == [int(math.copysign(1, n)) * (abs(n) % 10) for n in sorted(NUMBERS)]
    with pytest.raises(CheckError, match="TQL380"):
        hosted.query("select id where id % 2 = 1")
    assert len(hosted.query("select id where id > 0")) == 5
    with pytest.raises(ArgumentError, match=r"before 4\.5\.10 the engine matches bytes"):
        hosted.query(select("id").where(col("t").like("_")))
    assert len(hosted.query(select("id").where(col("t").startswith("é")))) == len(NUMBERS)
    assert UNMEASURED in hosted.explain(select("id").order_by("id")).why
    assert hosted.explain("select id").why == UNMEASURED
    with connect(URL, dataset=NAME, anonymous=True) as client:
        assert client.explain(select("id")).why == ""


def test_a_profile_may_be_a_version() -> None:
    """Two clients of one query have their own texts."""
    texts = []
    for profile in ("4.7.0", None, "4.7.4", "rest-v3"):
        with connect(URL, dataset=NAME, anonymous=True, profile=profile) as client:
            texts.append(client.compile(REMAINDER))

    assert texts[0] == texts[3] != texts[1] == texts[2]
    with connect(URL, dataset=NAME, anonymous=True, profile="4.7.0") as client, pytest.raises(ArgumentError):
        client.compile(select(x=fn.hamming_distance("v", [1, 2])))


@pytest.mark.parametrize("profile", ["rest-v4", "v3", "", "4"])
def test_an_invalid_profile(profile: str) -> None:
    """The error has the names."""
    with pytest.raises(ConfigError, match='`profile` must be "rest-v3" or a version of the engine'):
        connect(URL, anonymous=True, profile=profile)


def test_a_dataset_has_the_engine_that_is_installed(tmp_path: Path) -> None:
    """A profile of a dataset is refused."""
    path = write({"id": [1]}, str(tmp_path / "data"))
    with pytest.raises(ConfigError, match="`profile` is the engine of an endpoint"):
        connect(path, profile="rest-v3")
    assert present_engine().name == version("deeplake")
