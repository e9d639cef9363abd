"""Where we differ from MLflow on purpose. Each line is also a line of `docs/compatibility.md`.

A difference that is listed here must occur: the test fails when it no longer does, so that the list stays true.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """Steps that we answer in another way than MLflow.

    Attributes:
        why: the reason, as a sentence.
        steps: by section (`noun/section`), the numbers of the steps in it.
        status: what we answer instead, at each of the steps; None where the status is MLflow's own.
    """

    why: str
    steps: Mapping[str, tuple[int, ...]]
    status: int | None = None

    def covers(self, step_id: str) -> bool:
        """Whether this difference lists a step (`noun/section/number METHOD path`)."""
        noun, section, rest = step_id.split("/", 2)
        return int(rest.partition(" ")[0]) in self.steps.get(f"{noun}/{section}", ())


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        (
            "The interval form of history keeps the first, last, lowest and highest value of every "
            "bucket, so that a one-step spike is never lost."
        ),
        {
            "metrics/a long history by interval": (4, 5, 6, 7, 8, 9),
        },
    ),
    Difference(
        "A bare NaN, Infinity or -Infinity is understood; MLflow takes it and keeps 0 at time 0.",
        {
            "metrics/numbers that JSON has no word for, bare": (5,),
        },
        status=200,
    ),
    Difference(
        'A model\'s metric that is not a number is answered as "NaN"; MLflow on SQLite answers 0.',
        {
            "logged_models/metrics are linked to a model": (12,),
        },
    ),
    Difference(
        (
            "A batch is written whole or not at all; MLflow keeps the run's half of a metric whose model "
            "it does not know."
        ),
        {
            "logged_models/metrics are linked to a model": (23,),
        },
    ),
    Difference(
        "An unknown model is named as what is missing; MLflow lets the database fail.",
        {
            "logged_models/metrics are linked to a model": (13, 22),
        },
        status=404,
    ),
    Difference(
        (
            "Repeating an output of a run, or a model's param with its value, is no error: a retry after "
            "a lost answer must work."
        ),
        {
            "datasets/a run reads and writes models": (10, 11),
            "logged_models/params are added": (3,),
        },
        status=200,
    ),
    Difference(
        "A name that is taken is RESOURCE_ALREADY_EXISTS for a rename as for a creation.",
        {
            "experiments/an experiment is renamed": (5,),
            "experiments/an experiment is deleted and restored with its runs": (15,),
        },
        status=400,
    ),
    Difference(
        (
            "A key given twice, a changed param, a missing experiment: the parameter is named; MLflow "
            "answers with its database's error."
        ),
        {
            "runs/a run is created and read": (10, 11, 21),
            "runs/creation refuses": (3,),
            "datasets/tags of an input": (11,),
            "datasets/a run reads and writes models": (19,),
            "logged_models/creation refuses": (26, 34),
            "logged_models/params are added": (4, 6),
            "experiments/creation refuses": (16,),
        },
        status=400,
    ),
    Difference(
        ("MLflow fails with 500 on this bad input; it is refused, with the field's name, before any effect."),
        {
            "experiments/an experiment is deleted and restored with its runs": (12,),
            "runs/log-batch with a bad item": (23,),
            "runs/log-model keeps the model's description as a tag": (8,),
            "metrics/odd values": (15,),
            "metrics/history in bulk": (13,),
            "logged_models/filters": (24, 43),
            "logged_models/order": (29,),
            "logged_models/pages": (13,),
            "artifacts/the proxy refuses": (19, 20),
            "bad_input/bodies": (5, 6, 7, 8, 20, 21),
            "bad_input/a message in the body of a GET": (11, 12),
            "bad_input/fields of the wrong type": (3, 4),
            "registry/sources": (10,),
            "registry/stages": (16, 17),
            "transfers_in_a_bucket/an upload is not what was sent": (3, 4),
            "transfers_in_a_bucket/no upload is completed or given up": (1, 2, 5, 6, 7),
        },
        status=400,
    ),
    Difference(
        "A part that is none is refused as such; MLflow says of any that a folder takes no parts.",
        {"transfers/no upload is completed or given up": (5,)},
        status=400,
    ),
    Difference(
        "An id that no experiment can have is not found; MLflow fails with 500.",
        {
            "experiments/reading refuses": (7,),
        },
        status=404,
    ),
    Difference(
        (
            "MLflow fails with 500; a null list or limit is an absent one, a number beyond 64 bits "
            "compares as a number, a field ordered by twice orders once."
        ),
        {
            "runs/log-batch writes all three kinds": (6,),
            "search_runs/attribute comparators": (60,),
            "search_runs/order": (37, 38),
            "search_runs/pages": (17,),
            "search_registry/order of models": (18,),
        },
        status=200,
    ),
    Difference(
        (
            "Types are strict: another JSON type, an unknown enum name, a fraction or an overflow for an "
            "integer, a repeated key or query parameter, a NUL are refused before any effect; MLflow "
            "keeps a default in their place."
        ),
        {
            "search_experiments/view types": (6, 7, 8),
            "search_experiments/order": (22,),
            "search_experiments/by GET": (7,),
            "runs/creation refuses": (6, 7, 9, 10),
            "runs/a run is updated": (12, 13, 14),
            "runs/log-batch with a bad item": (10, 26),
            "metrics/odd values": (9, 17),
            "metrics/odd steps and times": (4, 6, 12, 14),
            "metrics/history is paged": (14,),
            "search_runs/where to search": (10, 17, 18, 19),
            "search_runs/pages": (16, 23),
            "datasets/tags of an input": (10,),
            "datasets/log-inputs refuses": (11, 22),
            "datasets/a run reads and writes models": (16,),
            "logged_models/creation refuses": (28,),
            "logged_models/a model becomes ready": (9, 10),
            "logged_models/params are added": (10,),
            "logged_models/order": (4,),
            "bad_input/bodies": (16, 18, 19),
            "bad_input/fields of the wrong type": (1, 6, 9, 13, 14, 15, 18, 19, 20, 27, 29, 30),
            "bad_input/query strings": (1, 2, 4, 3, 11),
            "runs/params are logged one at a time": (16,),
            "registry/creation refuses": (21,),
            "registry/versions refuse": (22, 25),
            "transfers/no upload is begun": (11, 12),
            "transfers_in_a_bucket/no upload is begun": (11, 12),
        },
        status=400,
    ),
    Difference(
        (
            "Required fields are required: a dataset has a name, a digest, a source and its type; an "
            "output a model and a step; a tag that is set a value; a transition says whether it archives. MLflow "
            "stores empty ones."
        ),
        {
            "datasets/tags of an input": (9,),
            "datasets/log-inputs refuses": (2, 3, 4, 5, 6, 7, 8, 9, 10),
            "datasets/a run reads and writes models": (13, 18, 25),
            "logged_models/order": (26,),
            "registry/tags of a model": (17,),
            "registry/tags of a version": (16,),
            "registry/stages": (25, 26),
        },
        status=400,
    ),
    Difference(
        "Fields are named as MLflow's interface documents them, in snake_case only.",
        {
            "bad_input/camel case and unknown fields": (1,),
        },
        status=400,
    ),
    Difference(
        ("Without max_results a search for experiments answers a page of 1,000, as for runs; MLflow refuses."),
        {
            "search_experiments/pages": (5, 6),
            "search_experiments/by GET": (8,),
            "bad_input/bodies": (23,),
        },
        status=200,
    ),
    Difference(
        ("No body is an empty message when no field is required, and media types are compared without regard to case."),
        {
            "bad_input/bodies": (24, 25),
            "bad_input/types of content": (7,),
        },
        status=200,
    ),
    Difference(
        ("A search in no experiment finds nothing, and a run can write no models: an empty list is not an error."),
        {
            "logged_models/where to search": (3,),
            "datasets/a run reads and writes models": (23,),
        },
        status=200,
    ),
    Difference(
        (
            "The search language is a superset: OR, NOT, parentheses, IN, NOT IN, NOT LIKE, IS NULL on "
            "every field, infinities, fractions; attributes under their other names when ordering."
        ),
        {
            "search_experiments/names": (15, 19),
            "search_experiments/ids and times": (13,),
            "search_experiments/tags": (12,),
            "search_experiments/a bad filter": (10, 11, 12),
            "search_runs/metric comparators": (12, 26, 27, 29, 30, 31, 32),
            "search_runs/param comparators": (27, 31, 32),
            "search_runs/tag comparators": (12,),
            "search_runs/attribute comparators": (12, 24, 25, 58, 66),
            "search_runs/dataset comparators": (14,),
            "search_runs/order": (14, 15),
            "logged_models/filters": (31, 38, 47),
            "logged_models/order": (15,),
            "search_registry/filters of models": (15, 26, 27, 30, 31, 32, 38, 39, 40, 46, 47),
            "search_registry/order of models": (10, 11, 12, 17),
            "search_registry/filters of versions": (19, 20, 21, 28, 29, 30, 31, 32, 39, 40, 43, 44, 48, 52, 53),
            "search_registry/order of versions": (7, 13, 15, 16),
        },
        status=200,
    ),
    Difference(
        (
            "A key left out, or a missing comma, is a syntax error that points at the character; MLflow "
            "searches for something else."
        ),
        {
            "search_experiments/a bad filter": (17,),
            "search_runs/attribute comparators": (37,),
            "search_runs/a bad filter": (5,),
            "search_runs/order": (52,),
        },
        status=400,
    ),
    Difference(
        (
            "The limits on keys, names and types hold wherever they are written; MLflow on SQLite checks "
            "them on some routes only."
        ),
        {
            "runs/creation refuses": (13,),
            "logged_models/creation refuses": (17, 18, 24, 32),
            "logged_models/params are added": (8,),
            "logged_models/tags are set and deleted": (8, 5),
        },
        status=400,
    ),
    Difference(
        (
            "The file of a model says so once: `model_uuid` is written to the history of models only when "
            "the client sent it."
        ),
        {
            "runs/log-model keeps the model's description as a tag": (13,),
        },
    ),
    Difference(
        "The route to search datasets answers under every spelling that clients use.",
        {
            "datasets/datasets of experiments": (18, 19, 20),
        },
        status=200,
    ),
    Difference(
        "A model is finished as ready or failed, never as pending again.",
        {
            "logged_models/a model becomes ready": (5, 8),
        },
        status=400,
    ),
    Difference(
        ("The model in the path is the one meant; MLflow reads the model from the body, and misses it there."),
        {
            "logged_models/a model becomes ready": (14, 17),
            "logged_models/params are added": (12, 14),
        },
        status=200,
    ),
    Difference(
        "A deleted model is gone for every verb.",
        {
            "logged_models/a model is deleted": (3, 5, 6, 7),
        },
        status=404,
    ),
    Difference(
        "The status of a model is compared under both of its names, and only with a name.",
        {
            "logged_models/filters": (12, 13),
        },
    ),
    Difference(
        "A quoted tag key means the key, as in a search for runs.",
        {
            "logged_models/filters": (36,),
        },
        status=200,
    ),
    Difference(
        "A dataset without a digest means every digest of that name.",
        {
            "logged_models/filters on datasets": (2, 3),
        },
        status=200,
    ),
    Difference(
        "A page of models has at least one.",
        {
            "logged_models/pages": (6, 7),
            "search_registry/pages of models": (5, 6),
        },
        status=400,
    ),
    Difference(
        "A missing parameter is INVALID_PARAMETER_VALUE on every route.",
        {
            "logged_models/artifact directories": (7,),
            "artifacts/a model's files": (13,),
            "artifacts/a run's file for the page": (19,),
        },
        status=400,
    ),
    Difference(
        (
            "Paths of artifacts are checked before anything is looked for: no backslash, no empty, "
            "absolute or upward path; and a folder is not a file."
        ),
        {
            "artifacts/the proxy refuses": (10,),
            "artifacts/folders are listed": (12,),
            "artifacts/files are deleted": (9, 10),
            "transfers/no upload is begun": (16,),
            "transfers/no link is made": (5, 6, 9),
            "transfers_in_a_bucket/no upload is begun": (16,),
            "transfers_in_a_bucket/no link is made": (5, 6, 9),
            "transfers_in_a_bucket/a file comes down by a link": (4,),
        },
        status=400,
    ),
    Difference(
        "What is not in a bucket, file or upload, is not found; MLflow fails with 500.",
        {
            "transfers_in_a_bucket/a file goes up in parts": (3,),
            "transfers_in_a_bucket/an upload is given up": (4,),
            "transfers_in_a_bucket/an upload is not what was sent": (5,),
            "transfers_in_a_bucket/no upload is completed or given up": (8,),
        },
        status=404,
    ),
    Difference(
        "A part of a file can be asked for (`Range`) wherever it is; MLflow sends a file in a bucket whole.",
        {
            "transfers_in_a_bucket/a file goes up in parts": (7,),
        },
        status=206,
    ),
    Difference(
        "An upload in parts has at least one.",
        {
            "transfers_in_a_bucket/no upload is begun": (8, 9),
        },
        status=400,
    ),
    Difference(
        "A listed path is the plain one, without a leading './'.",
        {
            "artifacts/a run's folders are listed": (14, 15),
        },
        status=200,
    ),
    Difference(
        "`run_id` is accepted beside `run_uuid`.",
        {
            "artifacts/a run's file for the page": (23,),
        },
        status=200,
    ),
    Difference(
        "A list has pages for those who ask, so a token that is none of a page is refused; MLflow looks at none.",
        {
            "artifacts/a run's folders are listed": (17,),
        },
        status=400,
    ),
    Difference(
        "A location with a password, a key or a signature in it is refused, before anything keeps or shows it.",
        {
            "artifacts/a location with a secret": (1, 2),
        },
        status=400,
    ),
    Difference(
        ("The server never opens a location that its operator did not give, whatever a client wrote into a field."),
        {
            "artifacts/a run whose artifacts are elsewhere": (3, 4),
        },
        status=403,
    ),
    Difference(
        "The server says what it can: no gateway yet.",
        {
            "bad_input/routes around the API": (3, 4),
        },
        status=200,
    ),
    Difference(
        "A path with an empty segment is another path.",
        {
            "bad_input/unknown routes": (11,),
        },
        status=404,
    ),
    Difference(
        "HEAD answers what GET answers, without the body.",
        {
            "bad_input/the wrong method": (13,),
        },
        status=200,
    ),
    Difference(
        "A page on another port of this machine is another site, until the operator allows it.",
        {
            "bad_input/hosts and origins": (4,),
        },
        status=403,
    ),
    Difference(
        (
            "The name of a registered model has no encoded separator, no invisible character, no mark that turns the "
            "direction of text, and at most 500 characters: it stands in URIs, paths and logs."
        ),
        {
            "registry/creation refuses": (8, 9, 12, 25, 26),
        },
        status=400,
    ),
    Difference(
        "A version that none can have, and a stage in which there is none, are not found; MLflow fails with 500.",
        {
            "registry/versions refuse": (24,),
            "registry/sources": (39,),
        },
        status=404,
    ),
    Difference(
        "A copy of a version may name the logged model that its original has; MLflow on SQL forgets that one.",
        {
            "registry/the run of a version": (17, 18),
        },
        status=200,
    ),
    Difference(
        "A boolean may be written as a string.",
        {
            "registry/stages": (24,),
        },
        status=200,
    ),
    Difference(
        "A page token belongs to its filter and order; MLflow's is a number of rows, in whatever comes.",
        {
            "search_registry/pages of models": (13, 14),
            "search_registry/pages of versions": (10,),
        },
        status=400,
    ),
    Difference(
        (
            "A webhook's URL has no user, password or blank in it, and a port that exists: it is read in one way by "
            "everybody."
        ),
        {
            "webhooks/addresses": (11, 12, 13, 14),
        },
        status=400,
    ),
    Difference(
        "An event that a webhook names twice is heard once; MLflow lets the database fail.",
        {
            "webhooks/events": (54,),
        },
        status=200,
    ),
    Difference(
        "An event or a status of a webhook that there is not is refused; MLflow fails, or takes the default.",
        {
            "webhooks/an event that cannot be read": (1, 2, 3, 4, 5, 6),
        },
        status=400,
    ),
    Difference(
        (
            "The test of a webhook says in a word why it failed and never what was answered, and no redirect is "
            "followed: whoever can make a webhook could read private networks with it."
        ),
        {
            "webhooks/a test of a webhook that nobody answers for": (2,),
        },
    ),
)


def difference_at(step_id: str) -> Difference | None:
    """The first difference listed for a step."""
    return next((difference for difference in DIFFERENCES if difference.covers(step_id)), None)
