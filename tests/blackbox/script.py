"""What every script of a client begins with. Runs in the client's environment, where only MLflow is installed."""

from __future__ import annotations

import sys
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

SCRIPTS = str(Path(__file__).parent / "scripts")

Check = Callable[[], None]
_checks: list[Check] = []


def check(function: Check) -> Check:
    """Add a function to what this script checks; they run in the order of the file."""
    _checks.append(function)
    return function


def check_if(has_the_call: bool) -> Callable[[Check], Check]:
    """Like `check`, for clients that have the call; older ones do not."""
    return check if has_the_call else lambda function: function


def finish() -> None:
    """Run every check, show each that fails, and print ``ok`` last when none did."""
    failed = [function.__name__ for function in _checks if not _passes(function)]
    if failed:
        sys.exit(f"{len(failed)} of {len(_checks)} checks failed: {', '.join(failed)}")
    print("ok" if _checks else f"skip: mlflow {mlflow.__version__} has none of these calls")


def fresh_name(subject: str) -> str:
    """A name that no other script or session has used."""
    return f"{subject}-{uuid.uuid4().hex[:12]}"


def fresh_experiment(subject: str) -> str:
    """Create an experiment of its own for a check, and return its id."""
    return str(mlflow.MlflowClient().create_experiment(fresh_name(subject)))


@contextmanager
def refused(error_code: str, *words: str) -> Iterator[None]:
    """Expect what is done inside to end with this error code, and these words in its message."""
    with _expected_error(MlflowException) as errors:
        yield
    (error,) = errors
    assert error.error_code == error_code, f"{error.error_code} instead of {error_code}: {error}"
    _assert_words(words, error)


@contextmanager
def failing(*words: str) -> Iterator[None]:
    """Expect any error with these words; artifacts fail with errors of the HTTP library, without a code."""
    with _expected_error(Exception) as errors:
        yield
    _assert_words(words, *errors)


@contextmanager
def _expected_error(kind: type[Exception]) -> Iterator[list[Any]]:
    caught: list[Any] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
    assert caught, "nothing was refused"


def _assert_words(words: tuple[str, ...], error: Exception) -> None:
    # MLflow's client says the code of a server in the sentence; one that refuses by itself, beside it.
    told = f"{getattr(error, 'error_code', '')}: {error}"
    for word in words:
        assert word in told, f"no {word!r} in: {told}"


def _passes(function: Check) -> bool:
    try:
        function()
    except Exception as error:
        print(f"--- {function.__name__}\n{_account(error)}", file=sys.stderr)
        return False
    finally:
        # A run left open would swallow the calls of the next check.
        while mlflow.active_run():
            mlflow.end_run()
    return True


def _account(error: Exception) -> str:
    """The traceback, with local names for the script's own frames: no pytest shows here what was compared."""
    account = traceback.TracebackException.from_exception(error, capture_locals=True)
    for frame in account.stack:
        if not frame.filename.startswith(SCRIPTS):
            frame.locals = None
    return "\n".join(line[:300] for part in account.format(chain=False) for line in part.splitlines())
