"""Experiments: their life cycle, tags and search."""

from __future__ import annotations

import mlflow
from mlflow import MlflowClient
from mlflow.entities import ViewType

from tests.blackbox.script import check, check_if, finish, fresh_experiment, fresh_name, refused

client = MlflowClient()


@check
def the_default_experiment_is_there() -> None:
    default = client.get_experiment("0")
    assert (default.experiment_id, default.name) == ("0", "Default")
    assert default.lifecycle_stage == "active"
    assert client.get_experiment_by_name("Default").experiment_id == "0"


@check
def a_created_experiment_is_read_back() -> None:
    name = fresh_name("experiment ü/'\"%_\\")
    experiment_id = client.create_experiment(name, tags={"team": "blue", "ключ": "значение"})
    by_id = client.get_experiment(experiment_id)
    by_name = client.get_experiment_by_name(name)
    assert by_id.name == by_name.name == name
    assert by_id.experiment_id == by_name.experiment_id == experiment_id
    assert by_id.tags == by_name.tags == {"team": "blue", "ключ": "значение"}
    assert by_id.lifecycle_stage == "active"
    assert by_id.creation_time == by_id.last_update_time > 0


@check
def an_artifact_location_is_made_or_kept() -> None:
    made = client.get_experiment(fresh_experiment("location"))
    assert made.artifact_location.endswith(f"/{made.experiment_id}"), made.artifact_location
    kept_id = client.create_experiment(fresh_name("location"), artifact_location="s3://bucket/somewhere")
    assert client.get_experiment(kept_id).artifact_location == "s3://bucket/somewhere"


@check
def a_missing_experiment_is_none_by_name_and_an_error_by_id() -> None:
    assert client.get_experiment_by_name(fresh_name("missing")) is None
    with refused("RESOURCE_DOES_NOT_EXIST", "999999999"):
        client.get_experiment("999999999")


@check
def a_renamed_experiment_is_found_by_its_new_name() -> None:
    old, new = fresh_name("old"), fresh_name("new")
    experiment_id = client.create_experiment(old)
    client.rename_experiment(experiment_id, new)
    assert client.get_experiment_by_name(new).experiment_id == experiment_id
    assert client.get_experiment_by_name(old) is None
    assert client.get_experiment(experiment_id).name == new


@check
def a_name_is_taken_even_by_a_deleted_experiment() -> None:
    name = fresh_name("taken")
    experiment_id = client.create_experiment(name)
    with refused("RESOURCE_ALREADY_EXISTS", name):
        client.create_experiment(name)
    client.delete_experiment(experiment_id)
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_experiment(name)


@check
def a_deleted_experiment_is_marked_and_restored_with_its_runs() -> None:
    experiment_id = fresh_experiment("deleted")
    run_id = client.create_run(experiment_id).info.run_id
    client.delete_experiment(experiment_id)
    deleted = client.get_experiment(experiment_id)
    assert deleted.lifecycle_stage == "deleted"
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    with refused("INVALID_PARAMETER_VALUE"):
        client.create_run(experiment_id)
    client.restore_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "active"
    assert client.get_run(run_id).info.lifecycle_stage == "active"


@check
def tags_are_set_and_overwritten() -> None:
    experiment_id = fresh_experiment("tags")
    client.set_experiment_tag(experiment_id, "stage", "draft")
    client.set_experiment_tag(experiment_id, "stage", "final")
    client.set_experiment_tag(experiment_id, "number", 7)
    client.set_experiment_tag(experiment_id, "empty", "")
    assert client.get_experiment(experiment_id).tags == {"stage": "final", "number": "7", "empty": ""}


@check_if(hasattr(client, "delete_experiment_tag"))
def a_tag_of_an_experiment_is_deleted() -> None:
    experiment_id = client.create_experiment(fresh_name("tags"), tags={"kept": "1", "gone": "2"})
    client.delete_experiment_tag(experiment_id, "gone")
    assert client.get_experiment(experiment_id).tags == {"kept": "1"}


@check
def experiments_are_searched_by_name_tag_and_life_cycle() -> None:
    family = fresh_name("family")
    ids = [client.create_experiment(f"{family}-{number}", tags={"family": family}) for number in range(4)]
    client.set_experiment_tag(ids[2], "odd one", "yes")
    client.delete_experiment(ids[3])

    def names(view_type: int = ViewType.ACTIVE_ONLY, filter_string: str = f"name LIKE '{family}%'") -> list[str]:
        found = client.search_experiments(view_type=view_type, filter_string=filter_string, order_by=["name ASC"])
        return [experiment.name.removeprefix(f"{family}-") for experiment in found]

    assert names() == ["0", "1", "2"]
    assert names(ViewType.DELETED_ONLY) == ["3"]
    assert names(ViewType.ALL) == ["0", "1", "2", "3"]
    assert names(filter_string=f"name ILIKE '{family.upper()}%'") == ["0", "1", "2"]
    assert names(filter_string=f"name = '{family}-1'") == ["1"]
    assert names(filter_string=f"name LIKE '{family}%' AND name != '{family}-1'") == ["0", "2"]
    assert names(filter_string=f"tags.family = '{family}' AND tags.`odd one` = 'yes'") == ["2"]
    assert names(filter_string=f"tags.family = '{family}' AND creation_time > 0") == ["0", "1", "2"]


@check
def experiments_come_in_pages_and_in_the_order_asked_for() -> None:
    family = fresh_name("pages")
    ids = [client.create_experiment(f"{family}-{number}") for number in range(5)]
    found: list[str] = []
    token = None
    pages = 0
    while pages == 0 or token:
        page = client.search_experiments(
            filter_string=f"name LIKE '{family}%'",
            max_results=2,
            order_by=["experiment_id DESC"],
            page_token=token,
        )
        found += [experiment.experiment_id for experiment in page]
        token, pages = page.token, pages + 1
    assert found == ids[::-1]
    assert pages == 3
    newest_first = client.search_experiments(filter_string=f"name LIKE '{family}%'")
    # Several may be made in the same millisecond, and then come in the order of their ids.
    made = sorted((-experiment.creation_time, int(experiment.experiment_id)) for experiment in newest_first)
    assert [experiment.experiment_id for experiment in newest_first] == [str(id_) for _, id_ in made]
    assert sorted(str(id_) for _, id_ in made) == sorted(ids)


@check
def the_fluent_calls_do_the_same() -> None:
    name = fresh_name("fluent")
    experiment_id = mlflow.create_experiment(name, tags={"made": "fluently"})
    assert mlflow.get_experiment(experiment_id).tags == {"made": "fluently"}
    assert mlflow.get_experiment_by_name(name).experiment_id == experiment_id
    assert mlflow.set_experiment(name).experiment_id == experiment_id
    mlflow.set_experiment_tag("one", 1)
    mlflow.set_experiment_tags({"two": 2, "three": 3})
    assert mlflow.get_experiment(experiment_id).tags == {
        "made": "fluently",
        "one": "1",
        "two": "2",
        "three": "3",
    }
    found = mlflow.search_experiments(filter_string=f"name = '{name}'", max_results=10)
    assert [experiment.experiment_id for experiment in found] == [experiment_id]
    mlflow.delete_experiment(experiment_id)
    assert mlflow.search_experiments(filter_string=f"name = '{name}'") == []


@check
def setting_an_experiment_makes_it_and_refuses_a_deleted_one() -> None:
    name = fresh_name("set")
    made = mlflow.set_experiment(name)
    assert client.get_experiment_by_name(name).experiment_id == made.experiment_id
    assert mlflow.set_experiment(experiment_id=made.experiment_id).name == name
    client.delete_experiment(made.experiment_id)
    with refused("INVALID_PARAMETER_VALUE", name):
        mlflow.set_experiment(name)


finish()
