import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { count } from "../../app/format";

const SHOWN = 200;
const WITH_SEARCH = 12;

interface Pair {
  readonly key?: string | null;
  readonly value?: string | null | undefined;
}

/** Keys and their texts, to be searched where there are many. */
export function Pairs({ what, pairs }: { what: string; pairs: readonly Pair[] }): JSX.Element {
  const [text, setText] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const asked = text.trim().toLowerCase();
  const found = pairs.filter(({ key, value }) => `${key}\n${value}`.toLowerCase().includes(asked));
  return (
    <>
      {pairs.length > WITH_SEARCH && (
        <input
          type="text"
          aria-label={`Part of a ${what}`}
          placeholder={`Part of a ${what}`}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <dl class="pairs">
        {found.slice(0, shown).map(({ key, value }) => (
          <div key={key}>
            <dt>
              <bdi title={key ?? ""}>{key}</bdi>
            </dt>
            <dd>
              <bdi>{value}</bdi>
            </dd>
          </div>
        ))}
      </dl>
      {found.length > shown && (
        <button type="button" onClick={() => setShown(shown + SHOWN)}>
          {count(found.length - shown)} more
        </button>
      )}
    </>
  );
}
