"""The digests of local files, beside them: a small file for each, below one folder that nobody can ask for.

A digest is kept with the version of the file that it is of, so it is right or it is not there: a file that another
program wrote over has none, and a digest that a crash lost is only not told. The extended attributes of a file would
be simpler, and are lost by half of the tools that copy files.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from contextlib import suppress

from genesis_flow.errors import InvalidPath
from genesis_flow.folders import Folder
from genesis_flow.rules.paths import SafeRelPath

DIGESTS_NAME = ".genesis-flow-digests"
DIGESTS = SafeRelPath((DIGESTS_NAME,))
"""Below every root: a tree like that of the files."""

_NOTE = re.compile(rb"([0-9a-f]{32}) ([0-9a-f]{64})\n")


def note(open_root: Callable[[], Folder], path: SafeRelPath, version: str, sha256: str) -> None:
    """Keeps the digest of a version of a file, if the disk lets us."""
    with suppress(OSError, InvalidPath), open_root().walk((DIGESTS / path).parent, make=True, mode=0o700) as folder:
        fresh = secrets.token_hex(16)
        with folder.create_file(fresh) as file:
            file.write(f"{version} {sha256}\n".encode())
        try:
            folder.move(fresh, folder, path.name)
        except OSError:
            folder.unlink(fresh)
            raise


def noted(open_root: Callable[[], Folder], path: SafeRelPath, version: str) -> str | None:
    """The digest of a version of a file, if it was kept."""
    with suppress(OSError, InvalidPath), open_root().walk((DIGESTS / path).parent) as folder:
        with folder.open_file(path.name) as file:
            found = _NOTE.fullmatch(file.read(100))
        if found and found[1].decode() == version:
            return found[2].decode()
    return None
