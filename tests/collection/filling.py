"""Runs and models with files, and what is left of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.artifact_stores.protocol import ArtifactStore, Usage
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.service.collection import Collected, Collector, Wanted
from genesis_flow.stores.collecting import CollectionStore
from genesis_flow.stores.protocol import Store
from genesis_flow.testing.calls import new_model, new_run
from genesis_flow.testing.registry_calls import new_registered
from genesis_flow.wire.messages import registry

EVER = 2**62
ROOT = "mlflow-artifacts:/"


async def _body(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


@dataclass
class Filling:
    """A store of everything and a store of files."""

    store: Store
    files: ArtifactStore

    @property
    def roots(self) -> Roots:
        return Roots(destination=self.files)

    async def write(self, path: str, text: str = "x") -> str:
        await self.files.write(SafeRelPath.parse(path), _body(text))
        return path

    async def run(self, experiment: str, *names: str) -> str:
        """A run with files of these names."""
        run_id = await new_run(self.store, experiment)
        for name in names:
            await self.write(f"{experiment}/{run_id}/artifacts/{name}")
        return run_id

    async def model(self, experiment: str, *names: str) -> str:
        """A logged model with files of these names."""
        model_id = await new_model(self.store, experiment)
        for name in names:
            await self.write(f"{experiment}/models/{model_id}/artifacts/{name}")
        return model_id

    async def version(self, source: str) -> str:
        """The name of a registered model with a version of this source."""
        name = await new_registered(self.store)
        await self.store.create_model_version(registry.CreateModelVersion(name=name, source=source))
        return name

    async def left(self, path: str = "") -> list[str]:
        """The files below a directory."""
        folders, found = [SafeRelPath.parse(path)], []
        while folders:
            for info in await self.files.list(folders.pop()):
                folders += [info.path] if info.is_dir else []
                found += [] if info.is_dir else [str(info.path)]
        return sorted(found)

    def collector(self, *, dry_run: bool = False) -> Collector:
        assert isinstance(self.store, CollectionStore)
        return Collector(self.store, self.roots, dry_run=dry_run)

    async def collect(self, wanted: Wanted | None = None, *, dry_run: bool = False) -> Sequence[Collected]:
        """What became of what was due."""
        return [one async for one in self.collector(dry_run=dry_run).collect(wanted or Wanted(EVER))]


def outcomes(found: Sequence[Collected]) -> dict[str, str]:
    """By id."""
    return {one.deleted.id: one.outcome for one in found}


def usage(found: Sequence[Collected]) -> Usage:
    """Of all."""
    return sum((one.usage for one in found), Usage())
