import type { JSX } from "preact";

import { keysOn, setKeysOn } from "./keys";
import { Dialog } from "./parts";

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    "Everywhere",
    [
      ["g h", "home"],
      ["g e", "experiments"],
      ["/", "the filter"],
      ["r", "read anew"],
      ["\\", "theme: system, light, dark"],
      ["?", "this list"],
    ],
  ],
  [
    "In a table",
    [
      ["j  ↓", "next row"],
      ["k  ↑", "row before; above the first is the head"],
      ["h  ←", "column before"],
      ["l  →", "next column"],
      ["PgUp  PgDn", "a screen up or down"],
      ["Home  End", "first, last column"],
      ["Ctrl Home  Ctrl End", "first, last row"],
      ["Enter", "open the row; in the head: sort"],
      ["Ctrl Enter", "open it in a new tab"],
      ["Shift Enter", "in the head: sort by this, too"],
      ["c", "choose columns"],
      ["x", "select the run, or no longer"],
      ["Shift x", "select all from the last one to this"],
      ["d", "compare what is selected"],
    ],
  ],
  [
    "In a comparison",
    [
      ["b", "baseline: the run of the cell, else the next"],
      ["j  k  h  l", "cell below, above, left, right; arrows too"],
      ["Enter", "copy the cell"],
    ],
  ],
  [
    "In a tree of files",
    [
      ["↓  ↑", "next, one before"],
      ["→", "open a folder, go into it"],
      ["←", "close a folder, go out of it"],
      ["Enter", "show the file"],
    ],
  ],
];

/** The list of keys. */
export function Help({ close }: { close: () => void }): JSX.Element {
  return (
    <Dialog label="Keys" close={close}>
      <div class="help" role="region" aria-label="List of keys" tabIndex={0}>
        {KEYS.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([key, does]) => (
                <div key={key}>
                  <dt>
                    {key.split("  ").map((each) => (
                      <kbd key={each}>{each}</kbd>
                    ))}
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label class="check">
        <input type="checkbox" checked={keysOn.value} onChange={(event) => setKeysOn(event.currentTarget.checked)} />
        Single keys do something
      </label>
    </Dialog>
  );
}
