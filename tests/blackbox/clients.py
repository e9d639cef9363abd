"""The clients the server is tested with, MLflow's and ours, each in a virtual environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

REPOSITORY = Path(__file__).resolve().parents[2]


class ClientNotInstalled(Exception):
    """pip could not install a client here; the text is pip's last line."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client and the libraries that its users have beside it.

    Attributes:
        version: of MLflow's client; the name of any other.
        libraries: as pip takes them.
        sources: folders of this repository that the environment imports from.
    """

    version: str
    libraries: tuple[str, ...]
    sources: tuple[str, ...] = ()

    @property
    def requirements(self) -> str:
        """One requirement a line; kept in the environment to tell whether it is up to date."""
        client = () if self.sources else (f"mlflow-skinny=={self.version}",)
        return "\n".join((*client, *self.libraries)) + "\n"

    @property
    def directory(self) -> Path:
        return cache_directory() / "clients" / (self.version if self.sources else f"mlflow-{self.version}")

    @property
    def python(self) -> Path:
        """The interpreter that has this client."""
        if os.name == "nt":
            return self.directory / "Scripts" / "python.exe"
        return self.directory / "bin" / "python"

    def install(self) -> None:
        """Create the environment, or do nothing when it already has these requirements; others wait meanwhile.

        Raises:
            ClientNotInstalled: pip failed; nothing half-made is left behind.
        """
        with one_at_a_time(self.directory):
            self._install_libraries()
            if self.sources:
                (packages,) = self.directory.glob("[Ll]ib/**/site-packages")
                sources = [str(REPOSITORY / source) for source in self.sources]
                (packages / "sources.pth").write_text("\n".join(sources))

    def _install_libraries(self) -> None:
        # Written last, so that an interrupted installation starts again.
        installed = self.directory / "requirements.txt"
        if installed.is_file() and installed.read_text() == self.requirements:
            return
        shutil.rmtree(self.directory, ignore_errors=True)
        try:
            _run(sys.executable, "-m", "venv", str(self.directory))
            _run(
                str(self.python),
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                # PERF: torch and its like are installed in 45 s instead of 263 s; what is imported is compiled then.
                "--no-compile",
                *self.requirements.split(),
            )
        except ClientNotInstalled:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        installed.write_text(self.requirements)


def cache_directory() -> Path:
    """Where environments are kept between test sessions."""
    return Path(os.environ.get("GENESIS_TEST_CACHE", REPOSITORY / ".cache")).resolve()


def one_at_a_time(folder: Path) -> FileLock:
    """What to hold while a folder is filled that other processes of the tests may want, too."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(f"{folder.name}.lock"))


def select_clients(selection: str) -> list[Client]:
    """The clients of a selection: ``all``, or versions separated by commas."""
    if selection == "all":
        return list(CLIENTS.values())
    versions = [version.strip() for version in selection.split(",")]
    unknown = [version for version in versions if version not in CLIENTS]
    if unknown:
        raise ValueError(f"no client {', '.join(unknown)}; there are: all, {', '.join(CLIENTS)}")
    return [CLIENTS[version] for version in versions]


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise ClientNotInstalled(lines[-1] if lines else f"{command[0]} ended with {done.returncode}")


# The bounds are those of the full `mlflow` distribution of the same version.
_LIBRARIES = ("scikit-learn<2", "matplotlib<4", "pillow")
CLIENTS = {
    client.version: client
    for client in (
        # Since 3.13 scikit-learn models are saved with skops.
        Client("3.17.2", (*_LIBRARIES, "pandas<4", "skops<1")),
        Client("3.1.4", (*_LIBRARIES, "pandas<3")),
        Client("2.22.5", (*_LIBRARIES, "pandas<3,!=2.3.0")),
    )
}
NEWEST = "3.17.2"

OURS = "genesis-flow"
"""Our own client, by the name of MLflow's (``compat/mlflow``): nothing of MLflow is in its environment."""
CLIENTS[OURS] = Client(
    OURS, ("msgspec", "urllib3", "click", "pandas<4", "matplotlib<4", "pillow", "pyyaml"), ("src", "compat/mlflow")
)

WAITING = {
    "command_line": "the command mlflow is none of ours; genesis-flow has its subcommands",
    "registered_sklearn": "flavors of models come later",
    "sklearn_training": "flavors of models come later",
}
"""Scripts that our own client cannot finish, and why; one that it does finish fails, until it is taken out of here."""
