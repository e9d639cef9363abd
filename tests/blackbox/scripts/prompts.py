"""Prompts, which MLflow keeps in the registry: models and versions with tags of its own."""

from __future__ import annotations

import json
from typing import Any

import mlflow
from mlflow import MlflowClient

from tests.blackbox.script import check_if, finish, fresh_name, refused

client: Any = MlflowClient()
has_prompts = hasattr(mlflow, "genai") and hasattr(mlflow.genai, "register_prompt")
has_all = has_prompts and hasattr(mlflow.genai, "set_prompt_model_config")
genai: Any = getattr(mlflow, "genai", None)
CHAT = [{"role": "system", "content": "Be {{ mood }}."}, {"role": "user", "content": "{{ question }}"}]


def new_prompt(*templates: str) -> str:
    name = fresh_name("prompt")
    for template in templates:
        genai.register_prompt(name=name, template=template)
    return name


@check_if(has_prompts)
def a_prompt_is_registered_and_loaded_by_version() -> None:
    name = fresh_name("prompt")
    made = genai.register_prompt(
        name=name, template="Hello {{ who }}, ünï\n🧪", commit_message="the first", tags={"author": "ann"}
    )
    assert (made.name, int(made.version)) == (name, 1)
    for loaded in (genai.load_prompt(f"prompts:/{name}/1"), genai.load_prompt(name, version=1)):
        assert loaded.template == "Hello {{ who }}, ünï\n🧪"
        assert (loaded.commit_message, loaded.tags["author"]) == ("the first", "ann")
        assert loaded.variables == {"who"}
        assert loaded.format(who="Bob") == "Hello Bob, ünï\n🧪"


@check_if(has_prompts)
def a_prompt_is_loaded_by_alias() -> None:
    name = new_prompt("Hello {{ who }}", "Dear {{ who }}")
    genai.set_prompt_alias(name, "production", 2)
    assert genai.load_prompt(f"prompts:/{name}@production").template == "Dear {{ who }}"


@check_if(has_all)
def an_alias_is_moved_and_deleted() -> None:
    name = new_prompt("Hello {{ who }}", "Dear {{ who }}")
    for version, template in ((2, "Dear {{ who }}"), (1, "Hello {{ who }}")):
        genai.set_prompt_alias(name, "production", version)
        assert client.get_prompt_version_by_alias(name, "production").template == template
    genai.delete_prompt_alias(name, "production")
    with refused("INVALID_PARAMETER_VALUE"):
        client.get_prompt_version_by_alias(name, "production")


@check_if(has_prompts)
def prompts_and_models_are_kept_apart() -> None:
    name = new_prompt("Hello {{ who }}")
    assert [prompt.name for prompt in genai.search_prompts(f"name = '{name}'")] == [name]
    assert client.search_registered_models(f"name = '{name}'") == []
    with refused("RESOURCE_ALREADY_EXISTS"):
        client.create_registered_model(name)
    model = fresh_name("model")
    client.create_registered_model(model)
    with refused("INVALID_PARAMETER_VALUE", model):
        genai.register_prompt(name=model, template="x")


@check_if(has_all)
def a_prompt_that_is_not_there_is_missed() -> None:
    name = new_prompt("x")
    assert genai.load_prompt("prompts:/" + fresh_name("never") + "/1", allow_missing=True) is None
    assert genai.load_prompt(f"prompts:/{name}/2", allow_missing=True) is None
    with refused("RESOURCE_DOES_NOT_EXIST"):
        genai.load_prompt(f"prompts:/{name}/2")


@check_if(has_all)
def the_newest_is_loaded_without_a_version() -> None:
    name = new_prompt("first", "second")
    assert genai.load_prompt(name).template == "second"
    assert genai.load_prompt(f"prompts:/{name}@latest").template == "second"
    genai.register_prompt(name=name, template="third")
    assert client.load_prompt(f"prompts:/{name}@latest", cache_ttl_seconds=0).template == "third"


@check_if(has_all)
def a_chat_with_its_answer_and_model_comes_back() -> None:
    name = fresh_name("chat")
    answer = {"type": "object", "properties": {"mood": {"type": "string"}}}
    model = {"provider": "none", "model_name": "m", "temperature": 0.5, "max_tokens": 7, "extra_params": {"k": [1]}}
    genai.register_prompt(name=name, template=CHAT, response_format=answer, model_config=model)
    loaded = genai.load_prompt(f"prompts:/{name}/1")
    assert (loaded.is_text_prompt, loaded.template, loaded.response_format) == (False, CHAT, answer)
    assert {key: loaded.model_config[key] for key in model} == model
    assert loaded.variables == {"mood", "question"}
    assert loaded.format(mood="brief", question="Why?")[1] == {"role": "user", "content": "Why?"}


@check_if(has_all)
def the_model_of_a_version_is_set_and_removed() -> None:
    name = new_prompt("x")
    genai.set_prompt_model_config(name, 1, {"model_name": "m", "temperature": 0.25})
    assert client.load_prompt(name, 1, cache_ttl_seconds=0).model_config["temperature"] == 0.25
    genai.delete_prompt_model_config(name, 1)
    assert not client.load_prompt(name, 1, cache_ttl_seconds=0).model_config


@check_if(has_all)
def tags_of_prompts_and_of_their_versions_are_set_and_deleted() -> None:
    name = new_prompt("x")
    genai.set_prompt_tag(name, "team", "blue")
    genai.set_prompt_version_tag(name, 1, "checked", "yes")
    assert genai.get_prompt_tags(name)["team"] == "blue"
    assert client.get_prompt(name).tags["team"] == "blue"
    assert client.get_prompt_version(name, 1).tags["checked"] == "yes"
    assert [prompt.name for prompt in genai.search_prompts(f"name = '{name}' AND tags.team = 'blue'")] == [name]
    genai.delete_prompt_tag(name, "team")
    genai.delete_prompt_version_tag(name, 1, "checked")
    assert "team" not in genai.get_prompt_tags(name)
    assert "checked" not in client.get_prompt_version(name, 1).tags


@check_if(has_all)
def prompts_come_in_pages_and_in_order() -> None:
    prefix = fresh_name("paged")
    names = [f"{prefix}-{number}" for number in range(5)]
    for name in names:
        client.create_prompt(name, description="one of five", tags={"k": name})
    seen: list[str] = []
    token = None
    while True:
        page = client.search_prompts(f"name LIKE '{prefix}%'", max_results=2, page_token=token, order_by=["name DESC"])
        seen += [prompt.name for prompt in page]
        token = page.token
        if not token:
            break
    assert seen == names[::-1]
    assert {prompt.description for prompt in client.search_prompts(f"name LIKE '{prefix}%'")} == {"one of five"}


@check_if(has_all)
def a_prompt_is_linked_to_a_run_and_a_model() -> None:
    experiment_id = mlflow.set_experiment(fresh_name("prompts")).experiment_id
    name = new_prompt("first", "second")
    with mlflow.start_run() as run:
        model = mlflow.initialize_logged_model(name="agent")
    for version in (1, 2):
        client.link_prompt_version_to_run(run.info.run_id, f"prompts:/{name}/{version}")
    linked = json.loads(client.get_run(run.info.run_id).data.tags["mlflow.linkedPrompts"])
    assert [(prompt["name"], int(prompt["version"])) for prompt in linked] == [(name, 1), (name, 2)]
    client.link_prompt_version_to_model(name, "1", model.model_id)
    assert name in client.get_logged_model(model.model_id).tags["mlflow.linkedPrompts"]
    assert client.search_logged_models([experiment_id])[0].model_id == model.model_id


@check_if(has_all)
def versions_and_prompts_are_deleted() -> None:
    name = new_prompt("first", "second")
    client.delete_prompt_version(name, "1")
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.load_prompt(f"prompts:/{name}/1", cache_ttl_seconds=0)
    assert int(genai.register_prompt(name=name, template="third").version) == 3
    client.delete_prompt(name)
    assert client.get_prompt(name) is None
    assert int(genai.register_prompt(name=name, template="again").version) == 1


finish()
