"""OpenAPI description of the protocol, served by the local server."""

from __future__ import annotations

from typing import Any

from tql_client.version import __version__

_STRING = {"type": "string"}
_ERROR = {
    "type": "object",
    "required": ["description"],
    "properties": {"description": _STRING, "hint": _STRING},
}
_REASONS = {
    400: "the query is invalid, the request does not follow the protocol, or the answer is too large",
    401: "the token is missing or wrong",
    403: "the Host header is not a loopback address, or the Origin header is another site",
    404: "the dataset does not exist",
    408: "the request was not complete in time",
    413: "the request is too large",
    415: "the Content-Type header is not application/json",
    431: "the headers of the request are too large",
    500: "the query crashed the engine or ran too long, or the server failed",
    503: "the server has more requests or fewer processes and files than it needs: try again",
}
_REQUEST = {
    "type": "object",
    "required": ["query"],
    "properties": {
        "query": {
            **_STRING,
            "description": "a query in TQL",
            "examples": ['select id from "hub://org/dataset" limit 5'],
        },
        "as_list": {
            "type": "boolean",
            "default": True,
            "description": "true: one object per row; false: one list per column",
        },
    },
}
_RESPONSE = {
    "type": "object",
    "required": ["message", "tensors", "data"],
    "properties": {
        "message": _STRING,
        "tensors": {"type": "array", "items": _STRING},
        "data": {
            "oneOf": [
                {"type": "array", "items": {"type": "object"}},
                {"type": "object", "additionalProperties": {"type": "array"}},
            ]
        },
    },
}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a JSON body with a schema."""
    return {"application/json": {"schema": schema}}


def description(path: str, *, with_token: bool) -> dict[str, Any]:
    """Return the OpenAPI document of a server with the query endpoint at a path."""
    errors = {str(status): {"description": reason, "content": _json(_ERROR)} for status, reason in _REASONS.items()}
    post: dict[str, Any] = {
        "operationId": "query",
        "summary": "Run a query, and return its rows",
        "requestBody": {"required": True, "content": _json(_REQUEST)},
        "responses": {"200": {"description": "the rows", "content": _json(_RESPONSE)}, **errors},
    }
    if with_token:
        post["security"] = [{"token": []}]
    return {
        "openapi": "3.1.0",
        "info": {"title": "TQL over HTTP", "version": __version__},
        "paths": {path: {"post": post}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if with_token else {},
    }
