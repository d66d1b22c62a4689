"""Public import name of the small datasets for tests."""

from tql_client.testing.datasets import write

__all__ = ["write"]
