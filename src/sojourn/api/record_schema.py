"""JSON Schema of what results tell, made from the records themselves.

In: a frozen record. Out: the schema of its `to_dict()`, and of the records inside it. Fields that begin with an underscore stay out.
"""

from __future__ import annotations

import dataclasses
import types
from typing import Any, Literal, Union, get_args, get_origin

from sojourn.api.docstrings import hints, section, sentence

_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    # Not a number and infinity are nothing JSON knows: they are null.
    float: {"type": ["number", "null"]},
    types.NoneType: {"type": "null"},
    Any: {},
}


def record_schema(record: type, components: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A reference to the record's schema.

    Args:
        record: A dataclass whose fields are explained under `Attributes:`.
        components: Schemas by name; this one's and those it needs are added.

    Raises:
        TypeError: A field has a type that JSON cannot tell.
    """
    name = record.__name__
    if name not in components:
        components[name] = {}
        told, kinds = section(record, "Attributes"), hints(record)
        properties = {}
        for field in dataclasses.fields(record):
            if field.name.startswith("_"):
                continue
            form = _form(kinds[field.name], components)
            about = told.get(field.name)
            properties[field.name.rstrip("_")] = form | {"description": about} if about else form
        components[name] = {
            "type": "object",
            "description": sentence(record),
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return {"$ref": f"#/components/schemas/{name}"}


def _form(hint: Any, components: dict[str, dict[str, Any]]) -> dict[str, Any]:  # noqa: ANN401  (a type)
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_form(member, components) for member in inner]}
    if origin is Literal:
        return {"type": "string", "enum": [*inner]}
    if origin in (tuple, list):
        if origin is tuple and len(inner) == 2 and inner[1] is Ellipsis:  # noqa: PLR2004  (`tuple[X, ...]`)
            inner = inner[:1]
        if len(inner) == 1:
            return {"type": "array", "items": _form(inner[0], components)}
        forms = [_form(member, components) for member in inner]
        return {"type": "array", "prefixItems": forms, "minItems": len(forms), "maxItems": len(forms)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _form(inner[1], components)}
    if dataclasses.is_dataclass(hint):
        return record_schema(hint, components)  # type: ignore[arg-type]  # a hint is a class, not an instance
    raise TypeError(f"JSON cannot tell {hint}")
