"""Session of pooled connections: nothing from the environment but proxies, no cookies, no retries of its own, every socket under the deadline."""

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
    """Return the addresses of a connection's host."""
    try:
        found = socket.getaddrinfo(connection._dns_host, connection.port, type=socket.SOCK_STREAM)  # noqa: SLF001 - urllib3's own attribute, of our subclass
    except (OSError, UnicodeError) as error:
        raise NameResolutionError(connection.host, connection, error) from None  # type: ignore[arg-type]  # a name that is no host is a UnicodeError
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _share(late: float, addresses: int) -> float:
    """Return the seconds for the next of some addresses: its part of what is left."""
    left = late - time.monotonic()
    guard = current()
    if guard is not None:
        left = min(left, guard.seconds_left)
    return max(0.001, left / addresses)


class _Connection(HTTPConnection):
    """A connection whose socket the deadline can shut, from the first byte on."""

    def _new_conn(self) -> socket.socket:
        """Connect to the first address of the host that answers; all of them share the time of one."""
        name, seconds = self._dns_host, self.timeout
        late = time.monotonic() + (seconds if isinstance(seconds, (int, float)) else CONNECT_SECONDS)
        addresses = _addresses(self)
        try:
            for number, address in enumerate(addresses, 1):
                self._dns_host = address
                self.timeout = _share(late, len(addresses) - number + 1)
                try:
                    made = super()._new_conn()
                except (NewConnectionError, ConnectTimeoutError):
                    if number == len(addresses):
                        raise
                else:
                    made.settimeout(seconds if isinstance(seconds, (int, float)) else None)
                    use(made)
                    return made
        finally:
            self._dns_host, self.timeout = name, seconds
        raise NewConnectionError(self, "the name of the host has no address")

    def _tunnel(self) -> None:
        """Ask the proxy for a way to the host; whatever goes wrong here is the proxy's doing."""
        try:
            super()._tunnel()
        except (OSError, HTTPException) as error:
            raise ProxyError("the proxy gave no way to the host", error) from None

    def request(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - urllib3's own, handed on
        """Send a request, on a kept connection perhaps."""
        use(self.sock)
        super().request(*arguments, **named)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    """A pool of such connections."""

    ConnectionCls = _Connection  # pyright: ignore[reportAssignmentType]  # urllib3 declares a protocol for it


class _SecurePool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = _SecureConnection  # pyright: ignore[reportAssignmentType]  # the same


class _Adapter(HTTPAdapter):
    """Hands out connections that the deadline can shut."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - requests' own, handed on
        """Make the pools."""
        super().init_poolmanager(*arguments, **named)
        _use_pools(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - requests' own, handed on
        """Make the pools of a proxy."""
        manager = super().proxy_manager_for(*arguments, **named)
        _use_pools(manager)
        return manager

    def close(self) -> None:
        """Close the connections: urllib3 leaves those of a pool open for as long as anything, the traceback of an error perhaps, holds the pool."""
        for manager in (self.poolmanager, *self.proxy_manager.values()):
            for key in manager.pools.keys():  # noqa: SIM118 - urllib3's container iterates over its keys in no other way
                manager.pools[key].close()
        super().close()


def _use_pools(manager: PoolManager) -> None:
    """Make a manager use our pools."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def session(url: str) -> requests.Session:
    """Return the session for a url; the environment's proxies are used beyond this machine only."""
    made = requests.Session()
    made.trust_env = False
    made.proxies = {} if is_loopback(url) else get_environ_proxies(url)
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.headers["User-Agent"] = f"deeplake-tql/{__version__}"
    made.headers["Accept"] = made.headers["Content-Type"] = "application/json"
    made.headers["Accept-Encoding"] = "identity" if is_loopback(url) else "gzip, deflate"
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Adapter(pool_maxsize=POOL, max_retries=0))
    return made
