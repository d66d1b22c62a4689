"""Queries that an editor runs: on the dataset of the project, by the engine in a child process that ends with the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tql_grammar.errors import TqlError

if TYPE_CHECKING:
    from tql_client import Client

# Seconds for a query.
SECONDS = 30.0
NO_DATASET = 'no dataset: write dataset = "./data" below [tool.tql] in pyproject.toml'


class Runs:
    """The clients of the datasets on which queries ran."""

    def __init__(self) -> None:
        """Begin without a client."""
        self._clients: dict[str, Client] = {}

    def run(self, query: str, dataset: str) -> str:
        """Return the first rows of a query as a table, or the message of its error."""
        if not dataset:
            return NO_DATASET
        try:
            return str(self._client(dataset).query(query))
        except TqlError as error:
            return str(error)

    def _client(self, dataset: str) -> Client:
        """Return the client of a dataset."""
        from tql_client import connect

        if dataset not in self._clients:
            self._clients[dataset] = connect(dataset, isolated=True, timeout=SECONDS)
        return self._clients[dataset]

    def close(self) -> None:
        """End the engine's processes."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
