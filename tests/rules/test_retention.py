"""How long something is kept, and what of it is needed."""

from __future__ import annotations

import pytest

from genesis_flow.errors import InvalidParameter
from genesis_flow.rules.paths import SafeRelPath
from genesis_flow.rules.retention import needed_parts, parse_duration_ms

RUN, OTHER = "0" * 32, "1" * 32
at = SafeRelPath.parse


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("30d", 2_592_000_000),
        ("1d2h3m4s", 93_784_000),
        ("1.5h", 5_400_000),
        ("1.2d3h4m5s", 114_725_000),
        (" 90m ", 5_400_000),
        ("0s", 0),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, ms: int) -> None:
    assert parse_duration_ms("older-than", text) == ms


@pytest.mark.parametrize("text", ["", "30", "-1d", "1w", "1h1d", "d", "1e3d", "inf", "٣d", "1d ago", "9" * 10 + "d"])
def test_a_text_that_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        parse_duration_ms("older-than", text)


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (f"s3://bucket/1/{RUN}/artifacts/model", "artifacts/model"),
        (f"S3://bucket//1/{RUN}/./artifacts/model/", "artifacts/model"),
        (f"C:/mlruns/{RUN}/artifacts/model", "artifacts/model"),
        (f"/mlruns/1/{RUN}", ""),
        (f"mlflow-artifacts:/1/{RUN}/artifacts", "artifacts"),
        (f"abfss://c@a.dfs.core.windows.net/{RUN}/artifacts/ü b", "artifacts/ü b"),
    ],
)
def test_what_lies_in_the_folder_of_a_run_is_needed_of_it(location: str, path: str) -> None:
    assert list(needed_parts(location, {RUN, OTHER})) == [(RUN, at(path))]


def test_a_path_that_is_encoded_is_needed_in_each_of_its_readings() -> None:
    found = dict.fromkeys(path for _, path in needed_parts(f"file:///{RUN}/artifacts/a%2520b", {RUN}))
    assert list(found) == [at("artifacts/a%2520b"), at("artifacts/a%20b"), at("artifacts/a b")]


def test_an_id_that_is_encoded_is_found() -> None:
    assert list(needed_parts(f"file:///%30{RUN[1:]}/artifacts", {RUN})) == [(RUN, at("artifacts"))]


@pytest.mark.parametrize(
    "location",
    [
        f"runs:/{RUN}/model",
        f"RUNS:/{RUN}",
        f"s3://bucket/{RUN}/artifacts/model?versionId=1",
        f"/mlruns/{RUN}/artifacts/../../x",
        f"/mlruns/{RUN}/artifacts/a#b",
    ],
)
def test_what_cannot_be_understood_needs_all_of_a_run(location: str) -> None:
    assert set(needed_parts(location, {RUN})) == {(RUN, None)}


@pytest.mark.parametrize("location", ["", f"s3://bucket/{RUN}0/artifacts", f"s3://bucket/x{RUN}", "s3://bucket", "/"])
def test_a_location_elsewhere_needs_nothing(location: str) -> None:
    assert list(needed_parts(location, {RUN})) == []
