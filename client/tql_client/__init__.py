"""
Send queries to a Deep Lake query endpoint, or to the engine in this process, and take the rows back.

``connect(url).query(query).rows`` is all of it; `serve` offers datasets over the same protocol on this machine.
"""

from tql_client import errors
from tql_client.client import Client, connect
from tql_client.results.result import Result
from tql_client.server.local import serve
from tql_client.version import __version__ as __version__

__all__ = ["Client", "Result", "connect", "errors", "serve"]
