"""What Azure Cosmos DB for MongoDB documents, and a listener that finds what goes beyond it on the wire.

The lists hold what both offers have: request units (RU), from server version 4.2 on, and vCore, from 5.0 on.

Source: "Supported features and syntax in Azure Cosmos DB for MongoDB 4.2 server version"
    (learn.microsoft.com/azure/cosmos-db/mongodb/feature-support-42, of 2025-08-20);
    "MongoDB compatibility and feature support with Azure Cosmos DB for MongoDB vCore"
    (learn.microsoft.com/azure/cosmos-db/mongodb/vcore/compatibility, of 2024-11-10);
    "Manage indexing in Azure Cosmos DB for MongoDB" (learn.microsoft.com/azure/cosmos-db/mongodb/indexing, and its
    earlier form, docs.microsoft.com/azure/cosmos-db/mongodb-indexing, for the eight fields of a compound index).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from genesis_flow.stores.mongo.indexes import INDEXES, SHARD_KEYS

Document = Mapping[str, Any]

# endSessions: RU has no commands for sessions; the driver sends it only to a server that announces them.
COMMANDS = frozenset(
    "aggregate buildInfo count create createIndexes delete distinct drop dropDatabase dropIndexes endSessions explain "
    "find findAndModify getMore hello insert killCursors listCollections listDatabases listIndexes update".split()
)
# The pages do not speak of the options of commands; these are the plain ones, which every page's examples use.
COMMON_OPTIONS = frozenset(
    "$db $clusterTime lsid maxTimeMS writeConcern ordered comment $readPreference cursor".split()
)
OPTIONS = {
    "find": frozenset("filter projection sort limit skip batchSize singleBatch".split()),
    "getMore": frozenset("collection batchSize".split()),
    "aggregate": frozenset(["pipeline"]),
    "insert": frozenset(["documents"]),
    "update": frozenset(["updates"]),
    "delete": frozenset(["deletes"]),
    "createIndexes": frozenset(["indexes"]),
    "listCollections": frozenset("filter nameOnly authorizedCollections".split()),
    "killCursors": frozenset(["cursors"]),
}
UPDATE_PARTS = frozenset("q u upsert multi".split())

LOGICAL = frozenset("$and $or $nor".split())
QUERY_OPERATORS = frozenset(
    "$eq $gt $gte $lt $lte $ne $in $nin $not $exists $type $mod $regex $options $all $elemMatch $size".split()
)
PROJECTION_OPERATORS = frozenset("$elemMatch $slice".split())
UPDATE_OPERATORS = frozenset(
    "$inc $mul $rename $setOnInsert $set $unset $min $max $currentDate $addToSet $pop $pull $pullAll $push $bit".split()
)
UPDATE_MODIFIERS = frozenset("$each $slice $sort $position".split())
STAGES = frozenset(
    "$addFields $count $facet $group $limit $match $merge $out $project $replaceRoot $replaceWith $sample $set $skip "
    "$sort $sortByCount $unset $unwind".split()
)
COMPARISONS = frozenset("$cmp $eq $gt $gte $lt $lte $ne".split())
# vCore does not have $let, nor trigonometry.
EXPRESSIONS = COMPARISONS | frozenset(
    "$and $not $or $convert $toBool $toDate $toDecimal $toDouble $toInt $toLong $toObjectId $toString $type "
    "$setEquals $setIntersection $setUnion $setDifference $setIsSubset $anyElementTrue $allElementsTrue "
    "$abs $add $ceil $divide $exp $floor $ln $log $log10 $mod $multiply $pow $round $sqrt $subtract $trunc "
    "$concat $indexOfBytes $indexOfCP $ltrim $rtrim $trim $split $strLenBytes $strLenCP $strcasecmp "
    "$substr $substrBytes $substrCP $toLower $toUpper $regexFind $regexFindAll $regexMatch "
    "$arrayElemAt $arrayToObject $concatArrays $filter $in $indexOfArray $isArray $map $objectToArray $range "
    "$reduce $reverseArray $size $slice $zip $cond $ifNull $switch $literal $mergeObjects".split()
)
ACCUMULATORS = frozenset("$sum $avg $first $last $max $min $push $addToSet $stdDevPop $stdDevSamp".split())
VARIABLES = frozenset("$$ROOT $$CURRENT $$REMOVE".split())
SHAPING = frozenset("$addFields $facet $group $project $replaceRoot $replaceWith $set $sortByCount $unwind".split())
INDEX_OPTIONS = frozenset("key name unique background expireAfterSeconds".split())
MOST_INDEX_FIELDS = 8

IN_TRANSACTIONS = frozenset("txnNumber startTransaction autocommit".split())
"""The fields of a command by which it belongs to a transaction, or is one that the driver retries."""

COLD = {"runs": ("_id", "unsettled", "deleted"), "models": ("_id", "updated"), "run_blocks": ("uncounted",)}
"""What may be read without the shard: by its id what was not met yet, what ended servers left behind, what is deleted."""


class Wire(CommandListener):
    """Listens to the commands of one store.

    Attributes:
        faults: each of them with its reason.
        seen: the names of the commands.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.seen: set[str] = set()
        self._met: set[str] = set()
        self._read: set[int] = set()

    def started(self, event: CommandStartedEvent) -> None:
        name, command = event.command_name, event.command
        self.seen.add(name)
        self.faults += [f"{reason}: {name} {_short(command)}" for reason in faults(name, command, self._met)]
        if name == "find" and command["find"] == "runs" and "_id" in command.get("filter", {}):
            self._read.add(event.request_id)
        if name == "insert" and command["insert"] == "runs":
            self._met.update(one["_id"] for one in command["documents"])

    def succeeded(self, event: CommandSucceededEvent) -> None:
        if event.request_id in self._read:
            self._read.remove(event.request_id)
            self._met.update(one["_id"] for one in event.reply["cursor"]["firstBatch"])

    def failed(self, event: CommandFailedEvent) -> None:
        self._read.discard(event.request_id)


def _short(command: Document) -> str:
    text = repr({key: value for key, value in command.items() if key not in COMMON_OPTIONS})
    return text if len(text) < 600 else f"{text[:600]}…"


def faults(name: str, command: Document, met: Iterable[str] = ()) -> Iterator[str]:
    """Why a command does not keep to the lists.

    Args:
        met: the ids of runs whose shard the store has seen.
    """
    if name not in COMMANDS:
        yield "no such command"
    if of_transaction := IN_TRANSACTIONS & command.keys():
        yield f"a transaction ({', '.join(of_transaction)})"
    if name in OPTIONS and (unknown := command.keys() - OPTIONS[name] - COMMON_OPTIONS - IN_TRANSACTIONS - {name}):
        yield f"no such option ({', '.join(unknown)})"
    match name:
        case "find":
            yield from _find(command, set(met))
        case "aggregate":
            yield from _pipeline(command["aggregate"], command["pipeline"])
        case "insert":
            shard = SHARD_KEYS.get(command["insert"])
            if shard and not all(shard in one for one in command["documents"]):
                yield f"a document without its shard ({shard})"
        case "update":
            for update in command["updates"]:
                yield from _update(command["update"], update)
        case "delete":
            for delete in command["deletes"]:
                yield from _query(delete["q"])
                yield from _sharded(command["delete"], delete["q"])
        case "createIndexes":
            for index in command["indexes"]:
                yield from _index(command["createIndexes"], index)


# --- queries ------------------------------------------------------------------------------------------------------


def _find(command: Document, met: set[str]) -> Iterator[str]:
    collection, filter = command["find"], command.get("filter", {})
    yield from _query(filter)
    yield from _operators(command.get("projection") or {}, PROJECTION_OPERATORS, deep=False)
    yield from _sort(collection, list((command.get("sort") or {}).items()))
    if not _is_cold(collection, filter, met):
        yield from _sharded(collection, filter)


def _query(filter: Document) -> Iterator[str]:
    for field, asked in filter.items():
        if not field.startswith("$"):
            yield from _condition(asked)
        elif field not in LOGICAL:
            yield f"no such query operator ({field})"
        else:
            for part in asked:
                yield from _query(part)


def _condition(asked: Any) -> Iterator[str]:
    """What is asked of a field: a value, or operators."""
    if not isinstance(asked, Mapping) or not any(key.startswith("$") for key in asked):
        return
    for operator, operand in asked.items():
        if operator not in QUERY_OPERATORS:
            yield f"no such query operator ({operator})"
        elif operator == "$not":
            yield from _condition(operand)
        elif operator == "$elemMatch":
            first = next(iter(operand), "")
            of_value = first.startswith("$") and first not in LOGICAL
            yield from _condition(operand) if of_value else _query(operand)


def _operators(document: Any, known: frozenset[str], *, deep: bool = True) -> Iterator[str]:
    """Names with a dollar that are not known; ``deep`` is at every depth, else those of the fields."""
    if isinstance(document, Mapping):
        for key, value in document.items():
            if key.startswith("$") and key not in known:
                yield f"no such operator ({key})"
            if deep or not key.startswith("$"):
                yield from _operators(value, known, deep=deep)


def _is_cold(collection: str, filter: Document, met: set[str]) -> bool:
    named = [field for field in COLD.get(collection, ()) if field in filter]
    if not named:
        return False
    asked = filter.get("_id")
    ids = asked.get("$in", []) if isinstance(asked, Mapping) else [asked]
    return not ids or not met.issuperset(ids)


def _sharded(collection: str, filter: Document) -> Iterator[str]:
    shard = SHARD_KEYS.get(collection)
    if shard is not None and not _names(filter, shard):
        yield f"the shard is not named ({shard})"


def _names(filter: Document, field: str) -> bool:
    """Whether the condition holds only of documents with certain values of a field."""
    if field in filter:
        asked = filter[field]
        return not isinstance(asked, Mapping) or not {"$eq", "$in"}.isdisjoint(asked)
    every = filter.get("$or", ())
    return any(_names(part, field) for part in filter.get("$and", ())) or (
        bool(every) and all(_names(part, field) for part in every)
    )


def _sort(collection: str, order: Sequence[tuple[str, Any]]) -> Iterator[str]:
    """A sort by several stored fields needs a compound index of just these, one by a single field any index of it."""
    if not order:
        return
    keys = [index.keys for index in INDEXES if index.collection == collection] + [(("_id", 1),)]
    if len(order) == 1:
        path = order[0][0]
        fields = [field for key in keys for field, _ in key]
        if path not in fields and not any(one.endswith("$**") and path.startswith(one[:-3]) for one in fields):
            yield f"no index for a sort ({path})"
    elif not any(_serves(key, order) for key in keys):
        yield f"no compound index for a sort ({', '.join(path for path, _ in order)})"


def _serves(key: Sequence[tuple[str, int]], order: Sequence[tuple[str, Any]]) -> bool:
    if [field for field, _ in key] != [field for field, _ in order]:
        return False
    turns = {direction * int(asked) for (_, direction), (_, asked) in zip(key, order, strict=True)}
    return len(turns) == 1


# --- pipelines ----------------------------------------------------------------------------------------------------


def _pipeline(collection: str, stages: Sequence[Document]) -> Iterator[str]:
    shaped = False
    for number, stage in enumerate(stages):
        ((name, body),) = stage.items()
        if name not in STAGES:
            yield f"no such stage ({name})"
        elif name == "$match":
            yield from _query(body)
            if number == 0:
                yield from _sharded(collection, body)
        elif name == "$sort":
            if not shaped:
                yield from _sort(collection, list(body.items()))
        elif name != "$limit":
            yield from _expression(body, EXPRESSIONS | ACCUMULATORS if name == "$group" else EXPRESSIONS)
        shaped = shaped or name in SHAPING
    if not stages or "$match" not in stages[0]:
        yield from _sharded(collection, {})


def _expression(expression: Any, known: frozenset[str]) -> Iterator[str]:
    if isinstance(expression, str) and expression.startswith("$$"):
        variable = expression.split(".")[0]
        if variable.isupper() and variable not in VARIABLES:
            yield f"no such variable ({variable})"
    elif isinstance(expression, Mapping):
        for key, value in expression.items():
            if key.startswith("$") and key not in known:
                yield f"no such expression ({key})"
            if key in COMPARISONS and isinstance(value, Sequence) and any(isinstance(one, list) for one in value):
                yield f"an array in a comparison ({key})"
            if key != "$literal":
                yield from _expression(value, known)
    elif isinstance(expression, list):
        for one in expression:
            yield from _expression(one, known)


# --- writes and indexes -------------------------------------------------------------------------------------------


def _update(collection: str, update: Document) -> Iterator[str]:
    if unknown := update.keys() - UPDATE_PARTS:
        yield f"no such option of an update ({', '.join(unknown)})"
    yield from _query(update["q"])
    yield from _sharded(collection, update["q"])
    if isinstance(update["u"], list):
        yield "an update by a pipeline"
        return
    shard = SHARD_KEYS.get(collection)
    for operator, fields in update["u"].items():
        if operator not in UPDATE_OPERATORS:
            yield f"no such update operator ({operator})"
        if shard in fields:
            yield f"a document may not change its shard ({shard})"
        for value in fields.values():
            if operator == "$pull":
                yield from _query(value) if isinstance(value, Mapping) else ()
            elif operator in ("$push", "$addToSet") and isinstance(value, Mapping):
                yield from _operators(value, UPDATE_MODIFIERS, deep=False)


def _index(collection: str, index: Document) -> Iterator[str]:
    if unknown := index.keys() - INDEX_OPTIONS:
        yield f"no such option of an index ({', '.join(unknown)})"
    fields = list(index["key"])
    if kinds := [kind for kind in index["key"].values() if kind not in (1, -1)]:
        yield f"no such kind of index ({kinds})"
    if len(fields) > MOST_INDEX_FIELDS:
        yield f"an index of {len(fields)} fields"
    if any(field.endswith("$**") for field in fields) and (len(fields) > 1 or index.get("unique")):
        yield "a wildcard in a compound or unique index"
    if len(fields) > 1 and any("." in field for field in fields):
        yield "a compound index of nested fields"
    if index.get("unique") and SHARD_KEYS.get(collection, fields[0]) != fields[0]:
        yield "a unique index that does not begin with the shard"
