"""The searches of the model registry: filters, orders, pages."""

from __future__ import annotations

from typing import Any

from tests.differential.call import DELETE, GET, POST, Call, Sections

MODEL, VERSION = "registered-models/", "model-versions/"


OURS = "name LIKE 'found %'"
"""The server has the models of other nouns too."""


def _pair(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def _create(name: str, **tags: str) -> Call:
    return POST(MODEL + "create", {"name": f"found {name}", "tags": [_pair(k, v) for k, v in tags.items()]})


def _version(name: str, source: str = "s3://bucket/x", **rest: Any) -> Call:
    return POST(VERSION + "create", {"name": f"found {name}", "source": source, **rest})


def _models(filter_: str) -> Call:
    return GET(MODEL + "search", {"filter": f"{filter_} AND {OURS}" if filter_ else OURS})


def _versions(filter_: str) -> Call:
    return GET(VERSION + "search", {"filter": f"{filter_} AND {OURS}" if filter_ else OURS})


def _ordered(path: str, *terms: str) -> Call:
    return GET(path + "search", [("filter", OURS), *(("order_by", term) for term in terms)])


def _page(path: str, save: str = "", **rest: Any) -> Call:
    return GET(path + "search", {"filter": OURS, **rest}, save={save: "next_page_token"} if save else {})


CALLS: Sections = {
    "models and versions": [
        POST("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "r"}, save={"r": "run.info.run_id"}),
        POST("runs/create", {"experiment_id": "0", "start_time": 1, "run_name": "q"}, save={"q": "run.info.run_id"}),
        _create("b", team="blue", size="1"),
        _create("a", team="red"),
        _create("C_d", team="Blue"),
        _create("100%"),
        _create("it's"),
        _create("é"),
        _version("b", run_id="$r", tags=[_pair("t", "x")]),
        _version("b", "s3://bucket/y", run_id="$q", tags=[_pair("t", "y")]),
        _version("a", run_id="$r", tags=[_pair("t", "X"), _pair("u", "1")]),
        *(_version("C_d") for _ in range(11)),
        POST(
            VERSION + "transition-stage",
            {"name": "found b", "version": "2", "stage": "Production", "archive_existing_versions": False},
        ),
        POST(MODEL + "alias", {"name": "found b", "alias": "champion", "version": "1"}),
        POST(MODEL + "set-tag", {"name": "found a", "key": "late", "value": "1"}),
        DELETE(VERSION + "delete", {"name": "found C_d", "version": "5"}),
    ],
    "filters of models": [
        *(
            _models(text)
            for text in (
                "",
                "name = 'found a'",
                "name != 'found a'",
                "name LIKE 'found C%'",
                "name LIKE 'found c%'",
                "name ILIKE 'found c%'",
                "name LIKE 'found 100\\%'",
                "name LIKE 'found 100%'",
                "name ILIKE '%É%'",
                "name LIKE 'found _'",
                'name = "found it\'s"',
                "name = 'found A'",
                "name > 'found a'",
                "name IN ('found a', 'found b')",
                "`name` = 'found a'",
                "attribute.name = 'found a'",
                "attributes.name = 'found a'",
                "tags.team = 'blue'",
                "tag.team = 'blue'",
                "tags.team != 'blue'",
                "tags.team LIKE 'bl%'",
                "tags.team ILIKE 'bl%'",
                "tags.`team` = 'blue' AND tags.size = '1'",
                "tags.team = 'blue' and name = 'found b'",
                "tags.team = 'blue' AND tags.team = 'red'",
                "tags.team = 'blue' OR name = 'found a'",
                "NOT name = 'found a'",
                "tags.none = 'x'",
                "tags.none != 'x'",
                "tags.team IS NULL",
                "tags.team IS NOT NULL",
                "tags.team IN ('blue')",
                "name = a",
                "name = 1",
                "name",
                "name = 'found a' AND",
                "version = '1'",
                "description = 'x'",
                "creation_timestamp > 0",
                "last_updated_timestamp > 0",
                "aliases = 'champion'",
                "params.x = '1'",
                "metrics.x > 1",
                "run_id = 'x'",
                "foo.bar = 'x'",
                "name NOT LIKE 'found a'",
                "name IS NULL",
            )
        ),
    ],
    "order of models": [
        *(
            _ordered(MODEL, *terms)
            for terms in (
                ["name"],
                ["name ASC"],
                ["name DESC"],
                ["name desc"],
                ["timestamp"],
                ["timestamp DESC"],
                ["last_updated_timestamp"],
                ["last_updated_timestamp DESC"],
                ["last_updated_timestamp DESC", "name"],
                ["creation_timestamp"],
                ["creation_timestamp DESC"],
                ["attribute.name DESC"],
                ["attributes.name DESC"],
                ["`name` DESC"],
                ["tags.team"],
                ["version"],
                ["description"],
                ["name", "name DESC"],
                ["name; DROP"],
                [""],
                ["name ASC DESC"],
            )
        ),
    ],
    "pages of models": [
        _page(MODEL, max_results=2, save="t"),
        _page(MODEL, max_results=2, page_token="$t", save="u"),
        _page(MODEL, max_results=2, page_token="$u"),
        _page(MODEL, max_results=6),
        _page(MODEL, max_results=0),
        _page(MODEL, max_results=-1),
        _page(MODEL, max_results=1000),
        _page(MODEL, max_results=1001),
        _page(MODEL, max_results="x"),
        _page(MODEL, max_results=10**20),
        _page(MODEL, page_token="forged"),
        _page(MODEL, page_token=""),
        _page(MODEL, max_results=2, page_token="$t", filter="name != 'found a'"),
        _page(MODEL, max_results=2, page_token="$t", order_by="name DESC"),
        POST(MODEL + "search", {}),
    ],
    "filters of versions": [
        *(
            _versions(text)
            for text in (
                "",
                "name = 'found b'",
                "name='found b'",
                "name != 'found C_d'",
                "name LIKE 'found C%'",
                "name ILIKE 'found c_D'",
                "name = 'found never'",
                "run_id = '$r'",
                "run_id IN ('$r')",
                "run_id IN ('$r', '$q')",
                "run_id = '$r' AND name = 'found a'",
                "run_id != '$r'",
                "run_id LIKE '%'",
                "run_id = ''",
                "run_id IN ()",
                "run_id IN ('')",
                "source_path = 's3://bucket/y'",
                "source_path LIKE 's3%'",
                "source = 's3://bucket/y'",
                "version = 1",
                "version = '1'",
                "version_number = 1",
                "version_number = '1'",
                "version_number > 9",
                "version_number >= 10 AND name = 'found C_d'",
                "version_number != 1",
                "version_number <= 2",
                "version_number IN (1)",
                "version_number BETWEEN 1 AND 2",
                "version_number = 1.5",
                "stage = 'Production'",
                "current_stage = 'Production'",
                "tags.t = 'x'",
                "tags.t != 'x'",
                "tags.t ILIKE 'x'",
                "tags.t LIKE 'x'",
                "tags.t = 'X' AND tags.u = '1'",
                "tags.none = 'x'",
                "tags.t IN ('x')",
                "tags.t IS NULL",
                "attribute.name = 'found b'",
                "attributes.name = 'found b'",
                "creation_timestamp > 0",
                "last_updated_timestamp > 0",
                "status = 'READY'",
                "user_id = ''",
                "aliases = 'champion'",
                "name = 'found a' OR name = 'found b'",
                "foo = 'x'",
                "name IN ('found a', 'found b')",
                "name = b",
                "description = 'x'",
                "model_id = 'x'",
            )
        ),
    ],
    "order of versions": [
        *(
            _ordered(VERSION, *terms)
            for terms in (
                ["name"],
                ["name DESC"],
                ["version_number"],
                ["version_number DESC"],
                ["version_number DESC", "name"],
                ["name", "version_number"],
                ["version"],
                ["creation_timestamp"],
                ["creation_timestamp DESC"],
                ["last_updated_timestamp"],
                ["last_updated_timestamp DESC"],
                ["timestamp DESC"],
                ["run_id"],
                ["tags.t"],
                ["stage"],
                ["source_path"],
                ["foo"],
            )
        ),
    ],
    "pages of versions": [
        _page(VERSION, max_results=4, save="t"),
        _page(VERSION, max_results=4, page_token="$t", save="u"),
        _page(VERSION, max_results=4, page_token="$u"),
        _page(VERSION, max_results=0),
        _page(VERSION, max_results=-1),
        _page(VERSION, max_results=200_000),
        _page(VERSION, max_results=200_001),
        _page(VERSION, max_results="x"),
        _page(VERSION, page_token="forged"),
        _page(VERSION, max_results=4, page_token="$t", filter="name = 'found a'"),
    ],
}
