"""OpenAPI 3.1, printed from the table of operations."""

from __future__ import annotations

import functools
from typing import Any

import msgspec

from genesis_flow import __version__
from genesis_flow.wire.operations import OPERATIONS, Operation

COMPONENTS = "#/components/schemas/{name}"
ERROR = {
    "type": "object",
    "required": ["error_code", "message"],
    "properties": {"error_code": {"type": "string"}, "message": {"type": "string"}},
}


@functools.cache
def document(implemented: frozenset[str]) -> bytes:
    """The description of the operations of these names, as JSON."""
    rows = [row for row in OPERATIONS if row.name in implemented]
    types = {type_ for row in rows for type_ in (row.request, row.response)}
    schemas, components = msgspec.json.schema_components(types, ref_template=COMPONENTS)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        path = paths.setdefault(row.path, {})
        path[row.method.lower()] = _operation(row, by_type[row.request], by_type[row.response], components)
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {"title": "Genesis-Flow", "version": __version__, "license": {"name": "Apache-2.0"}},
            "paths": dict(sorted(paths.items())),
            "components": {"schemas": {**components, "Error": ERROR}},
        }
    )


def _operation(
    row: Operation[Any, Any], request: dict[str, Any], response: dict[str, Any], components: dict[str, Any]
) -> dict[str, Any]:
    in_path = [segment[1:-1] for segment in row.path.split("/") if segment.startswith("{")]
    fields = components[row.request.__name__].get("properties", {})
    required = components[row.request.__name__].get("required", [])
    parameters = [_parameter(name, fields.get(name, {"type": "string"}), "path", True) for name in in_path]
    described: dict[str, Any] = {
        "operationId": f"{row.name}_{row.method.lower()}",
        "tags": [row.permission.partition(":")[0]],
        "x-permission": row.permission,
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": response}}},
            "default": {
                "description": "An error.",
                "content": {"application/json": {"schema": {"$ref": COMPONENTS.format(name="Error")}}},
            },
        },
    }
    if row.method == "GET":
        parameters += [
            _parameter(name, schema, "query", name in required)
            for name, schema in fields.items()
            if name not in in_path
        ]
    elif set(fields) - set(in_path):
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": request}}}
    if parameters:
        described["parameters"] = parameters
    return described


def _parameter(name: str, schema: dict[str, Any], place: str, required: bool) -> dict[str, Any]:
    return {"name": name, "in": place, "required": required, "schema": schema}
