"""An address of the web as the source of a dataset."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from genesis_flow.data.dataset_source import DatasetSource
from genesis_flow.data.secrets import without_secrets
from genesis_flow.errors import InvalidParameter, Unavailable

if TYPE_CHECKING:
    from typing_extensions import Self
    from urllib3 import BaseHTTPResponse

TIMEOUT_S = 60
CHUNK_BYTES = 2**20
_FILE_NAME = re.compile(r'filename="?([^";]+)')
_ODD = re.compile(r"[\x00-\x1f<>:\"/\\|?*]")


class HTTPDatasetSource(DatasetSource):
    """A file at an ``http:`` or ``https:`` address.

    Args:
        url: the address. A password or a signature in it is used to fetch the file, and never logged.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @property
    def url(self) -> str:
        """The address."""
        return self._url

    @classmethod
    def _get_source_type(cls) -> str:
        return "http"

    def load(self, dst_path: str | None = None) -> str:
        """Fetches the file.

        Args:
            dst_path: a folder to put it into; by default one that is made for it.

        Returns:
            The path of the file, which is complete. What it is called comes from the server or the address, and never
            leads out of the folder.

        Raises:
            Unavailable: there is no answer, or another one than the file.
        """
        import urllib3  # the HTTP library is loaded for those who fetch

        folder = Path(dst_path or tempfile.mkdtemp())
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with urllib3.PoolManager() as pool:
                response = pool.request("GET", self._url, preload_content=False, timeout=TIMEOUT_S)
                if response.status != 200:
                    raise Unavailable(f"The server of the dataset answered with status {response.status}.")
                return _save(response, folder / _name(response.headers.get("Content-Disposition", ""), self._url))
        except urllib3.exceptions.HTTPError as error:
            raise Unavailable(f"The dataset cannot be fetched: {type(error).__name__}.") from None

    @classmethod
    def _can_resolve(cls, raw_source: Any) -> bool:
        return isinstance(raw_source, str) and raw_source.lower().startswith(("http://", "https://"))

    @classmethod
    def _resolve(cls, raw_source: Any) -> Self:
        return cls(raw_source)

    def to_dict(self) -> dict[str, Any]:
        """The address, without secrets."""
        return {"url": without_secrets(self._url)}

    @classmethod
    def from_dict(cls, source_dict: Mapping[Any, Any]) -> Self:
        """The source at ``url``.

        Raises:
            InvalidParameter: it has none.
        """
        url = source_dict.get("url")
        if not isinstance(url, str):
            raise InvalidParameter("source", source_dict, "an object with a 'url'")
        return cls(url)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({without_secrets(self._url)!r})"


def _name(disposition: str, url: str) -> str:
    """A name for the file, of one segment, whatever a server says."""
    told = _FILE_NAME.search(disposition)
    name = _ODD.sub("_", told[1] if told else unquote(urlsplit(url).path).rpartition("/")[2])
    return name if name.strip(". ") else "dataset"


def _save(response: BaseHTTPResponse, path: Path) -> str:
    part = path.with_name(f"{path.name}.{os.getpid()}.part")  # a file that breaks off is never taken for a whole one
    try:
        with part.open("wb") as file:
            for chunk in response.stream(CHUNK_BYTES):
                file.write(chunk)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return str(path)
