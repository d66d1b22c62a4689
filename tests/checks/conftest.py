"""Know the columns of the data that the measured verdicts were made on, once for all tests of the checks."""

from __future__ import annotations

import pytest

from tests.corpus import datasets
from tql import Schema


@pytest.fixture(scope="session")
def schemas() -> dict[str, Schema]:
    """Return the columns of each dataset."""
    return {f"mem://{name}": Schema.from_dataset(made) for name, made in datasets.build().items()}
