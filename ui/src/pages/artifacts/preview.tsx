import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { beginningOf, type Facts, factsOf, fileAddress } from "./reading";
import { useAnswer } from "../../api/query";
import { count } from "../../app/format";
import { Copy, Failure } from "../../app/parts";
import { ROOT } from "../../app/places";
import { bytes, decoded, kindOf, type Kind, MOST_IMAGE, MOST_TEXT, nameOf, pythonText, whatIs } from "./names";
import { indented, loggedTable, separated, separatorOf, type Table } from "./tables";
import { Lines } from "./lines";
import { Sheet } from "./sheet";

/** What is in a file, as far as it can be shown without running any of it. */
export function Preview({ runId, path }: { runId: string; path: string }): JSX.Element {
  const facts = useAnswer(factsOf(runId, path));
  const known = facts.data;
  return (
    <>
      <FileHead runId={runId} path={path} facts={known} />
      {facts.error ? (
        <Failure error={facts.error} retry={() => void facts.refetch()} />
      ) : known ? (
        <Content runId={runId} path={path} facts={known} />
      ) : (
        <Waiting />
      )}
    </>
  );
}

/** What can be done with a folder. */
export function FolderFacts({ runId, path }: { runId: string; path: string }): JSX.Element {
  return (
    <>
      <FileHead runId={runId} path={path} facts={undefined} />
      <p class="faint">A folder. Its files stand in the tree.</p>
    </>
  );
}

function FileHead({ runId, path, facts }: { runId: string; path: string; facts: Facts | undefined }): JSX.Element {
  return (
    <header class="file-head">
      <h2>
        <bdi title={path}>{path}</bdi>
      </h2>
      {facts && (
        <p class="file-facts">
          <span title={`${count(facts.sizeBytes)} bytes`}>{bytes(facts.sizeBytes)}</span>
          {facts.sha256 && (
            <span class="digest">
              <span>SHA-256</span>
              <code>{facts.sha256}</code>
              <Copy text={facts.sha256} what="the SHA-256" />
            </span>
          )}
        </p>
      )}
      <div class="file-tools">
        {facts && (
          <a class="button" href={fileAddress(runId, path)} download={nameOf(path)}>
            Download
          </a>
        )}
        <Copy text={path} what="path">
          Path
        </Copy>
        <Copy text={program(runId, path)} what="as Python">
          Python
        </Copy>
      </div>
    </header>
  );
}

function Content({ runId, path, facts }: { runId: string; path: string; facts: Facts }): JSX.Element {
  const kind = kindOf(path);
  const most = kind === "image" ? MOST_IMAGE : MOST_TEXT;
  const [wanted, setWanted] = useState(facts.sizeBytes <= most);
  if (kind === "none") {
    return <p class="faint">This is {whatIs(path)}. Download it to open it.</p>;
  }
  if (!wanted) {
    return (
      <div class="file-large">
        <p>This file has {bytes(facts.sizeBytes)}, so it is not read unasked.</p>
        <button type="button" onClick={() => setWanted(true)}>
          {kind === "image" ? "Show it" : "Show the first 1 MB"}
        </button>
      </div>
    );
  }
  return kind === "image" ? (
    <Picture runId={runId} path={path} />
  ) : (
    <TextFile runId={runId} path={path} facts={facts} kind={kind} />
  );
}

/** An image, always as `<img>`: whatever else is in it, an SVG too, does nothing there. */
function Picture({ runId, path }: { runId: string; path: string }): JSX.Element {
  const [state, setState] = useState<"reading" | "failed" | string>("reading");
  if (state === "failed") return <p>The browser can make no image of this file.</p>;
  return (
    <figure class="picture">
      <img
        src={fileAddress(runId, path)}
        alt={nameOf(path)}
        onLoad={({ currentTarget: { naturalWidth, naturalHeight } }) =>
          setState(naturalWidth ? `${count(naturalWidth)} × ${count(naturalHeight)} pixels` : "")
        }
        onError={() => setState("failed")}
      />
      <figcaption class="faint">{state === "reading" ? "Reading…" : state}</figcaption>
    </figure>
  );
}

function TextFile(props: { runId: string; path: string; facts: Facts; kind: Kind }): JSX.Element {
  const { runId, path, facts, kind } = props;
  const content = useAnswer(beginningOf(runId, path, facts, MOST_TEXT));
  const [plain, setPlain] = useState(false);
  const cut = facts.sizeBytes > MOST_TEXT;
  const shape = useMemo(() => content.data && shapeOf(content.data, path, kind, cut), [content.data, path, kind, cut]);
  if (content.error) return <Failure error={content.error} retry={() => void content.refetch()} />;
  if (!shape) return <Waiting />;
  if (shape.text === null) return <p>Its name is that of a text, but this file is binary. Download it to open it.</p>;
  const { table, pretty } = shape;
  return (
    <>
      <div class="file-notes">
        {(table ?? pretty) !== null && (
          <button type="button" aria-pressed={plain} onClick={() => setPlain(!plain)}>
            As it is written
          </button>
        )}
        <Notes>
          {cut && `The first 1 MB of ${bytes(facts.sizeBytes)}.`}
          {facts.sizeBytes === 0 && "This file is empty."}
          {shape.note}
        </Notes>
      </div>
      {facts.sizeBytes === 0 ? null : table && !plain ? (
        <Sheet table={table} label={`Table in ${nameOf(path)}`} />
      ) : (
        <Lines text={(plain ? null : pretty) ?? shape.text} label={`Text of ${nameOf(path)}`} />
      )}
    </>
  );
}

function Notes({ children }: { children: ComponentChildren[] }): JSX.Element {
  return (
    <p class="faint" role="status">
      {children.filter(Boolean).join(" ")}
    </p>
  );
}

interface Shape {
  /** Null if it is no text. */
  readonly text: string | null;
  readonly note: string;
  readonly table: Table | null;
  readonly pretty: string | null;
}

function shapeOf(content: Uint8Array, path: string, kind: Kind, cut: boolean): Shape {
  const found = decoded(content);
  if (!found) return { text: null, note: "", table: null, pretty: null };
  const { text, note } = found;
  const shape = { text, note, table: null, pretty: null };
  if (kind === "table") return { ...shape, table: separated(text, separatorOf(path, text), cut) };
  if (kind !== "json" || cut || text === "") return shape;
  try {
    const table = loggedTable(JSON.parse(text));
    return { ...shape, table, pretty: table ? null : indented(text) };
  } catch {
    return { ...shape, note: `It is no valid JSON. ${note}` };
  }
}

/** Says that something is on its way, if it takes a moment. */
function Waiting(): JSX.Element {
  return <p class="faint late">Reading…</p>;
}

function program(runId: string, path: string): string {
  return [
    "import mlflow",
    "",
    `mlflow.set_tracking_uri(${pythonText(`${location.origin}${ROOT}`)})`,
    `local_path = mlflow.artifacts.download_artifacts(run_id=${pythonText(runId)}, artifact_path=${pythonText(path)})`,
  ].join("\n");
}
