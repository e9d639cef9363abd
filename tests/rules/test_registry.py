from __future__ import annotations

import pytest

from genesis_flow.errors import InvalidRequest
from genesis_flow.rules.model_uris import ModelUri, parse_model_uri
from genesis_flow.rules.registry import check_alias, check_new_alias, check_registered_name, stage_of, version_number
from genesis_flow.rules.sources import check_source, is_within, needs_owner, run_of
from genesis_flow.rules.times import parse_time_ms

ID = "m-" + "0" * 32


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("1772546400000", 1_772_546_400_000),
        ("2026-03-03T14:00:00Z", 1_772_546_400_000),
        ("2026-03-03 14:00Z", 1_772_546_400_000),
        ("2026-03-03T15:00:00.25+01:00", 1_772_546_400_250),
        ("2026-03-03T15:00:00+0100", 1_772_546_400_000),
        ("2026-03-03T15:00:00 01:00", 1_772_546_400_000),  # a '+' that a query string made a blank
    ],
)
def test_a_time_has_a_zone_or_is_in_milliseconds(text: str, ms: int) -> None:
    assert parse_time_ms("as_of", text) == ms


@pytest.mark.parametrize(
    "text", ["", "now", "2026-03-03", "2026-03-03T14:00:00", "2026-13-03T14:00:00Z", "-1", "1e3", "١"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_time_ms("as_of", text)


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("models:/fraud/3", ModelUri(name="fraud", version=3)),
        ("models:/fraud/latest", ModelUri(name="fraud")),
        ("models:/fraud/production", ModelUri(name="fraud", stage="Production")),
        ("models:/fraud@champion", ModelUri(name="fraud", alias="champion")),
        ("models:/a@b?c@champion", ModelUri(name="a@b?c", alias="champion")),
        (
            "models:/fraud@champion?as_of=2026-03-03T14:00:00Z",
            ModelUri(name="fraud", alias="champion", as_of_ms=1_772_546_400_000),
        ),
        (f"models:/{ID}", ModelUri(model_id=ID)),
    ],
)
def test_a_uri_names_a_version_or_a_logged_model(text: str, uri: ModelUri) -> None:
    assert parse_model_uri("source", text) == uri


@pytest.mark.parametrize(
    "text",
    [
        *("models:/", "models:/fraud", "models://fraud/1", "models:fraud/1", "runs:/fraud/1", "models:/a/b/1"),
        *(
            "models:/fraud/nowhere",
            "models:/fraud@",
            "models:/@a",
            "models:/fraud@a b",
            "models:/../1",
            "models:/a\n/1",
        ),
        *("models:/fraud/1?as_of=5", "models:/fraud@a?as_of=", "models:/fraud@a?as_of=yesterday", "models:/%2f/1"),
    ],
)
def test_what_names_no_model_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_model_uri("source", text)


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", ".", "..", "..a", "a/b", "a:b", "../a", "a%2fb", "%2F", "%5c", "%2e%2e", "a\0b", "a\nb", "a\x7fb"),
        *("a\u202eb", "a\u2066b", "a\u200bb", "a\u2028b", "\ufeffa", "a\x85b", "n" * 501),
    ],
)
def test_a_name_that_is_more_than_it_shows_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_registered_name("name", name)


@pytest.mark.parametrize(
    "name", ["a", " a ", "a.b", "a..b", ".a", "it's", 'a"b', "a\\b", "é 😀", "100%", "a@b#c?d&e+f", "n" * 500]
)
def test_names_that_mlflow_takes_are_taken(name: str) -> None:
    assert check_registered_name("name", name) == name


@pytest.mark.parametrize("alias", ["", "a b", "a.b", "a/b", "a@b", "a\n", "a" * 256])
def test_an_alias_is_one_word(alias: str) -> None:
    with pytest.raises(InvalidRequest):
        check_alias(alias)


@pytest.mark.parametrize("alias", ["latest", "LATEST", "v1", "V22"])
def test_an_alias_that_means_something_else_is_not_given(alias: str) -> None:
    assert check_alias(alias) == alias
    with pytest.raises(InvalidRequest):
        check_new_alias(alias)


def test_versions_are_integers_and_stages_are_four() -> None:
    assert [version_number(text) for text in ("1", "007", "-3", "9" * 18, "9" * 19)] == [1, 7, 0, int("9" * 18), 0]
    assert [stage_of(text) for text in ("none", "STAGING", "Production", "archived")] == [
        *("None", "Staging", "Production", "Archived")
    ]
    for text in ("x", " 1", "1.0", "１", "+1", "1_0"):
        with pytest.raises(InvalidRequest):
            version_number(text)


@pytest.mark.parametrize(
    "source",
    [
        *(
            "../x",
            "a/../b",
            "s3://b/../x",
            "s3://b/%2e%2e/x",
            "s3://b/%252e%252e/x",
            "s3://b\\..\\x",
            "s3://b/%2e%2e%5cx",
        ),
        *("s3://b/./x", "s3://b", "s3:x", "mlflow-artifacts:x", "mlflow-artifacts:/a/%2E%2E/x", "runs:/r/../x"),
        *(
            "s3://b/%00",
            "s3://b/a\nb",
            "file:///a/../../etc",
            "javascript:alert(1)",
            "s3://b/" + "x" * 2_000,
            "s3://[b/x",
        ),
        "s3://b/%" + "25" * 20 + "2e%" + "25" * 20 + "2e/x",
    ],
)
def test_a_source_that_does_not_say_where_it_leads_is_refused(source: str) -> None:
    with pytest.raises(InvalidRequest):
        check_source(source)


@pytest.mark.parametrize(
    "source", ["s3://b/x", "gs:///x", "dbfs:/x", "s3://b/a b/é", "s3://b/...", "runs:/r/m", "/a/b", "s3://b//x"]
)
def test_sources_that_mlflow_takes_are_taken(source: str) -> None:
    assert check_source(source) == source


def test_local_sources_and_those_of_the_proxy_need_an_owner_and_hosts_are_refused() -> None:
    for source in (
        "/etc",
        "file:///etc",
        "FILE:/etc",
        "relative",
        "C:\\x",
        "//host/x",
        "mlflow-artifacts:/0",
        "file+x:/e",
    ):
        assert needs_owner(source), source
    for source in ("s3://b/x", "dbfs:/x", "unknown:/x"):
        assert not needs_owner(source)
    for source in ("http://h/x", "HTTPS://h/x", "ftp://h/x", "hdfs://h/x", "mlflow-artifacts://h/x"):
        with pytest.raises(InvalidRequest):
            needs_owner(source)


@pytest.mark.parametrize(
    ("source", "location", "within"),
    [
        ("mlflow-artifacts:/0/r/artifacts/m", "mlflow-artifacts:/0/r/artifacts", True),
        ("mlflow-artifacts:///0/r/artifacts", "mlflow-artifacts:/0/r/artifacts/", True),
        ("mlflow-artifacts:/0/r/artifactsx", "mlflow-artifacts:/0/r/artifacts", False),
        ("mlflow-artifacts:/0/r", "mlflow-artifacts:/0/r/artifacts", False),
        ("file:///a/b/m", "/a/b", True),
        ("/a/b/m", "file:///a/b", True),
        ("file://localhost/a/b", "file:/a/b", True),
        ("file://host/a/b", "/a/b", False),
        ("/a/bc", "/a/b", False),
        ("s3://other/a/b", "s3://bucket/a", False),
    ],
)
def test_a_source_lies_within_artifacts_or_does_not(source: str, location: str, within: bool) -> None:
    assert is_within(source, location) is within


def test_the_run_of_a_source_is_read_from_it() -> None:
    assert [run_of(source) for source in ("runs:/r/m", "runs:/r", "runs://r/m", "s3://runs/r")] == ["r", "r", "", None]
