"""The API told in OpenAPI 3.1: every path with its parameters, answers and errors, from the endpoints themselves.

In: endpoints. Out: the document as plain dictionaries. Nothing about a path is written here.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sojourn.api.endpoint import Components, Endpoint
    from sojourn.api.options import Option

_ERROR: dict[str, Any] = {
    "type": "object",
    "description": "Why there is no answer, and what to do.",
    "properties": {
        "code": {"type": "string", "description": "Which error, for programs."},
        "message": {"type": "string", "description": "What came, what was expected, what to do; for people."},
        "field": {"type": "string", "description": "The parameter, or `body`, that was not what it should be."},
    },
    "required": ["code", "message"],
    "additionalProperties": False,
}
ERRORS: dict[int, str] = {
    400: "A parameter or the body is not what was expected, or the log has no such event or column; `field` names it where one is to blame.",
    401: "No token, or none that opens.",
    403: "The token's role may not.",
    404: "There is no such thing.",
    409: "It cannot be done now: the folder holds no events yet, or another process is writing.",
    413: "The body is too large.",
    507: "The disk is full.",
}
"""Statuses of errors, and what each means."""


def openapi(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The document.

    Args:
        endpoints: All of the API.
    """
    components: Components = {"Error": _ERROR}
    paths: dict[str, dict[str, Any]] = {}
    for one in endpoints:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sojourn",
            "version": version("sojourn"),
            "description": "Questions about journeys, and the things of a data folder. Send `Authorization: Bearer TOKEN`; "
            "`sojourn keys create NAME --role viewer` makes a token. Numbers that cannot be told, such as a share of nobody, are null.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A key with a role: viewer, analyst, marketer or admin.",
                }
            },
            "responses": {str(status): _error(about) for status, about in ERRORS.items()},
        },
    }


def _error(about: str) -> dict[str, Any]:
    return {"description": about, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}


def _operation(one: Endpoint, components: Components) -> dict[str, Any]:
    answer: dict[str, Any] = {"application/json": {"schema": one.tells(components)}}
    if one.table:
        answer["text/csv"] = {"schema": {"type": "string"}}
    told: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.about,
        "description": f"Least role: {one.role}.",
        "tags": [one.group],
        "parameters": [*_places(one), *(_parameter(option) for option in one.parameters)],
        "responses": {
            str(one.status): {"description": one.about, "content": answer},
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in ERRORS},
        },
    }
    if one.body is not None:
        told["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": one.body_schema(components)}},
        }
    return told


def _places(one: Endpoint) -> list[dict[str, Any]]:
    schema = {"type": "string", "minLength": 1, "maxLength": 1000}
    return [
        {"name": name, "in": "path", "required": True, "description": about, "schema": schema}
        for name, about in one.places.items()
    ]


def _parameter(option: Option) -> dict[str, Any]:
    return {
        "name": option.name,
        "in": "query",
        "required": option.required,
        "description": option.about,
        "schema": option.schema(),
    }
