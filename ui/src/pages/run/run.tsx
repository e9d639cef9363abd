import type { ComponentChildren, JSX } from "preact";

import { cache, useAnswer } from "../../api/query";
import { runOf } from "../../api/questions";
import type { DatasetInput, Run as RunValue } from "../../api/schema";
import { count, duration } from "../../app/format";
import { Copy, Failure, Status, Time } from "../../app/parts";
import { RunHead } from "../../app/run-head";
import { Metrics } from "./metrics";
import { Pairs } from "./pairs";

const NOTE = "mlflow.note.content";
/** Tags that say where a run comes from, and what they are called here. */
const SOURCE: Readonly<Record<string, string>> = {
  "mlflow.source.name": "program",
  "mlflow.source.type": "kind",
  "mlflow.source.git.commit": "commit",
  "mlflow.source.git.branch": "branch",
  "mlflow.source.git.repoURL": "repository",
  "mlflow.project.entryPoint": "entry point",
  "mlflow.docker.image.uri": "image",
  "mlflow.parentRunId": "parent run",
};

/** A run: what it measured, with what, and where it comes from. */
export default function Run({ id = "" }: { id?: string }): JSX.Element {
  const run = useAnswer(runOf(id));
  const info = run.data?.info;
  const refresh = () => {
    void cache.invalidateQueries({ queryKey: ["run", id] });
    void cache.invalidateQueries({ queryKey: ["curve", id] });
    void cache.invalidateQueries({ queryKey: ["table"] });
  };
  return (
    <>
      <RunHead id={id} info={info} here="overview" refresh={refresh} />
      <div class="content">
        {run.error ? <Failure error={run.error} retry={refresh} /> : run.data && <Overview id={id} run={run.data} />}
      </div>
    </>
  );
}

function Overview({ id, run }: { id: string; run: RunValue }): JSX.Element {
  const info = run.info ?? {};
  const { metrics = [], params = [], tags = [] } = run.data ?? {};
  const datasets = run.inputs?.dataset_inputs ?? [];
  const note = tags.find(({ key }) => key === NOTE)?.value;
  const source = tags.filter(({ key }) => (key ?? "") in SOURCE);
  const own = tags.filter(({ key }) => !key?.startsWith("mlflow."));
  return (
    <>
      <dl class="facts">
        <Fact name="Status">
          <Status status={info.status} />
        </Fact>
        <Fact name="Started">
          <Time ms={info.start_time} />
        </Fact>
        <Fact name="Took">{info.start_time && info.end_time ? duration(info.end_time - info.start_time) : "–"}</Fact>
        <Fact name="User">
          <bdi>{info.user_id || "–"}</bdi>
        </Fact>
        <Fact name="Id">
          <code>{id}</code>
          <Copy text={id} what="the id" />
        </Fact>
      </dl>
      <div class="run">
        <div class="run-main">
          <Metrics experimentId={info.experiment_id ?? ""} runId={id} metrics={metrics} />
        </div>
        <div class="run-side">
          {note && (
            <Card title="Note">
              <pre class="note" tabIndex={0}>
                {note}
              </pre>
            </Card>
          )}
          <Card title="Params" number={params.length}>
            <Pairs what="param" pairs={params} />
          </Card>
          <Card title="Tags" number={own.length}>
            <Pairs what="tag" pairs={own} />
          </Card>
          {source.length > 0 && (
            <Card title="Source">
              <Pairs what="fact" pairs={source.map(({ key, value }) => ({ key: SOURCE[key ?? ""] ?? "", value }))} />
            </Card>
          )}
          {datasets.length > 0 && (
            <Card title="Datasets" number={datasets.length}>
              {datasets.map((each) => (
                <DatasetFacts key={`${each.dataset.name} ${each.dataset.digest}`} input={each} />
              ))}
            </Card>
          )}
        </div>
      </div>
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Card(props: { title: string; number?: number; children: ComponentChildren }): JSX.Element {
  const id = `card-${props.title.toLowerCase()}`;
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>
        {props.title} {props.number !== undefined && <span class="faint">{count(props.number)}</span>}
      </h2>
      {props.number === 0 ? <p class="faint">None were logged.</p> : props.children}
    </section>
  );
}

function DatasetFacts({ input: { dataset, tags } }: { input: DatasetInput }): JSX.Element {
  const context = tags?.find(({ key }) => key === "mlflow.data.context")?.value;
  const pairs = [
    { key: "name", value: dataset.name },
    { key: "digest", value: dataset.digest },
    { key: "context", value: context },
    { key: "source", value: dataset.source },
    { key: "profile", value: dataset.profile },
  ];
  return <Pairs what="fact" pairs={pairs.filter(({ value }) => value)} />;
}
