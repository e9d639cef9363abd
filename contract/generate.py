"""Writes the frozen types of the interface from ``rest.json``.

``python contract/generate.py`` writes ``src/genesis_flow/values/`` (the nouns: a run, a metric) and
``src/genesis_flow/wire/messages/`` (the verbs: what is asked and answered); with ``--check`` it writes nothing and
exits with 1 if a file differs from what it would write. The files are ordinary typed Python, so that the type checker,
the reader and the editor see fields and not a schema.
"""

from __future__ import annotations

import json
import keyword
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
CONTRACT = json.loads((ROOT / "contract" / "rest.json").read_text())
MESSAGES: dict[str, list[dict[str, Any]]] = CONTRACT["messages"]
ENUMS: dict[str, dict[str, int]] = CONTRACT["enums"]

SCALARS = {
    "string": "str",
    "bool": "bool",
    "bytes": "bytes",
    "double": "float",
    "float": "float",
    "int32": "Int32",
    "uint32": "Int32",
    "fixed32": "Int32",
    "int64": "Int64",
    "fixed64": "Int64",
    "google.protobuf.Duration": "str",
    "google.protobuf.FieldMask": "str",
    "google.protobuf.Timestamp": "str",
    "google.protobuf.Value": "Any",
}

# Required in the descriptors, but a running MLflow takes their absence for an empty text.
LENIENT = {
    ("mlflow.LogParam", "value"),
    ("mlflow.SetTag", "value"),
    ("mlflow.SetExperimentTag", "value"),
}
# The same in a value that is answered: there an empty text is written out, so it must differ from the default.
LENIENT_IN_ANSWERS = {("mlflow.InputTag", "value")}

# The first pattern that matches a type's contract name says which noun it belongs to.
NOUNS = [
    (r"mlflow\.issues\.", "issues"),
    (r"mlflow\.label_schemas\.", "labels"),
    (r"mlflow\.review_queues\.", "reviews"),
    (r"mlflow\.assessments\.|Assessment", "assessments"),
    (r"mlflow\.artifacts\.|FileInfo|ListArtifacts|Presigned(Up|Down)loadUrl", "artifacts"),
    (r"mlflow\.datasets\.|EvaluationDataset|DatasetRecords|\.(Create|Get|Delete)Dataset\b|DatasetTag|DatasetExperiment"
     r"|DatasetToExp|DatasetFromExp", "evaluation_datasets"),
    (r"opentelemetry|Trace|Span|PromptsToTrace", "traces"),
    (r"\.MetricAggregation|MetricDataPoint|MetricViewType|AggregationType", "trace_metrics"),
    (r"Workspace", "workspaces"),
    (r"Scorer", "scorers"),
    (r"PromptOptimization|\.Job|OptimizerType", "jobs"),
    (r"Gateway|Budget|Guardrail|Fallback|Routing|Secrets?Config|EndpointBinding", "gateway"),
    (r"LoggedModel|\.ModelInput|\.ModelOutput", "logged_models"),
    (r"RegisteredModel|ModelVersion|ModelParam|ModelMetric|DeploymentJob|LatestVersions|mlflow\.SourceType",
     "registry"),
    (r"Webhook", "webhooks"),
    (r"Dataset|InputTag", "datasets"),
    (r"Experiment|ViewType", "experiments"),
    (r"Metric", "metrics"),
    (r"", "runs"),
]  # fmt: skip

HEADER = (
    '"""{title}.\n\nWritten by contract/generate.py from MLflow {version}\'s interface; do not edit by hand.\n"""\n\n'
)


def noun(contract_name: str) -> str:
    """The module that a message or an enum belongs to."""
    if re.search(r"LogMetric|LogInputs|LogOutputs|\.LogModel", contract_name):
        return "metrics" if "LogMetric" in contract_name else "runs"
    return next(module for pattern, module in NOUNS if re.search(pattern, contract_name))


def class_names() -> dict[str, str]:
    """Contract name → Python class name; two types of one short name get their package's name in front."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in [*MESSAGES, *ENUMS]:
        found = re.fullmatch(r"(mlflow|opentelemetry\.proto|[a-z]+)((?:\.[a-z_0-9]+)*)\.(.+)", name)
        if found is None:
            raise ValueError(f"{name} is not a name that this script knows how to shorten")
        package, short = found[2], found[3]
        short = short.replace(".", "")
        if short in taken:
            short = "".join(part.title() for part in re.split(r"[._]", package) if part) + short
        taken.add(short)
        names[name] = short
    return names


NAMES = class_names()
REQUESTS = {name: [e for e in CONTRACT["endpoints"] if e["request"] == name] for name in MESSAGES}
VERBS = {e[side] for e in CONTRACT["endpoints"] for side in ("request", "response")}


def is_map(type_name: str) -> bool:
    """Whether a message is protobuf's spelling of a map."""
    return type_name.endswith("Entry") and [f["name"] for f in MESSAGES.get(type_name, ())] == [
        "key",
        "value",
    ]


def python_type(field: dict[str, Any]) -> str:
    """The annotation of a field, without its optionality."""
    kind = field["type"]
    if field.get("repeated") and is_map(kind):
        return "dict[str, " + python_type(MESSAGES[kind][1]) + "]"
    name = SCALARS.get(kind) or NAMES[kind]
    return f"tuple[{name}, ...]" if field.get("repeated") else name


def field_line(message: str, field: dict[str, Any]) -> tuple[bool, str]:
    """Whether a field is required, and its line in the class."""
    annotation = python_type(field)
    name = field["name"] + ("_" if keyword.iskeyword(field["name"]) else "")
    if field.get("repeated"):
        empty = "msgspec.field(default_factory=dict)" if annotation.startswith("dict") else "()"
        return False, f"    {name}: {annotation} = {empty}"
    if field.get("default") is not None:
        return False, f"    {name}: {annotation} = {field['default']!r}"
    if (message, field["name"]) in LENIENT:
        return False, f'    {name}: {annotation} = ""'
    if field.get("required") and (message, field["name"]) not in LENIENT_IN_ANSWERS:
        return True, f"    {name}: {annotation}"
    return False, f"    {name}: {annotation} | None = None"


def class_text(name: str) -> str:
    """One frozen type. Required fields come first, for Python's sake; a field is always given by its name."""
    lines = sorted((field_line(name, f) for f in MESSAGES[name]), key=lambda pair: not pair[0])
    doc = ", ".join(f"``{e['method']} {e['path']}``" for e in REQUESTS[name]) or f"``{name}``"
    body = "\n".join(text for _, text in lines)
    head = f'class {NAMES[name]}(Message, frozen=True, kw_only=True):\n    """{doc}."""\n'
    return head + (f"\n{body}\n" if body else "")


def enum_text(name: str) -> str:
    """An enum, as the names that stand for it on the wire."""
    values = "\n".join(f"    {value!r}," for value in ENUMS[name]).replace("'", '"')
    return f"{NAMES[name]} = Literal[\n{values}\n]\n"


def references(name: str) -> set[str]:
    """The types that a message's fields name."""
    found: set[str] = set()
    for field in MESSAGES.get(name, ()):
        kind = MESSAGES[field["type"]][1]["type"] if is_map(field["type"]) else field["type"]
        if kind in NAMES:
            found.add(kind)
    return found


def ordered(names: list[str]) -> list[str]:
    """Types in an order in which each comes after those that it names (recursion aside)."""
    done: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done or name in path:
            return
        for other in sorted(references(name) & set(names)):
            visit(other, (*path, name))
        done.append(name)

    for name in names:
        visit(name, ())
    return done


def module_text(title: str, names: list[str], home: dict[str, str], here: str) -> str:
    """The source of one module."""
    classes = [n for n in ordered(names) if n in MESSAGES]
    enums = [n for n in names if n in ENUMS]
    body = "\n\n".join([enum_text(n) for n in enums] + [class_text(n) for n in classes])
    imports: dict[str, set[str]] = defaultdict(set)
    for name in classes:
        for other in references(name):
            if home[other] != here:
                imports[home[other]].add(NAMES[other])
    for scalar in ("Int32", "Int64", "Message"):
        if re.search(rf"\b{scalar}\b", body):
            imports["genesis_flow.values.message"].add(scalar)
    typing = [word for word in ("Any", "Literal") if re.search(rf"\b{word}\b", body)]
    head = "from __future__ import annotations\n\n"
    if typing:
        head += f"from typing import {', '.join(typing)}\n\n"
    if "msgspec." in body:
        head += "import msgspec\n\n"
    head += "".join(f"from {module} import {', '.join(sorted(words))}\n" for module, words in sorted(imports.items()))
    return HEADER.format(title=title, version=CONTRACT["source"].split()[-1]) + head + "\n\n" + body


def files() -> dict[Path, str]:
    """Path → text of every module to write."""
    source = ROOT / "src"
    groups: dict[str, list[str]] = defaultdict(list)
    home: dict[str, str] = {}
    for name in [*ENUMS, *MESSAGES]:
        if is_map(name):
            continue
        package = "genesis_flow.wire.messages" if name in VERBS else "genesis_flow.values"
        home[name] = f"{package}.{noun(name)}"
        groups[home[name]].append(name)
    texts: dict[Path, str] = {}
    for module, names in sorted(groups.items()):
        what = "Requests and responses" if ".messages." in module else "Values"
        title = f"{what} of the noun ``{module.rsplit('.', 1)[1]}``"
        texts[source / (module.replace(".", "/") + ".py")] = module_text(title, names, home, module)
    texts[source / "genesis_flow" / "values" / "enum_numbers.py"] = numbers_text()
    return texts


def numbers_text() -> str:
    """The module that knows which number stands for which name; on the wire both may."""
    rows = "".join(f"    { ({str(number): name for name, number in values.items()})!r},\n" for values in ENUMS.values())
    head = HEADER.format(title="The numbers of every enum, number → name", version=CONTRACT["source"].split()[-1])
    declaration = (
        "# fmt: off\nENUM_NUMBERS: tuple[dict[str, str], ...] = (\n" + rows.replace("'", '"') + ")\n# fmt: on\n"
    )
    return head + "from __future__ import annotations\n\n" + declaration


def main() -> int:
    """Writes the files, or compares them with ``--check``; the exit status."""
    check = "--check" in sys.argv[1:]
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(("differs: " if check else "written: ") + str(path.relative_to(ROOT)))
        if not check:
            path.write_text(files()[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
