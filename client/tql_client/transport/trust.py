"""Certificates: the CA bundle that verifies the server, and the client's own certificate; each is validated before anything is sent."""

from __future__ import annotations

import os

from tql_client.errors import ConfigError

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def validate_verify(verify: object) -> bool | str | None:
    """
    Return a valid `verify`.

    Raises:
        ConfigError: it is neither a path of a file or folder that exists, nor True, False or None; requests treats an empty string as False, which disables the verification.
    """
    if verify is None or isinstance(verify, bool):
        return verify
    if not (isinstance(verify, str) and verify.strip()):
        message = f"`verify` must be the path of a CA bundle, True, False or None, got {verify!r}; None uses certifi's bundle, False disables the verification"
        raise ConfigError(message)
    return _existing(verify, "the CA bundle of connect(.., verify=..)")


def validate_cert(cert: object) -> str | tuple[str, str] | None:
    """
    Return a valid `cert`.

    Raises:
        ConfigError: it is neither the path of a file nor the paths of a certificate and its key, or a file does not exist.
    """
    if cert is None:
        return None
    given: tuple[object, ...] = cert if isinstance(cert, tuple) else (cert,)
    paths = [path for path in given if isinstance(path, str) and path.strip()]
    if len(given) not in {1, 2} or len(paths) < len(given):
        message = "`cert` must be the path of a file with a certificate and its key, or a tuple of the paths of both"
        raise ConfigError(message)
    found = [_existing(path, "the file of connect(.., cert=..)") for path in paths]
    return found[0] if len(found) == 1 else (found[0], found[1])


def environment_bundle() -> bool | str:
    """
    Return the CA bundle that the environment names, or True for certifi's bundle.

    Raises:
        ConfigError: the bundle does not exist.
    """
    for variable in VARIABLES:
        path = os.environ.get(variable)
        if path:
            return _existing(path, f"the CA bundle of {variable} in the environment")
    return True


def _existing(path: str, subject: str) -> str:
    """Return a path that exists, or raise with the subject of the message."""
    try:
        exists = os.path.exists(path)  # noqa: PTH110 - pathlib costs 8 ms to import
    except ValueError:  # a NUL in the path
        exists = False
    if not exists:
        message = f"{subject} does not exist: {path!r}"
        raise ConfigError(message)
    return path
