import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Icon } from "./icons";
import { useKeys } from "./keys";

/** The box for a filter, with what the server says of it underneath. Enter applies it, Escape undoes what was typed. */
export function FilterBox(props: {
  readonly value: string;
  readonly hint: string;
  readonly error: string | null;
  readonly apply: (text: string) => void;
}): JSX.Element {
  const [text, setText] = useState(props.value);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(props.value), [props.value]);
  useKeys({ "/": () => input.current?.select() });
  return (
    <form
      class="filter"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        props.apply(text.trim());
      }}
    >
      <Icon name="search" />
      <input
        ref={input}
        type="text"
        value={text}
        placeholder={props.hint}
        aria-label="Filter"
        aria-invalid={props.error !== null}
        aria-describedby={props.error === null ? undefined : "filter-error"}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText(props.value);
          event.currentTarget.blur();
        }}
      />
      {text !== "" && (
        <button
          type="button"
          class="icon-button"
          aria-label="Clear the filter"
          title="Clear the filter"
          onClick={() => {
            setText("");
            props.apply("");
            input.current?.focus();
          }}
        >
          <Icon name="close" size={14} />
        </button>
      )}
      {props.error !== null && (
        <pre id="filter-error" class="filter-error" role="alert">
          {props.error}
        </pre>
      )}
    </form>
  );
}
