"""Session with a connection pool: sockets that the deadline can shut down, proxies of the environment, no cookies, no netrc, no retries of urllib3."""

from __future__ import annotations

import socket
import time
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError, ProxyError

from tql_client.protocol.address import is_loopback
from tql_client.transport.deadline import current, use
from tql_client.version import __version__

if TYPE_CHECKING:
    from typing import Any

    from urllib3.poolmanager import PoolManager

POOL = 32
CONNECT_SECONDS = 5.0


def _addresses(connection: HTTPConnection) -> list[str]:
    """Return the IP addresses of a connection's host."""
    try:
        infos = socket.getaddrinfo(connection._dns_host, connection.port, type=socket.SOCK_STREAM)  # noqa: SLF001 - an attribute of urllib3, read in a subclass
    except (OSError, UnicodeError) as error:
        raise NameResolutionError(connection.host, connection, error) from None  # type: ignore[arg-type]  # an invalid host name is a UnicodeError
    return list(dict.fromkeys(str(address[0]) for *_, address in infos))


def _share(deadline: float, addresses: int) -> float:
    """Return the timeout for the next of some addresses: an equal share of the time left."""
    left = deadline - time.monotonic()
    guard = current()
    if guard is not None:
        left = min(left, guard.seconds_left)
    return max(0.001, left / addresses)


class _Connection(HTTPConnection):
    """A connection whose socket the watchdog can shut down at the deadline."""

    def _new_conn(self) -> socket.socket:
        """Connect to the first address of the host that accepts; all addresses share one connect timeout."""
        name, seconds = self._dns_host, self.timeout
        deadline = time.monotonic() + (seconds if isinstance(seconds, (int, float)) else CONNECT_SECONDS)
        addresses = _addresses(self)
        try:
            for number, address in enumerate(addresses, 1):
                self._dns_host = address
                self.timeout = _share(deadline, len(addresses) - number + 1)
                try:
                    connection = super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError):
                    if number == len(addresses):
                        raise
                else:
                    connection.settimeout(seconds if isinstance(seconds, (int, float)) else None)
                    use(connection)
                    return connection
        finally:
            self._dns_host, self.timeout = name, seconds
        raise NewConnectionError(self, "the host name has no address")

    def _tunnel(self) -> None:
        """Open a tunnel through the proxy; every failure here is a `ProxyError`."""
        try:
            super()._tunnel()
        except (OSError, HTTPException) as error:
            raise ProxyError("the proxy opened no tunnel to the host", error) from None

    def request(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - arguments of urllib3, passed on
        """Send a request, possibly on a pooled connection."""
        use(self.sock)
        super().request(*arguments, **named)


class _SecureConnection(_Connection, HTTPSConnection):
    """A connection over TLS whose socket the watchdog can shut down at the deadline."""


class _Pool(HTTPConnectionPool):
    """A pool of HTTP connections."""

    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # urllib3 declares a protocol for it


class _SecurePool(HTTPSConnectionPool):
    """A connection over TLS whose socket the watchdog can shut down at the deadline."""

    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]  # urllib3 declares a protocol for it


class _Adapter(HTTPAdapter):
    """An adapter of requests that uses the connections of this module."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - arguments of requests, passed on
        """Create the pool manager with the pools of this module."""
        super().init_poolmanager(*arguments, **named)
        _use_pools(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - arguments of requests, passed on
        """Create the pool manager of a proxy with the pools of this module."""
        manager = super().proxy_manager_for(*arguments, **named)
        _use_pools(manager)
        return manager

    def close(self) -> None:
        """Close all connections; urllib3 leaves those of a pool open while anything refers to it, for example the traceback of an error."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - urllib3's container is not iterable itself
                manager.pools[key].close()
        super().close()


def _use_pools(manager: PoolManager) -> None:
    """Set the pool classes of a pool manager to those of this module."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def create_session(url: str) -> requests.Session:
    """Return a session for a URL; requests to this machine bypass the proxies of the environment."""
    session = requests.Session()
    session.trust_env = False
    session.proxies = {} if is_loopback(url) else get_environ_proxies(url)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = f"deeplake-tql/{__version__}"
    session.headers["Accept"] = session.headers["Content-Type"] = "application/json"
    session.headers["Accept-Encoding"] = "identity" if is_loopback(url) else "gzip, deflate"
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_maxsize=POOL, max_retries=0))
    return session
