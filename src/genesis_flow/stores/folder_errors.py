"""What an operating system says of a folder, as what a store says."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from genesis_flow.errors import InvalidParameter, StorageFull, StoreFailed, StoreUnreachable, TooManyOpenFiles

FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)

_LOG = logging.getLogger(__name__)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_MANY = (errno.EMFILE, errno.ENFILE)


@contextmanager
def translated() -> Iterator[None]:
    """Turns what an operating system says into what a store says."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from None
        if error.errno in _MANY:
            raise TooManyOpenFiles from None
        if error.errno in FORBIDDEN:
            raise StoreUnreachable("its folder may not be read or written to") from None
        if error.errno == errno.ENAMETOOLONG:
            raise InvalidParameter("name", "", "short enough for the path of a file") from None
        _LOG.exception("the folder of the store failed: %s", os.strerror(error.errno or 0))
        raise StoreFailed from None
