"""Artifacts: which files a request means, and nothing outside the roots that the operator gave."""

from __future__ import annotations

from collections.abc import AsyncIterator

from genesis_flow.artifact_stores.open import Roots, locate
from genesis_flow.artifact_stores.protocol import ArtifactReader, ArtifactStore, Written
from genesis_flow.errors import ArtifactsNotServed, LoggedModelNotFound, MissingParameter, RunNotFound
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.rules.texts import require
from genesis_flow.service.listing import Asked, Listing
from genesis_flow.service.verb import Verb, Verbs
from genesis_flow.stores.protocol import Store
from genesis_flow.wire import codec
from genesis_flow.wire.messages import extended
from genesis_flow.wire.messages import logged_models as model_messages
from genesis_flow.wire.messages import runs as run_messages


class Artifacts:
    """The files of runs and models.

    Args:
        store: where runs and models are, whose locations say where their files are.
        roots: the locations that this server may touch.
    """

    def __init__(self, store: Store, roots: Roots) -> None:
        self._store = store
        self._roots = roots
        self._listing = Listing(store)

    def verbs(self) -> Verbs:
        """The verbs that answer with a message; files are streamed by the methods below."""
        return {
            "list_artifacts": Verb(self.list_of_run),
            "list_logged_model_artifacts": Verb(self.list_of_model),
            "list_proxied_artifacts": Verb(self.list_proxied),
        }

    @property
    def served(self) -> ArtifactStore:
        """What ``mlflow-artifacts:`` means here.

        Raises:
            ArtifactsNotServed: the operator turned the proxy off.
        """
        if self._roots.destination is None:
            raise ArtifactsNotServed
        return self._roots.destination

    @property
    def serves(self) -> bool:
        """Whether the proxy is on."""
        return self._roots.destination is not None

    def locate(self, uri: str) -> tuple[ArtifactStore, SafeRelPath]:
        """The store of a location and the path in it, if it is one of this server's.

        Raises:
            ArtifactsOutsideRoots: it is not.
        """
        return locate(uri, roots=self._roots)

    async def list_of_run(self, message: extended.ListArtifacts) -> extended.ListArtifactsResponse:
        """One directory of a run's artifacts, with paths from the run's root."""
        uri = await self.of_run(require("run_id", message.run_id or message.run_uuid))
        return await self._list(uri, message.path or "", message)

    async def list_of_model(self, message: extended.ListLoggedModelArtifacts) -> extended.ListArtifactsResponse:
        """One directory of a model's artifacts, with paths from the model's root."""
        uri = await self.of_model(message.model_id)
        return await self._list(uri, message.artifact_directory_path or "", message)

    async def list_proxied(self, message: extended.ListProxiedArtifacts) -> extended.ListProxiedArtifactsResponse:
        """One directory of the proxy's destination, with paths from that directory."""
        path = SafeRelPath.normalize(message.path or "")
        files, token = await self._listing.list(self.served, path, path, message, "proxied")
        return extended.ListProxiedArtifactsResponse(files=files, next_page_token=token)

    async def open_of_run(self, run_id: str, path: str) -> ArtifactReader:
        """Opens a file of a run."""
        store, root = self.locate(await self.of_run(require("run_id", run_id)))
        return await store.open(root / SafeRelPath.parse(require("path", path)))

    async def open_of_model(self, model_id: str, path: str) -> ArtifactReader:
        """Opens a file of a logged model."""
        store, root = self.locate(await self.of_model(model_id))
        return await store.open(root / SafeRelPath.parse(require("artifact_file_path", path)))

    async def write_of_run(
        self, run_id: str, path: str, chunks: AsyncIterator[bytes], *, sha256: str | None = None
    ) -> Written:
        """Stores a file of a run."""
        store, root = self.locate(await self.of_run(require("run_id", run_id)))
        return await store.write(root / SafeRelPath.parse(require("path", path)), chunks, sha256=sha256)

    async def open_proxied(self, path: str) -> ArtifactReader:
        """Opens a file of the proxy's destination."""
        return await self.served.open(SafeRelPath.parse(path))

    async def write_proxied(self, path: str, chunks: AsyncIterator[bytes], *, sha256: str | None = None) -> Written:
        """Stores a file in the proxy's destination."""
        if not path or path.endswith("/"):
            raise MissingParameter("artifact_path")
        return await self.served.write(SafeRelPath.parse(path), chunks, sha256=sha256)

    async def delete_proxied(self, path: str) -> None:
        """Deletes a file or a directory of the proxy's destination."""
        await self.served.delete(SafeRelPath.normalize(path))

    async def close(self) -> None:
        """Closes the stores of files."""
        for store in self._roots.stores:
            await store.close()

    async def _list(self, uri: str, path: str, asked: Asked) -> extended.ListArtifactsResponse:
        store, root = self.locate(uri)
        files, token = await self._listing.list(store, root, root / SafeRelPath.normalize(path), asked, uri)
        return extended.ListArtifactsResponse(root_uri=uri, files=files, next_page_token=token)

    async def of_run(self, run_id: str) -> str:
        """The location of a run's artifacts."""
        run = codec.value(await self._store.get_run(run_messages.GetRun(run_id=run_id))).run
        if run is None or run.info is None or run.info.artifact_uri is None:
            raise RunNotFound(run_id)
        return run.info.artifact_uri

    async def of_model(self, model_id: str) -> str:
        """The location of a model's artifacts."""
        reply = await self._store.get_logged_model(model_messages.GetLoggedModel(model_id=model_id))
        model = codec.value(reply).model
        if model is None or model.info is None or model.info.artifact_uri is None:
            raise LoggedModelNotFound(model_id)
        return model.info.artifact_uri
