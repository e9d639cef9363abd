"""What `pip install .` brings: how many packages, and how large. The wheel is built, nothing is downloaded."""

from __future__ import annotations

import compileall
import importlib.util
import os
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PACKAGES, INSTALLED_BYTES = 4, 15 * 10**6
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
BUILD = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of our own package as pip leaves it: what is in the wheel, and the same compiled."""
    if importlib.util.find_spec("hatchling") is None and "CI" not in os.environ:
        pytest.skip("hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        wheel.extractall(folder / "installed")
    assert compileall.compile_dir(folder / "installed", quiet=1)
    return folder / "installed"


def without_extras(requirements: list[str]) -> list[str]:
    """The names of those that are installed where no extra is asked for."""
    wanted = map(Requirement, requirements)
    return [one.name for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]


def closure(names: list[str]) -> dict[str, int]:
    """Everything that these need, and they themselves, with the bytes that each has installed."""
    found: dict[str, int] = {}
    while names:
        name = canonicalize_name(names.pop())
        if name not in found:
            there = distribution(name)
            files = [Path(str(file.locate())) for file in there.files or ()]
            found[name] = sum(file.stat().st_size for file in files if file.is_file())
            assert found[name] > 1_000, f"{name} has no record of its files"
            names += without_extras(there.requires or [])
    return found


def test_the_client_is_four_packages_and_less_than_fifteen_megabytes(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    needed = Parser().parsestr(metadata.read_text(encoding="utf-8")).get_all("Requires-Dist") or []
    packages = closure(without_extras(needed))
    packages["genesis-flow"] = sum(path.stat().st_size for path in installed.rglob("*") if path.is_file())

    assert len(packages) <= PACKAGES
    assert sum(packages.values()) <= INSTALLED_BYTES, packages
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    said = re.search(r"without the extra is the client: (\w+) packages \(([^)]+)\)", page)
    assert said is not None
    assert said[1] == NUMBERS[len(packages)]
    assert sorted(re.findall(r"[\w-]+", said[2])) == sorted(packages)
