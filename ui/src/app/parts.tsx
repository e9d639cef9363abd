import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { ApiError } from "../api/client";
import { ago, iso } from "./format";
import { Icon, type IconName } from "./icons";

const STATUSES = {
  RUNNING: ["running", "running"],
  FINISHED: ["finished", "finished"],
  FAILED: ["failed", "failed"],
  KILLED: ["killed", "killed"],
  SCHEDULED: ["scheduled", "scheduled"],
} as const satisfies Record<string, readonly [IconName, string]>;

/** A status as an icon and a word. */
export function Status({ status }: { status: string | null | undefined }): JSX.Element {
  const [icon, word] =
    STATUSES[status as keyof typeof STATUSES] ?? (["scheduled", (status ?? "–").toLowerCase()] as const);
  return (
    <span class={`status status-${icon}`}>
      <Icon name={icon} size={14} />
      {word}
    </span>
  );
}

/** How long ago, with the time itself under the mouse; in a column the unit is enough. */
export function Time({ ms, brief = false }: { ms: number | null | undefined; brief?: boolean }): JSX.Element {
  if (!ms) return <span class="faint">–</span>;
  const text = ago(ms);
  return (
    <time dateTime={iso(ms)} title={iso(ms)}>
      {brief || !/^\d+ /.test(text) ? text : `${text} ago`}
    </time>
  );
}

/** A button that is an icon. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: () => void;
  children?: ComponentChildren;
}): JSX.Element {
  return (
    <button type="button" class="icon-button" aria-label={props.label} title={props.label} onClick={props.onClick}>
      <Icon name={props.icon} />
      {props.children}
    </button>
  );
}

/** Copies a text; not there where the browser does not let us (a page without TLS on another machine). */
export function Copy(props: { text: string; what: string; children?: ComponentChildren }): JSX.Element | null {
  const { text, what, children } = props;
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);
  if (!navigator.clipboard) return null;
  return (
    <IconButton
      icon={done ? "finished" : "copy"}
      label={done ? "Copied" : `Copy ${what}`}
      onClick={() => void navigator.clipboard.writeText(text).then(() => setDone(true))}
    >
      {children}
    </IconButton>
  );
}

/** What went wrong, in the place where it did. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }): JSX.Element {
  const missing = error instanceof ApiError && error.status === 404;
  return (
    <div class="failure" role="alert">
      <strong>{missing ? "There is nothing here." : "This could not be read."}</strong>
      <pre>{error.message}</pre>
      {retry && !missing && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** A text of several lines to copy, such as a program. */
export function Code({ text }: { text: string }): JSX.Element {
  return (
    <div class="code">
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} what="the program" />
    </div>
  );
}

/** A dialog over the page; Escape and a click beside it close it, and the focus goes back to where it was. */
export function Dialog(props: { label: string; close: () => void; children: ComponentChildren }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown?.showModal();
    return () => {
      shown?.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      aria-label={props.label}
      onCancel={(event) => {
        event.preventDefault();
        props.close();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) props.close();
      }}
    >
      <div class="dialog">
        <header>
          <h2>{props.label}</h2>
          <IconButton icon="close" label="Close" onClick={props.close} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
