import {
  type DefaultError,
  QueryClient,
  QueryObserver,
  type QueryObserverOptions,
  type QueryObserverResult,
} from "@tanstack/query-core";
import { useEffect, useState } from "preact/hooks";

import { ApiError } from "./client";

/** What the page has read, by the question. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 30_000,
      refetchOnWindowFocus: false,
      // What was refused is refused again; what did not arrive may arrive the second time.
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
    },
  },
});

/** A question and how to ask it. */
export interface Question<T> {
  readonly queryKey: readonly unknown[];
  readonly queryFn: (context: { signal: AbortSignal }) => Promise<T>;
}

/** The answer to a question, or where it is; draws again when that changes. */
export function useAnswer<T>(question: Question<T>, enabled = true): QueryObserverResult<T> {
  const options = { ...question, enabled } as QueryObserverOptions<T, DefaultError, T, T, readonly unknown[]>;
  const [observer] = useState(() => new QueryObserver(cache, options));
  const [, draw] = useState(0);
  useEffect(() => observer.subscribe(() => draw((count) => count + 1)), [observer]);
  const hash = `${JSON.stringify(question.queryKey)}${enabled}`;
  useEffect(() => observer.setOptions(options), [observer, hash]);
  return observer.getOptimisticResult(cache.defaultQueryOptions(options)) as QueryObserverResult<T>;
}
