"""What a version of a model may claim to be made of: asked of the service, over the store in memory."""

from __future__ import annotations

import pytest

from genesis_flow.artifact_stores.open import Roots
from genesis_flow.auth.may import ANYONE, Caller
from genesis_flow.errors import GenesisFlowError
from genesis_flow.service.service import Service
from genesis_flow.stores.memory import MemoryStore
from genesis_flow.testing.calls import answer, info_of, model_of, new_model, new_run, run_of, there
from genesis_flow.testing.registry_calls import new_registered, timeline
from genesis_flow.values.message import Message
from genesis_flow.values.registry import ModelVersionTag, RegisteredModelTag
from genesis_flow.wire import codec
from genesis_flow.wire.messages import experiments, model_history, registry
from genesis_flow.wire.operations import operation

INVALID = "INVALID_PARAMETER_VALUE"


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(artifact_root="mlflow-artifacts:/")


async def ask(store: MemoryStore, name: str, message: Message, caller: Caller = ANYONE) -> Message:
    reply: Message = codec.value(await Service(store, Roots()).answer(operation(name), message, caller))
    return reply


async def create(store: MemoryStore, source: str, run_id: str = "", model_id: str = "") -> str:
    """The error code of a creation; empty if there is none."""
    message = registry.CreateModelVersion(name="m", source=source, run_id=run_id, model_id=model_id)
    try:
        await ask(store, "create_model_version", message)
    except GenesisFlowError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    "source",
    [
        *(
            "file:///etc/passwd",
            "/etc",
            "etc",
            "../etc",
            "file:etc",
            "C:\\windows",
            "//host/share",
            "file://host/share",
        ),
        *(
            "mlflow-artifacts:/",
            "mlflow-artifacts:/0",
            "mlflow-artifacts:/0/{other}/artifacts/m",
            "mlflow-artifacts://h/x",
        ),
        *(
            "mlflow-artifacts:/0/{run}/artifacts/../../{other}/artifacts",
            "{uri}/%2e%2e/%2e%2e/{other}",
            "{uri}/..",
            "{uri}x",
        ),
        *("{uri}\\..\\x", "runs:/{other}/m", "runs:/{run}/../x", "runs://{run}/m", "models:/{model}", "http://h/x"),
    ],
)
async def test_a_source_outside_of_what_is_claimed_is_refused(store: MemoryStore, source: str) -> None:
    await new_registered(store, "m")
    run, other = await new_run(store, "0"), await new_run(store, "0")
    model = await new_model(store, "0")
    uri = info_of(await run_of(store, run)).artifact_uri
    text = source.replace("{run}", run).replace("{other}", other).replace("{uri}", uri or "").replace("{model}", model)
    for claimed in ("", run):
        assert await create(store, text, claimed) == INVALID
    assert len(await timeline(store, "m")) == 1


async def test_a_source_within_what_is_claimed_is_taken(store: MemoryStore) -> None:
    await new_registered(store, "m")
    message = experiments.CreateExperiment(name="local", artifact_location="file:///data/local")
    local = (await answer(store.create_experiment(message))).experiment_id
    for experiment in ("0", local):
        run, model = await new_run(store, experiment), await new_model(store, experiment or "")
        of_run = info_of(await run_of(store, run)).artifact_uri or ""
        of_model = there((await model_of(store, model)).info).artifact_uri or ""
        for source in (of_run, f"{of_run}/model", f"runs:/{run}/model", f"{of_run}/a%20b"):
            assert await create(store, source, run) == ""
            assert await create(store, source) == INVALID
        for source in (of_model, f"{of_model}/sub", f"models:/{model}"):
            assert await create(store, source, model_id=model) == ""
            assert await create(store, source, run) == INVALID


async def test_a_claim_of_what_is_not_there_is_not_found(store: MemoryStore) -> None:
    await new_registered(store, "m")
    assert await create(store, "mlflow-artifacts:/0/x/artifacts", "f" * 32) == "RESOURCE_DOES_NOT_EXIST"
    assert await create(store, "/etc", model_id="m-" + "0" * 32) == "RESOURCE_DOES_NOT_EXIST"
    assert await create(store, "s3://bucket/model", "f" * 32) == ""  # as MLflow, which looks at no run here


async def test_a_prompt_has_a_placeholder_as_its_source(store: MemoryStore) -> None:
    await new_registered(store, "m")
    tag = ModelVersionTag(key="mlflow.prompt.is_prompt", value="true")
    for source in ("/etc", "s3://bucket/x", "dummy"):
        message = registry.CreateModelVersion(name="m", source=source, tags=(tag,))
        with pytest.raises(GenesisFlowError, match="prompt"):
            await ask(store, "create_model_version", message)
    await ask(store, "create_model_version", registry.CreateModelVersion(name="m", source="dummy-source", tags=(tag,)))
    assert await create(store, "dummy-source") == INVALID


async def test_the_history_names_the_caller_and_no_one_else(store: MemoryStore) -> None:
    message = registry.CreateRegisteredModel(name="m", tags=(RegisteredModelTag(key="mlflow.user", value="eve"),))
    await ask(store, "create_registered_model", message, Caller("ann"))
    await ask(store, "set_registered_model_tag", registry.SetRegisteredModelTag(name="m", key="k", value="v"))
    assert [change.user_id for change in await timeline(store, "m")] == ["", "ann", "ann"]


async def test_a_promotion_with_a_doubtful_list_is_refused_before_any_effect(store: MemoryStore) -> None:
    await new_registered(store, "m", versions=2)
    given, gone = model_history.AliasToSet, model_history.AliasToUnset
    for message in (
        model_history.PromoteModelVersions(name="m"),
        model_history.PromoteModelVersions(
            name="m", set=(given(alias="a", version="1"), given(alias="a", version="2"))
        ),
        model_history.PromoteModelVersions(name="m", set=(given(alias="a", version="1"),), unset=(gone(alias="a"),)),
        model_history.PromoteModelVersions(name="m", set=(given(alias="latest", version="1"),)),
        model_history.PromoteModelVersions(name="m", set=(given(alias="a", version="x"),)),
        model_history.PromoteModelVersions(name="m", set=(given(alias="a", version="1", expected_version="x"),)),
        model_history.PromoteModelVersions(name="a/b", set=(given(alias="a", version="1"),)),
    ):
        with pytest.raises(GenesisFlowError) as caught:
            await ask(store, "promote_model_versions", message)
        assert caught.value.code == INVALID
    assert [change.kind for change in await timeline(store, "m")] == ["created"] * 3
