"""Imports go down only: each package of `genesis_flow` names the layer that it lives in, and nothing looks up."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import genesis_flow

ROOT = Path(genesis_flow.__file__).parent

# From the bottom to the top. Neighbours in one layer do not import each other.
LAYERS = (
    ("exceptions", "environment_variables", "distributions"),
    ("errors",),
    ("values",),
    ("rules", "search", "wire"),
    ("entities",),
    ("folders",),
    ("journals",),
    ("stores", "artifact_stores", "outbound"),
    ("client",),
    ("system_metrics", "data"),
    ("auth",),
    ("artifacts",),
    ("service",),
    ("fluent",),
    ("tracking", "config", "diagnosis"),
    ("server",),
    ("cli", "testing"),
    ("__main__",),
)
LAYER_OF = {package: layer for layer, packages in enumerate(LAYERS) for package in packages}

# Two halves that never import each other: what makes the server, and what makes the client.
SERVER_SIDE = frozenset({"stores", "auth", "service", "server"})
CLIENT_SIDE = frozenset(
    {"client", "fluent", "artifacts", "tracking", "config", "data", "diagnosis", "system_metrics", "compat"}
)

ROOT_MODULE = "genesis_flow"
"""It names everything public, and loads nothing of it before it is used (``tests/client/test_surface.py``)."""
IN_PROCESS = "genesis_flow.client.local"
"""The one exception: the store of a database in the client's own process, which is loaded only if it is asked for."""


@dataclass(frozen=True)
class Import:
    """A module of ours that names another one."""

    importer: str
    imported: str
    line: int
    at_top: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def module_name(path: Path) -> str:
    """`stores/sql/runs.py` → `genesis_flow.stores.sql.runs`."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in ROOT.rglob("*.py")}


def package_of(module: str) -> str:
    """The first name below `genesis_flow`; empty for `genesis_flow` itself, which all may import."""
    return module.partition(".")[2].partition(".")[0]


def imports_of(module: str, source: str) -> Iterator[Import]:
    """The imports of our own modules in a source text, also those inside functions."""
    tree = ast.parse(source)
    top = set(tree.body)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            # `from package import name`: the name may be a module or something in the package.
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else str(node.module) for name in inside]
        else:
            continue
        for name in names:
            if name.partition(".")[0] == "genesis_flow":
                yield Import(module, name, node.lineno, node in top)


IMPORTS = [found for module, path in MODULES.items() for found in imports_of(module, path.read_text(encoding="utf-8"))]


def goes_down(found: Import) -> bool:
    """Whether an import stays in its package or reaches a lower layer, or is the one that may look up."""
    if found.importer in (IN_PROCESS, ROOT_MODULE):
        return True
    importer, imported = package_of(found.importer), package_of(found.imported)
    return imported in ("", importer) or LAYER_OF[imported] < LAYER_OF[importer]


def test_every_package_has_a_layer() -> None:
    assert {package_of(module) for module in MODULES} - {""} <= set(LAYER_OF)


def test_imports_go_down_only() -> None:
    assert [str(found) for found in IMPORTS if not goes_down(found)] == []


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for found in IMPORTS:
        if found.at_top and found.imported != found.importer:
            graph[found.importer].add(found.imported)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"circle: {' ← '.join(error.args[1])}")


def test_only_the_command_line_and_the_tests_know_the_server_side() -> None:
    known = [f for f in IMPORTS if package_of(f.imported) in SERVER_SIDE and f.importer != IN_PROCESS]
    assert {package_of(f.importer) for f in known} - SERVER_SIDE <= {"cli", "testing"}


def test_the_server_side_knows_nothing_of_the_client_side() -> None:
    assert [
        str(f) for f in IMPORTS if package_of(f.importer) in SERVER_SIDE and package_of(f.imported) in CLIENT_SIDE
    ] == []


def test_the_store_in_process_is_loaded_only_when_it_is_asked_for() -> None:
    assert [
        str(f) for f in IMPORTS if f.importer == IN_PROCESS and package_of(f.imported) in SERVER_SIDE and f.at_top
    ] == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("genesis_flow.errors", "from genesis_flow.values import runs"),
        ("genesis_flow.rules.ids", "import genesis_flow.search.parse"),
        ("genesis_flow.stores.open", "def open_store():\n    from genesis_flow.service.service import Service"),
        ("genesis_flow.artifact_stores.open", "from genesis_flow import stores"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_noticed(module: str, source: str) -> None:
    assert not all(goes_down(found) for found in imports_of(module, source))


def test_a_relative_import_is_noticed() -> None:
    with pytest.raises(AssertionError, match="relatively"):
        list(imports_of("genesis_flow.stores.open", "from . import protocol"))
