"""Prints ``docs/compatibility.md``, and the counts in README.md, from the table of operations.

``python docs/generate.py`` writes both; with ``--check`` it writes nothing and exits with 1 if one of them is not what
it would write. What is answered is read off the service, the differences off the test that watches them.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from genesis_flow.artifact_stores.open import Roots  # noqa: E402
from genesis_flow.service.service import Service  # noqa: E402
from genesis_flow.stores.memory import MemoryStore  # noqa: E402
from genesis_flow.wire.operations import MLFLOW, Operation  # noqa: E402
from tests.client.surface import COMPARED, ELSEWHERE, Name, Status, compare  # noqa: E402
from tests.differential.differences import DIFFERENCES, Difference  # noqa: E402

Row = Operation[Any, Any]

# Files are streamed past the service; test_surface.py asks the server whether this is true.
OF_FILES = frozenset(
    {
        *("download_artifact", "upload_artifact", "delete_artifact", "get_presigned_download_url"),
        *("create_multipart_upload", "complete_multipart_upload", "abort_multipart_upload"),
    }
)
ANSWERED = Service(MemoryStore(artifact_root=""), Roots()).implemented | OF_FILES

COUNTS = re.compile(r"(?<=<!-- counts -->\n).*?(?=<!-- /counts -->)", re.DOTALL)

HEAD = """\
# What is compatible with MLflow 3.17.2

<!-- Printed by docs/generate.py (make docs); do not edit. -->

MLflow's REST interface has {all} operations. This version answers {answered} of them; each of the others answers 501
with MLflow's error shape:

```json
{{"error_code": "NOT_IMPLEMENTED", "message": "'search_traces' is part of MLflow's interface but …"}}
```

Every path answers under `/api/…` and `/ajax-api/…`, and below `--static-prefix`. Outside of MLflow's table the server
answers the routes of its clients and pages: `metrics/get-history-bulk`, `get-artifact`, `upload-artifact`, the files of
logged models, `server-info`, `/health` and `/version`; and routes of its own: `/livez`, `/readyz`, `/metrics`,
`/openapi.json`.
"""

VARIABLES_HEAD = """\
## Variables of MLflow's server

`genesis-flow server` reads those that have a meaning for it; [operating](operating.md#options) has them beside its
options, [artifacts](artifacts.md#credentials) those of buckets, [webhooks](webhooks.md#secrets) the key of secrets. Of
the others that MLflow 3.17.2 has for its server it reads none:
"""

NOT_READ = {
    "`MLFLOW_WEBHOOK_CACHE_TTL`": "webhooks are read with the change that they hear of, and so are never out of date",
    "`MLFLOW_WEBHOOK_DELIVERY_MAX_WORKERS`": (
        "no call of a webhook holds a thread; there are at most 16 at a time, 4 to one host"
    ),
    "`MLFLOW_ENABLE_PROXY_MULTIPART_…`, `MLFLOW_ENABLE_MULTIPART_…`, `MLFLOW_MULTIPART_…`": (
        "they are the client's; the server offers parts and links wherever the bucket has them"
    ),
    "`MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH`": "a location has at most 2,048 characters",
    "`MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX`, `MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES`": (
        "what the source of a version may be is fixed: it lies within its run or logged model, or in a bucket"
    ),
    "`MLFLOW_SQLALCHEMYSTORE_…`, `MLFLOW_READ_REPLICA_BACKEND_STORE_URI`": (
        "connections are counted by the store itself, and all are to one database"
    ),
    "`MLFLOW_TRUNCATE_LONG_VALUES`": (
        "values of params and tags that are too long are cut, as MLflow does unless told otherwise"
    ),
    "`MLFLOW_AUTH_…`, `MLFLOW_BASIC_AUTH_FAIL_CLOSED`, `MLFLOW_FLASK_SERVER_SECRET_KEY`": "nobody signs in yet",
    "`MLFLOW_ENABLE_WORKSPACES`, `MLFLOW_WORKSPACE_…`, `MLFLOW_SERVER_…` but for those that are options": (
        "there are no workspaces, jobs, GraphQL or judges yet"
    ),
}
"""MLflow's variables without a meaning here, and why."""

DIFFERENCES_HEAD = """\
## Where it differs on purpose

A test sends the same calls to MLflow's own server and to this one, and compares status, error code and answer; of an
error's sentence, nothing. What is listed here must differ, everything else must not. In italics: the status that this
server answers, where it is another one than MLflow's, and the calls in which it shows (a section of
`tests/differential/calls/` and the numbers of its calls).
"""


CLIENT_HEAD = """\
## The Python client

`import genesis_flow as mlflow` has {done} of the {all} public names, members and signatures of these modules:
{modules}. A test compares each with what MLflow 3.17.2 has; what is not listed here is there, with the same
parameters in the same order and the same defaults. A function or a method that is not there yet raises an error that
names this page.
"""


def noun(row: Row) -> str:
    """What an operation is about."""
    return row.permission.partition(":")[0]


def by_noun() -> dict[str, list[Row]]:
    """The rows of the table, what is answered first, otherwise in the order of the table."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in MLFLOW:
        groups[noun(row)].append(row)
    return dict(sorted(groups.items(), key=lambda item: not answered(item[1])))


def answered(rows: list[Row]) -> int:
    """How many of the rows are answered with more than 501."""
    return sum(row.name in ANSWERED for row in rows)


def words(noun: str) -> str:
    """A noun as a heading says it."""
    return noun.replace("_", " ").capitalize()


def counts() -> str:
    """The README's table: what there is, and in its last line what there is not."""
    lines = ["| | operations answered |", "|---|---|"]
    none: list[str] = []
    for name, rows in by_noun().items():
        if answered(rows):
            lines.append(f"| {words(name)} | {answered(rows)} of {len(rows)} |")
        else:
            none.append(f"{words(name).lower()} ({len(rows)})")
    lines.append(f"| **Together** | **{answered(list(MLFLOW))} of {len(MLFLOW)}** |")
    lines.append(f"| Not yet, each a clear 501 | {', '.join(none)} |")
    return "\n".join(lines) + "\n"


def section(name: str, rows: list[Row]) -> str:
    """The operations of a noun."""
    lines = [
        f"### {words(name)}: {answered(rows)} of {len(rows)}\n",
        "| operation | method | path | |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | {row.method} | `{row.path}` | {'answered' if row.name in ANSWERED else '501'} |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def variables() -> str:
    """The variables that are not read."""
    lines = ["| variable | why not |", "|---|---|", *(f"| {names} | {why} |" for names, why in NOT_READ.items())]
    return "\n".join([VARIABLES_HEAD, *lines]) + "\n"


def differences() -> str:
    """The deliberate differences, those of one reason together."""
    reasons: dict[str, list[Difference]] = defaultdict(list)
    for difference in DIFFERENCES:
        reasons[difference.why].append(difference)
    paragraphs = [f"- {why}\n{''.join(map(calls, found))}" for why, found in reasons.items()]
    return DIFFERENCES_HEAD + "\n" + "".join(paragraphs)


def calls(difference: Difference) -> str:
    """Where a difference shows: the status that we answer, if it is another one, and the calls by section."""
    status = "" if difference.status is None else f"{difference.status} here; "
    sections = [f"{section} ({', '.join(map(str, sorted(steps)))})" for section, steps in difference.steps.items()]
    return f"  <br>*{status}{'; '.join(sections)}*\n"


def client() -> str:
    """How much of MLflow's Python interface there is."""
    names = compare()
    head = CLIENT_HEAD.format(
        done=sum(name.status is Status.DONE for name in names),
        all=len(names),
        modules=", ".join(f"`{module}`" for module in COMPARED),
    )
    reasons = grouped(name for name in names if name.status is Status.DIFFERENT)
    subjects = grouped(name for name in names if name.status is Status.NOT_YET)
    lines = [
        head,
        "Different, and why:\n",
        *reasons,
        "\nNot yet; each raises an error that names this page:\n",
        *subjects,
    ]
    lines += [f"- *{subject}*: the modules {shown(modules.split())}" for subject, modules in ELSEWHERE.items()]
    return "\n".join(lines) + "\n"


def grouped(names: Iterable[Name]) -> list[str]:
    """Names that have the same reason, in one line each; what is in several modules is told once."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        told = name.name.removeprefix("mlflow.").removeprefix("client.").removeprefix("tracking.")
        groups[name.why].append(told)
    return [f"- *{why}*: {shown(dict.fromkeys(found))}" for why, found in sorted(groups.items())]


def shown(names: Iterable[str]) -> str:
    """Names as code."""
    return ", ".join(f"`{name}`" for name in names)


def compatibility() -> str:
    """The page."""
    head = HEAD.format(all=len(MLFLOW), answered=answered(list(MLFLOW)))
    sections = [section(name, rows) for name, rows in by_noun().items()]
    return "\n".join([head, variables(), differences(), client(), "## The operations\n", *sections])


def pages() -> dict[Path, str]:
    """Path → text of what is printed."""
    readme = ROOT / "README.md"
    return {
        ROOT / "docs" / "compatibility.md": compatibility(),
        readme: COUNTS.sub(lambda _: counts(), readme.read_text(encoding="utf-8"), count=1),
    }


def main() -> int:
    """Writes the pages, or compares them with ``--check``; the exit status."""
    check = "--check" in sys.argv[1:]
    stale = {
        path: text for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        print(("differs: " if check else "written: ") + str(path.relative_to(ROOT)))
        if not check:
            path.write_text(text, encoding="utf-8")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
