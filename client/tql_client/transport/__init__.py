"""Transport of queries over HTTP; the only package that imports requests."""

from tql_client.transport.http import HttpTransport

__all__ = ["HttpTransport"]
