"""From a path and a method to what answers them.

A path without fields is one look into a dictionary, however many routes there are; one with fields is walked
segment by segment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genesis_flow.errors import MethodNotAllowed, UnknownEndpoint
from genesis_flow.server.http import Handler

Methods = dict[str, "Route"]


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        path: as it was added, which is its name in logs and metrics.
        handler: what answers it.
        names: the names of the fields in the path, in order.
    """

    path: str
    handler: Handler
    names: tuple[str, ...] = ()


@dataclass
class _Node:
    """A place in the tree of paths that have fields."""

    children: dict[str, _Node] = field(default_factory=dict)
    any_child: _Node | None = None
    rest: Methods = field(default_factory=dict)
    methods: Methods = field(default_factory=dict)


class Router:
    """Routes by path and method.

    A segment ``{name}`` takes any one segment that is not empty; a last segment ``{name:path}`` takes all that is left,
    also if it is empty.
    """

    def __init__(self) -> None:
        self._plain: dict[str, Methods] = {}
        self._root = _Node()

    def add(self, method: str, path: str, handler: Handler) -> None:
        """Adds a route; the first of two for one path and method stays."""
        segments = path.split("/")
        names = tuple(s[1:-1].removesuffix(":path") for s in segments if s.startswith("{"))
        route = Route(path, handler, names)
        if not names:
            self._plain.setdefault(path, {}).setdefault(method, route)
            return
        node = self._root
        for segment in segments:
            if segment.endswith(":path}"):
                node.rest.setdefault(method, route)
                return
            if segment.startswith("{"):
                node.any_child = node.any_child or _Node()
                node = node.any_child
            else:
                node = node.children.setdefault(segment, _Node())
        node.methods.setdefault(method, route)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """The route, and the fields in the path; HEAD is answered by what answers GET.

        Raises:
            UnknownEndpoint: no route has this path.
            MethodNotAllowed: some has, but not for this method.
        """
        if method == "HEAD":
            method = "GET"
        methods = self._plain.get(path, {})
        route = methods.get(method)
        if route is not None:
            return route, {}
        walked, values = self._walk(path)
        route = walked.get(method)
        if route is not None:
            return route, dict(zip(route.names, values, strict=True))
        if methods or walked:
            raise MethodNotAllowed(method, tuple(sorted({*methods, *walked})))
        raise UnknownEndpoint(path)

    def _walk(self, path: str) -> tuple[Methods, list[str]]:
        """The routes of a path with fields by method, none if there is no such path, and the fields' values."""
        node, values = self._root, list[str]()
        rest: tuple[Methods, list[str]] = {}, []
        segments = path.split("/")
        for i, segment in enumerate(segments):
            if node.rest:
                rest = node.rest, [*values, "/".join(segments[i:])]
            if segment in node.children:
                node = node.children[segment]
            elif node.any_child is not None and segment:
                values.append(segment)
                node = node.any_child
            else:
                return rest
        return (node.methods, values) if node.methods else rest
