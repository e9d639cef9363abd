import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { useLocation } from "preact-iso";

import { cache, useAnswer } from "../../api/query";
import { runOf } from "../../api/questions";
import { Code, Failure } from "../../app/parts";
import { place, ROOT } from "../../app/places";
import { RunHead } from "../../app/run-head";
import { pythonText } from "./names";
import { Folders } from "./folders";
import { FolderFacts, Preview } from "./preview";
import { factsOf } from "./reading";
import { Tree } from "./tree";

/** The files of a run: a tree, and beside it what is in the chosen one, which stands in the address. */
export default function Artifacts({ id = "" }: { id?: string }): JSX.Element {
  const { url, route } = useLocation();
  const search = url.includes("?") ? url.slice(url.indexOf("?")) : "";
  const asked = new URLSearchParams(search).get("path") ?? "";
  const path = asked.replace(/\/+$/, "");
  const run = useAnswer(runOf(id));
  const folders = useMemo(() => new Folders(id), [id]);
  useEffect(() => () => folders.close(), [folders]);
  useEffect(() => folders.reveal(path), [folders, path]);
  // The links to folders end with a slash. A path that somebody wrote without one is asked for as a file first.
  const named = path !== asked;
  const facts = useAnswer(factsOf(id, path), path !== "" && !named);
  const folder = path !== "" && (named || facts.data?.folder === true);
  useEffect(() => {
    if (folder) folders.expand(path);
  }, [folders, path, folder]);
  const refresh = () => {
    void cache.invalidateQueries({ queryKey: ["run", id] });
    void cache.invalidateQueries({ queryKey: ["file", id] });
    folders.refresh();
  };

  const root = folders.known.value.get("");
  const none = path === "" && root && !root.reading && !root.error && root.entries.length === 0;
  const failed = run.error ?? (root?.entries.length === 0 ? root.error : null);
  return (
    <>
      <RunHead id={id} info={run.data?.info} here="artifacts" refresh={refresh} />
      {failed ? (
        <Failure error={failed} retry={refresh} />
      ) : none ? (
        <Empty runId={id} />
      ) : (
        <div class="files">
          <Tree runId={id} folders={folders} selected={path} show={(chosen) => route(place.artifacts(id, chosen))} />
          <div class="file">
            {path === "" ? (
              <p class="faint">Choose a file to see what is in it.</p>
            ) : folder ? (
              <FolderFacts key={path} runId={id} path={path} />
            ) : (
              <Preview key={path} runId={id} path={path} />
            )}
          </div>
        </div>
      )}
    </>
  );
}

function Empty({ runId }: { runId: string }): JSX.Element {
  const program = [
    "import mlflow",
    "",
    `mlflow.set_tracking_uri(${pythonText(`${location.origin}${ROOT}`)})`,
    `with mlflow.start_run(run_id=${pythonText(runId)}):`,
    '    mlflow.log_artifact("model.txt")',
    '    mlflow.log_text("a,b\\n1,2\\n", "tables/numbers.csv")',
  ].join("\n");
  return (
    <div class="content welcome">
      <p>This run has no files yet. A program logs one:</p>
      <Code text={program} />
    </div>
  );
}
