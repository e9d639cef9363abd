from __future__ import annotations

import subprocess
import sys

# Types that no thread has used, many times: a race is lost only now and then, and the loser is the whole process.
_PROGRAM = '''
import sys, threading, types
from genesis_flow.wire.decoders import decoder

SOURCE = """
from __future__ import annotations
import msgspec
class Part(msgspec.Struct):
    number: int = 0
    url: str | None = None
    headers: dict[str, str] = {}
class Upload(msgspec.Struct):
    parts: tuple[Part, ...] = ()
    first: Part | None = None
"""
THREADS = 6
sys.setswitchinterval(1e-6)
for index in range(300):
    module = sys.modules[f"types_{index}"] = types.ModuleType(f"types_{index}")
    exec(SOURCE, module.__dict__)
    together = threading.Barrier(THREADS)

    def decode():
        together.wait()
        assert decoder(module.Upload).decode(b'{"first": {"number": 7}}').first.number == 7

    threads = [threading.Thread(target=decode) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("whole")
'''


def test_threads_may_be_the_first_to_decode_a_type_together() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "whole\n", "")
