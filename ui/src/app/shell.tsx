import { signal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";

import { Help } from "./help";
import { Icon, type IconName } from "./icons";
import { useKeys } from "./keys";
import { IconButton } from "./parts";
import { place } from "./places";
import { nextTheme, theme } from "./theme";

const helping = signal(false);

/** What is around every page: the rail, and the keys that work everywhere. */
export function Shell({ children }: { children: ComponentChildren }): JSX.Element {
  const { path, route } = useLocation();
  useKeys({
    "?": () => void (helping.value = true),
    "\\": nextTheme,
    "g h": () => route(place.home()),
    "g e": () => route(place.experiments()),
  });
  const home = path === place.home() || path === place.home().slice(0, -1);
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <nav class="rail" aria-label="Places">
        <RailLink to={place.home()} icon="home" here={home}>
          Home
        </RailLink>
        <RailLink to={place.experiments()} icon="flask" here={!home}>
          Runs
        </RailLink>
      </nav>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      {helping.value && <Help close={() => void (helping.value = false)} />}
    </div>
  );
}

function RailLink(props: { to: string; icon: IconName; here: boolean; children: string }): JSX.Element {
  return (
    <a href={props.to} aria-current={props.here ? "page" : undefined}>
      <Icon name={props.icon} size={20} />
      <span>{props.children}</span>
    </a>
  );
}

/** A step on the way from the top to this page. */
export interface Crumb {
  readonly text: string;
  readonly to?: string;
}

/** The line on top of a page: where it is, and what works everywhere. */
export function Head({ crumbs, children }: { crumbs: readonly Crumb[]; children?: ComponentChildren }): JSX.Element {
  const title = crumbs.map(({ text }) => text).filter(Boolean);
  useEffect(() => {
    document.title = [...title].reverse().concat("Genesis-Flow").join(" · ");
  }, [title.join("\n")]);
  return (
    <header class="head">
      <nav class="crumbs" aria-label="Way here">
        <ol>
          {crumbs.map(({ text, to }, index) => (
            <li key={index}>
              {to ? (
                <a href={to}>
                  <bdi>{text}</bdi>
                </a>
              ) : (
                <h1>
                  <bdi>{text || "…"}</bdi>
                </h1>
              )}
            </li>
          ))}
        </ol>
      </nav>
      {children}
      <IconButton icon={theme.value} label={`Theme: ${theme.value}`} onClick={nextTheme} />
      <IconButton icon="keyboard" label="Keys" onClick={() => void (helping.value = true)} />
    </header>
  );
}
