"""A file that is larger than the memory that a server may take for it."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterator

from tests.serving import FILES, Server

MIB = 2**20
LARGE_FILE = f"{FILES}/large.bin"


def growth_of_both_ways(server: Server, mebibytes: int) -> int:
    """Sends a file and reads it back, which must be the same; by how many bytes the server grew meanwhile at most."""
    before, peak, sent, received = server.memory_bytes(), 0, hashlib.sha256(), hashlib.sha256()

    def blocks() -> Iterator[bytes]:
        nonlocal peak
        for number in range(mebibytes):
            block = number.to_bytes(4, "big") * (MIB // 4)
            sent.update(block)
            yield block
            peak = max(peak, server.memory_bytes())

    assert server.send("PUT", LARGE_FILE, blocks()).status == 200

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("GET", LARGE_FILE)
    response = connection.getresponse()
    while block := response.read(MIB):
        received.update(block)
        peak = max(peak, server.memory_bytes())
    connection.close()
    assert received.digest() == sent.digest()
    return peak - before
