"""Where a run comes from, as its tags tell."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

from genesis_flow.client import context, git
from genesis_flow.client.context import run_tags
from tests.client import repositories
from tests.client.repositories import SCRIPT, repository


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MLFLOW_RUN_CONTEXT", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(context, "_told", set())


def code_of(tags: dict[str, str]) -> dict[str, str]:
    """What the tags say of git, by the last word of their keys."""
    return {key.rpartition(".")[2]: value for key, value in tags.items() if ".git." in key}


def called(monkeypatch: pytest.MonkeyPatch, program: Path | str) -> dict[str, str]:
    """The tags of a run of a program."""
    monkeypatch.setattr(sys, "argv", [str(program)])
    return run_tags()


def test_a_run_tells_who_started_it_and_with_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "ada")
    tags = called(monkeypatch, tmp_path / SCRIPT)
    assert tags == {
        "mlflow.user": "ada",
        "mlflow.source.name": str(tmp_path / SCRIPT),
        "mlflow.source.type": "LOCAL",
    }


@pytest.mark.parametrize(("argv", "name"), [([], "<console>"), ([""], "<console>"), (["-c"], "-c"), (["-"], "-")])
def test_a_console_and_a_command_have_names(argv: list[str], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", argv)
    assert run_tags()["mlflow.source.name"] == name


def test_a_user_without_a_name_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)
    assert "mlflow.user" not in run_tags()


# --- git --------------------------------------------------------------------------------------------------------


def test_a_script_in_a_repository_tells_its_commit_and_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(tmp_path / "code")
    commit = repositories.git(folder, "rev-parse", "HEAD")
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    (below / SCRIPT).touch()
    for program in (folder / SCRIPT, below / SCRIPT, below):
        assert code_of(called(monkeypatch, program)) == {"commit": commit, "branch": "main"}
    assert code_of(called(monkeypatch, below / "nothing.py")) == {}
    monkeypatch.chdir(below)
    assert code_of(called(monkeypatch, SCRIPT)) == {"commit": commit, "branch": "main"}


def test_a_new_commit_is_seen_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = repository(tmp_path / "code")
    first = code_of(called(monkeypatch, folder / SCRIPT))
    repositories.git(folder, "checkout", "--quiet", "-b", "feature/ä")
    repositories.git(folder, "commit", "--quiet", "--allow-empty", "--message", "second")
    second = code_of(run_tags())
    assert second == {"commit": repositories.git(folder, "rev-parse", "HEAD"), "branch": "feature/ä"}
    assert second["commit"] != first["commit"]


def test_packed_references_a_lone_commit_and_an_empty_repository(tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    commit = repositories.git(folder, "rev-parse", "HEAD")
    repositories.git(folder, "branch", "main2")
    repositories.git(folder, "pack-refs", "--all")
    assert not (folder / ".git" / "refs" / "heads" / "main").exists()
    assert git.code_at(folder) == (commit, "main", None)
    repositories.git(folder, "checkout", "--quiet", "--detach")
    assert git.code_at(folder) == (commit, None, None)
    empty = tmp_path / "empty"
    empty.mkdir()
    repositories.git(empty, "init", "--quiet")
    assert git.code_at(empty) is None


def test_worktrees_and_submodules_have_their_repository_elsewhere(tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    repositories.git(folder, "remote", "add", "origin", "https://example.org/code.git")
    commit = repositories.git(folder, "rev-parse", "HEAD")
    repositories.git(folder, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"))
    assert git.code_at(tmp_path / "tree") == (commit, "other", "https://example.org/code.git")
    outer = repository(tmp_path / "outer")
    repositories.git(outer, "submodule", "--quiet", "add", str(folder), "inner")
    assert git.code_at(outer / "inner") == (commit, "main", str(folder))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://ada:secret@example.org/code.git", "https://example.org/code.git"),
        ("https://token@example.org/code.git", "https://example.org/code.git"),
        ("https://ada:se@cret@example.org/code.git", "https://example.org/code.git"),
        ("ssh://git:secret@example.org:22/code.git", "ssh://example.org:22/code.git"),
        ("git@example.org:team/code.git", "git@example.org:team/code.git"),
        ("https://ada:secret@[broken/code.git", ""),
        ("../code", "../code"),
    ],
)
def test_the_address_of_a_repository_has_no_password(url: str, told: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    repositories.git(folder, "config", "remote.upstream.url", url)
    repositories.git(folder, "config", "remote.origin.url", "https://example.org/second.git")
    code = git.code_at(folder)
    assert code is not None
    assert code.url == told


def test_nothing_that_a_repository_names_is_run(tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    for key in ("core.fsmonitor", "core.sshCommand", "core.pager", "filter.x.clean", "alias.rev-parse"):
        repositories.git(folder, "config", key, f"touch {tmp_path / 'run'} #")
    assert git.code_at(folder / SCRIPT) is not None
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "head",
    [
        b"ref: refs/../../secret",
        b"ref: refs/heads/../../../secret",
        b"ref: /etc/passwd",
        b"ref: refs/heads/x\0y",
        b"ref: refs/heads/circle",
        b"g" * 40,
        b"a" * 39,
        b"a" * 100_000,
        b"\xff\xfe",
        b"",
    ],
)
def test_nothing_outside_a_repository_is_read(head: bytes, tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    (tmp_path / "secret").write_text("a" * 40)
    (folder / "secret").write_text("a" * 40)
    (folder / ".git" / "refs" / "heads" / "circle").write_text("ref: refs/heads/circle")
    (folder / ".git" / "HEAD").write_bytes(head)
    assert git.code_at(folder) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
@pytest.mark.parametrize("name", ["HEAD", "config", "refs/heads/main"])
def test_a_pipe_in_a_repository_is_not_waited_for(name: str, tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    (folder / ".git" / name).unlink()
    os.mkfifo(folder / ".git" / name)
    code = git.code_at(folder)
    assert code is None or (name, code.url) == ("config", None)


def test_a_folder_that_only_looks_like_a_repository_is_passed_over(tmp_path: Path) -> None:
    folder = repository(tmp_path / "code")
    inner = folder / "inner"
    (inner / ".git").mkdir(parents=True)
    assert git.code_at(inner) == git.code_at(folder)
    shutil.rmtree(inner / ".git")
    (inner / ".git").write_text("gitdir: /nowhere")
    assert git.code_at(inner) is None


# --- notebooks, the environment, plugins ------------------------------------------------------------------------


class ZMQInteractiveShell:
    """What IPython calls the shell of a notebook."""


def test_a_notebook_is_told_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    ipython = ModuleType("IPython")
    ipython.get_ipython = ZMQInteractiveShell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    tags = called(monkeypatch, "launcher.py")
    assert (tags["mlflow.source.type"], tags["mlflow.source.name"]) == ("NOTEBOOK", "launcher.py")
    monkeypatch.setenv("JPY_SESSION_NAME", "/home of/my study.ipynb")
    assert run_tags()["mlflow.source.name"] == "my study.ipynb"


def test_tags_of_the_environment_come_before_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", '{"mlflow.user": "batch", "job": 17}')
    tags = run_tags()
    assert (tags["mlflow.user"], tags["job"]) == ("batch", "17")


@pytest.mark.parametrize("text", ["no json", "[1]", '"text"', "1", "null"])
def test_tags_that_cannot_be_read_are_told_of_once(
    text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_RUN_CONTEXT", text)
    with caplog.at_level(logging.WARNING, "genesis_flow"):
        assert "mlflow.user" in run_tags() | {"mlflow.user": ""}
        run_tags()
    assert len(caplog.records) == 1
    assert "MLFLOW_RUN_CONTEXT" in caplog.text


PLUGIN = """
class Cluster:
    def in_context(self): return True
    def tags(self): return {"cluster": "north", "mlflow.user": "scheduler"}
class Elsewhere(Cluster):
    def in_context(self): return False
    def tags(self): raise AssertionError("not asked for")
class Broken(Cluster):
    def tags(self): raise RuntimeError("no cluster today")
class NeverMade(Cluster):
    def __init__(self): raise RuntimeError("cannot be made")
"""


def test_plugins_have_the_last_word_and_cannot_break_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "cluster_plugin.py").write_text(PLUGIN)
    facts = tmp_path / "cluster_plugin-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: cluster-plugin\nVersion: 1\n")
    points = [f"{name} = cluster_plugin:{name}" for name in ("Cluster", "Elsewhere", "Broken", "NeverMade", "Missing")]
    (facts / "entry_points.txt").write_text("\n".join(["[mlflow.run_context_provider]", *points, ""]))
    monkeypatch.syspath_prepend(tmp_path)
    context._providers.cache_clear()
    try:
        with caplog.at_level(logging.WARNING, "genesis_flow"):
            tags = run_tags()
            run_tags()
    finally:
        context._providers.cache_clear()
    assert (tags["cluster"], tags["mlflow.user"]) == ("north", "scheduler")
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 3
    assert any("no cluster today" in sentence for sentence in told)
    assert any("cannot be made" in sentence for sentence in told)
