import type { JSX } from "preact";

import { useAnswer } from "../../api/query";
import { allExperiments } from "../../api/questions";
import type { Experiment } from "../../api/schema";
import { duration, real } from "../../app/format";
import { Code, Failure, Status, Time } from "../../app/parts";
import { place } from "../../app/places";
import { Head } from "../../app/shell";
import { snippet } from "../../app/snippet";
import { blockOf, rowsOf } from "../../state/runs";

const RECENT = 15;
/** The server takes no more experiments at once. */
const MOST_EXPERIMENTS = 100;

/** What is going on: the latest runs, and the experiments. */
export default function Home(): JSX.Element {
  const experiments = useAnswer(allExperiments());
  const ids = (experiments.data ?? []).slice(0, MOST_EXPERIMENTS).map((each) => each.experiment_id ?? "");
  const runs = useAnswer(blockOf(ids, { filter: "", sort: [] }, [], 0, RECENT), ids.length > 0);
  const recent = runs.data && rowsOf(runs.data, []);
  const error = experiments.error ?? runs.error;
  const empty = experiments.data?.length === 0 || runs.data?.total === 0;
  return (
    <>
      <Head crumbs={[{ text: "Home" }]} />
      <div class="content">
        {error && <Failure error={error} retry={() => void (experiments.error ? experiments : runs).refetch()} />}
        {empty && (
          <section class="card welcome" aria-labelledby="first">
            <h2 id="first">Log the first run</h2>
            <p>
              Any program that logs with MLflow’s client logs here; <code>pip install mlflow-skinny</code> is enough for
              this one:
            </p>
            <Code text={snippet("first steps")} />
          </section>
        )}
        {!empty && (
          <div class="two">
            <section class="card" aria-labelledby="recent">
              <h2 id="recent">Latest runs</h2>
              <table class="list">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Status</th>
                    <th scope="col">Started</th>
                    <th scope="col" class="right">
                      Took
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {recent?.map(({ id, values }) => {
                    const [start, end] = [real(values["attributes.start_time"]), real(values["attributes.end_time"])];
                    return (
                      <tr key={id}>
                        <th scope="row">
                          <a href={place.run(id)}>
                            <bdi>{String(values["attributes.run_name"] ?? id)}</bdi>
                          </a>
                        </th>
                        <td>
                          <Status status={values["attributes.status"] as string} />
                        </td>
                        <td>
                          <Time ms={start} />
                        </td>
                        <td class="right">{start !== null && end ? duration(end - start) : "–"}</td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </section>
            <section class="card" aria-labelledby="experiments">
              <h2 id="experiments">Experiments</h2>
              <table class="list">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Changed</th>
                  </tr>
                </thead>
                <tbody>
                  {experiments.data?.slice(0, RECENT).map((each) => (
                    <ExperimentRow key={each.experiment_id} experiment={each} />
                  ))}
                </tbody>
              </table>
              {(experiments.data?.length ?? 0) > RECENT && (
                <p class="more">
                  <a href={place.experiments()}>All {experiments.data?.length} experiments</a>
                </p>
              )}
            </section>
          </div>
        )}
      </div>
    </>
  );
}

function ExperimentRow({ experiment }: { experiment: Experiment }): JSX.Element {
  return (
    <tr>
      <th scope="row">
        <a href={place.experiment(experiment.experiment_id ?? "")}>
          <bdi>{experiment.name}</bdi>
        </a>
      </th>
      <td>
        <Time ms={experiment.last_update_time} />
      </td>
    </tr>
  );
}
