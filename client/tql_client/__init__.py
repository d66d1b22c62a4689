"""
Client for Deep Lake queries, over HTTP or with the engine in this process.

``connect(url).query(query).rows`` sends a query and returns its rows; `serve` runs a local server of the same protocol.
"""

from tql_client import errors
from tql_client.client import Client
from tql_client.connection import connect
from tql_client.results.result import Result
from tql_client.server.local import serve
from tql_client.version import __version__ as __version__

__all__ = ["Client", "Result", "connect", "errors", "serve"]


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted([*__all__, "__version__"])
