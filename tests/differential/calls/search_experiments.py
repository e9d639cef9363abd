"""Search over experiments: filters, ordering, view types and pages, by POST and by GET."""

from __future__ import annotations

from typing import Any

from tests.differential.call import GET, POST, Call, Sections

OURS = "name LIKE 'search experiments%'"


def _search(filter_: Any, **rest: Any) -> Call:
    """Ordered by name, so that a filter is judged by what it lets through."""
    return POST("experiments/search", {"max_results": 100, "filter": filter_, "order_by": ["name"], **rest})


def _within(filter_: str, **rest: Any) -> Call:
    """Only among the experiments of this noun."""
    return _search(f"{OURS} AND {filter_}", **rest)


def _order(*order_by: Any) -> Call:
    return POST("experiments/search", {"max_results": 100, "filter": OURS, "order_by": list(order_by)})


def _new(name: str, save: str, **tags: str) -> Call:
    pairs = [{"key": key, "value": value} for key, value in tags.items()]
    return POST(
        "experiments/create",
        {"name": f"search experiments {name}", "tags": pairs},
        save={save: "experiment_id"},
    )


CALLS: Sections = {
    "five experiments": [
        _new("alpha", "a", team="blue", stage="one"),
        _new("Beta", "b", team="Blue"),
        _new("gamma 100%", "c", team="red", **{"a.b c": "odd key"}),
        _new("delta_x", "d"),
        _new("gone", "g", team="blue"),
        POST("experiments/delete", {"experiment_id": "$g"}),
        POST("experiments/set-experiment-tag", {"experiment_id": "$d", "key": "late", "value": "it's"}),
        POST("experiments/update", {"experiment_id": "$a", "new_name": "search experiments alpha"}),
    ],
    "names": [
        _search("name = 'search experiments alpha'"),
        _search("attributes.name = 'search experiments alpha'"),
        _search("attribute.name = 'search experiments alpha'"),
        _search("attr.name = 'search experiments alpha'"),
        _search("experiment.name = 'search experiments alpha'"),
        _search('name = "search experiments alpha"'),
        _search("name != 'search experiments alpha' AND name LIKE 'search experiments%'"),
        _search("name LIKE 'search experiments %a'"),
        _search("name LIKE 'SEARCH%'"),
        _search("name ILIKE 'SEARCH EXPERIMENTS b%'"),
        _search("name LIKE 'search experiments delta\\_x'"),
        _search("name LIKE 'search experiments delta_x'"),
        _search("name LIKE 'search experiments gamma 100%'"),
        _search("name LIKE 'search experiments ____a'"),
        _search("name IN ('search experiments alpha', 'search experiments Beta')"),
        _search("name > 'search experiments'"),
        _search("name = search"),
        _search("name = 3"),
        _search("name IS NULL"),
        _search("name = 'none'"),
        _search("`name` = 'search experiments alpha'"),
    ],
    "ids and times": [
        _search("experiment_id = '$a'"),
        _search("attributes.experiment_id = '$a'"),
        _search("experiment_id IN ('$a', '$b')"),
        _within("creation_time > 0"),
        _within("creation_time > 1000000000000"),
        _within("creation_time < 1000000000000"),
        _within("last_update_time >= 1000000000000"),
        _within("last_update_time = 5"),
        _within("last_update_time != 5"),
        _within("creation_time > '0'"),
        _within("creation_time > abc"),
        _within("creation_time LIKE '1%'"),
        _within("creation_time > 1.5"),
        _within("lifecycle_stage = 'active'"),
        _within("artifact_location LIKE '%'"),
    ],
    "tags": [
        _within("tags.team = 'blue'"),
        _within("tag.team = 'blue'"),
        _within("tags.team != 'blue'"),
        _within("tags.team LIKE '%lue'"),
        _within("tags.team ILIKE 'B%'"),
        _within("tags.`a.b c` = 'odd key'"),
        _within("tags.\"a.b c\" = 'odd key'"),
        _within('tags.late = "it\'s"'),
        _within("tags.none = 'x'"),
        _within("tags.team IS NULL"),
        _within("tags.team IS NOT NULL"),
        _within("tags.team IN ('blue', 'red')"),
        _within("tags.team > 'a'"),
        _within("tags.team = blue"),
        _within("tags.team = 3"),
        _within("tags.team = 'blue' AND tags.stage = 'one'"),
        _within("tags.team = 'blue' and name LIKE '%alpha'"),
    ],
    "a bad filter": [
        _search("name"),
        _search("name ="),
        _search("= 'x'"),
        _search("name = 'x"),
        _search("name == 'x'"),
        _search("none = 'x'"),
        _search("attributes.none = 'x'"),
        _search("params.a = 'x'"),
        _search("metrics.a > 1"),
        _search("name = 'x' OR name = 'y'"),
        _search("(name = 'x')"),
        _search("NOT name = 'x'"),
        _search("name = 'x' AND"),
        _search("name = 'x';"),
        _search("'x' = name"),
        _search("name = 'x'); DROP TABLE experiments; --"),
        _search("tags. = 'x'"),
        _search("tags = 'x'"),
        _search(" ", max_results=1, order_by=["creation_time"]),
        _search(7),
        _search(["x"]),
    ],
    "view types": [
        _search(OURS, view_type="ACTIVE_ONLY"),
        _search(OURS, view_type="DELETED_ONLY"),
        _search(OURS, view_type="ALL"),
        _search(OURS, view_type=3),
        _search(OURS, view_type="3"),
        _search(OURS, view_type=0),
        _search(OURS, view_type="NONE"),
        _search(OURS, view_type=""),
    ],
    "order": [
        POST("experiments/search", {"max_results": 100, "filter": OURS}),
        _order("name"),
        _order("name DESC"),
        _order("name desc"),
        _order("attributes.name ASC"),
        _order("attribute.name"),
        _order("experiment_id"),
        _order("experiment_id DESC"),
        _order("creation_time"),
        _order("creation_time DESC"),
        _order("last_update_time"),
        _order("last_update_time DESC"),
        _order("name", "creation_time"),
        _order("lifecycle_stage"),
        _order("tags.team"),
        _order("none"),
        _order("name UP"),
        _order("name DESC ASC"),
        _order("name, creation_time"),
        _order(""),
        _order("name; DROP TABLE experiments"),
        _order(7),
        _search(OURS, order_by="name"),
    ],
    "pages": [
        _search(OURS, max_results=4),
        _search(OURS, max_results=5),
        POST(
            "experiments/search",
            {"max_results": 3, "filter": OURS, "order_by": ["name"]},
            save={"page": "next_page_token"},
        ),
        _search(OURS, max_results=3, page_token="$page"),
        POST("experiments/search", {"filter": OURS}),
        POST("experiments/search", {}),
        _search(OURS, max_results=0),
        _search(OURS, max_results=-1),
        _search(OURS, max_results=50000),
        _search(OURS, max_results=50001),
        _search(OURS, max_results="3"),
        _search(OURS, max_results="x"),
        _search(OURS, max_results=2.5),
        _search(OURS, max_results=2**63),
        _search(OURS, page_token=""),
        _search(OURS, page_token="bad"),
        _search(OURS, page_token="e30="),
        _search(OURS, page_token=7),
    ],
    "by GET": [
        GET(
            "experiments/search",
            {"max_results": 2, "filter": OURS, "order_by": "name"},
            save={"page": "next_page_token"},
        ),
        GET(
            "experiments/search",
            {"max_results": 2, "filter": OURS, "order_by": "name", "page_token": "$page"},
        ),
        GET(
            "experiments/search",
            {"max_results": 9, "filter": OURS, "order_by": ["name DESC", "creation_time"]},
        ),
        GET("experiments/search", {"max_results": 9, "filter": OURS, "view_type": "ALL", "order_by": "name"}),
        GET("experiments/search", {"max_results": 9, "filter": OURS, "view_type": "2", "order_by": "name"}),
        GET("experiments/search", {"max_results": "x"}),
        GET("experiments/search", {"max_results": 9, "view_type": "NONE"}),
        GET("experiments/search"),
        GET("/ajax-api/2.0/mlflow/experiments/search", {"max_results": 9, "filter": OURS, "order_by": "name"}),
    ],
}
