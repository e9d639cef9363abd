import type { JSX } from "preact";
import { useMemo } from "preact/hooks";

import { count } from "../../app/format";
import { blocksOf, MOST_LINES } from "./blocks";

/** A text with the numbers of its lines. All of it is in the page, so that the browser finds and copies it; what is not
 * seen is not laid out (`content-visibility`). */
export function Lines({ text, label }: { text: string; label: string }): JSX.Element {
  const { blocks, lines, shortened } = useMemo(() => blocksOf(text), [text]);
  return (
    <>
      {(lines > MOST_LINES || shortened > 0) && (
        <p class="faint">
          {lines > MOST_LINES && `The first ${count(MOST_LINES)} of ${count(lines)} lines. `}
          {shortened > 0 && `${count(shortened)} long ${shortened === 1 ? "line is" : "lines are"} shortened.`}
        </p>
      )}
      <div class="lines" role="region" aria-label={label} tabIndex={0}>
        {blocks.map((block) => (
          <div key={block.first} class="lines-block" style={{ "--lines": block.count }}>
            <pre class="lines-numbers" aria-hidden="true">
              {block.numbers}
            </pre>
            <pre>{block.text}</pre>
          </div>
        ))}
      </div>
    </>
  );
}
