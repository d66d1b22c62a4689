"""Public import name of the function that writes small datasets for tests."""

from tql_client.testing.datasets import write

__all__ = ["write"]
