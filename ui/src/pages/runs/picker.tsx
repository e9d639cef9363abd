import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";

import { MOST_COLUMNS } from "../../api/questions";
import type { ExperimentKey as Key } from "../../api/schema";
import { brief, count, real } from "../../app/format";
import { Dialog } from "../../app/parts";
import type { Field } from "../../state/fields";
import { ALWAYS } from "../../state/runs";
import { fieldOf } from "../../state/smart";
import { ATTRIBUTES } from "./columns";

const SHOWN = 300;
const GROUPS = { attribute: "Run", metric: "Metrics", param: "Params", tag: "Tags" } as const;

/** Chooses the columns of a table of runs among the keys that the runs have. */
export function Picker(props: {
  readonly keys: readonly Key[];
  readonly runs: number;
  readonly chosen: readonly Field[];
  readonly isDefault: boolean;
  readonly choose: (fields: readonly Field[] | null) => void;
  readonly close: () => void;
}): JSX.Element {
  const [text, setText] = useState("");
  const [varying, setVarying] = useState(false);
  const found = useMemo(() => {
    const asked = text.trim().toLowerCase();
    const keys = props.keys
      .filter((key) => !varying || key.distinct > 1)
      .map((key) => ({ group: key.kind, field: fieldOf(key), title: key.key, about: about(key, props.runs) }));
    const attributes = Object.entries(ATTRIBUTES).map(([field, title]) => ({
      group: "attribute" as const,
      field,
      title,
      about: "",
    }));
    return [...(varying ? [] : attributes), ...keys].filter(({ title }) => title.toLowerCase().includes(asked));
  }, [text, varying, props.keys]);
  const chosen = new Set(props.chosen);
  const full = props.chosen.length >= MOST_COLUMNS - ALWAYS.length;
  const shown = found.slice(0, SHOWN);
  return (
    <Dialog label="Columns" close={props.close}>
      <div class="picker-tools">
        <input
          type="text"
          autofocus
          placeholder="Part of a key"
          aria-label="Part of a key"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <label class="check">
          <input type="checkbox" checked={varying} onChange={(event) => setVarying(event.currentTarget.checked)} />
          only varying
        </label>
        <button type="button" disabled={props.isDefault} onClick={() => props.choose(null)}>
          Default
        </button>
      </div>
      <div class="picker" role="group" aria-label="Keys" tabIndex={0}>
        {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((group) => {
          const keys = shown.filter((each) => each.group === group);
          return (
            keys.length > 0 && (
              <section key={group}>
                <h3>{GROUPS[group]}</h3>
                {keys.map(({ field, title, about: words }) => (
                  <label class="check" key={field} title={title}>
                    <input
                      type="checkbox"
                      checked={chosen.has(field)}
                      disabled={full && !chosen.has(field)}
                      onChange={(event) =>
                        props.choose(
                          event.currentTarget.checked
                            ? [...props.chosen, field]
                            : props.chosen.filter((each) => each !== field),
                        )
                      }
                    />
                    <bdi>{title}</bdi>
                    <span class="faint">{words}</span>
                  </label>
                ))}
              </section>
            )
          );
        })}
        {found.length === 0 && <p class="faint">No key has this in it.</p>}
        {found.length > SHOWN && <p class="faint">{count(found.length - SHOWN)} more: type a part of the key.</p>}
      </div>
    </Dialog>
  );
}

function about(key: Key, runs: number): string {
  const [low, high] = [real(key.min), real(key.max)];
  const values = key.distinct > 100 ? "> 100 values" : `${key.distinct} ${key.distinct === 1 ? "value" : "values"}`;
  const range = key.numeric && low !== null && high !== null && low !== high ? `${brief(low)} … ${brief(high)}` : "";
  return [range, key.kind === "metric" ? "" : values, key.runs === runs ? "" : `${count(key.runs)} runs`]
    .filter(Boolean)
    .join(" · ");
}
