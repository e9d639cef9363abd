import { ask, ApiError, call } from "../../api/client";
import type { Question } from "../../api/query";
import { ROOT } from "../../app/places";
import type { ListArtifactsResponse } from "../../api/schema";

/** How many entries of a folder are asked for at first, and then at once. */
const FIRST_ENTRIES = 200;
const MORE_ENTRIES = 1_000;

/** What is known of a path without reading it. */
export interface Facts {
  readonly folder: boolean;
  readonly sizeBytes: number;
  /** The digest in hexadecimal, if the server knows it. */
  readonly sha256: string | null;
}

/** The address of a file of a run; the server sends it as a download whatever it is. */
export function fileAddress(runId: string, path: string): string {
  return ROOT + filePath(runId, path);
}

/** A page of the entries of a folder. */
export function entriesOf(
  runId: string,
  path: string,
  token: string | null,
  signal: AbortSignal,
): Promise<ListArtifactsResponse> {
  const page = token === null ? { max_results: FIRST_ENTRIES } : { max_results: MORE_ENTRIES, page_token: token };
  return call("list_artifacts", { run_id: runId, path, ...page }, signal);
}

/** What a path is. */
export function factsOf(runId: string, path: string): Question<Facts> {
  return {
    queryKey: ["file", runId, path],
    queryFn: async ({ signal }) => {
      try {
        // The last byte: unlike the first one, an empty file has it, too; unlike to HEAD, a refusal has a sentence.
        const response = await ask(filePath(runId, path), { headers: { Range: "bytes=-1" }, signal });
        await response.arrayBuffer();
        const size = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
        const sizeBytes = Number(size ?? response.headers.get("content-length") ?? 0);
        return { folder: false, sizeBytes, sha256: digestIn(response.headers.get("repr-digest")) };
      } catch (error) {
        if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) throw error;
        const asked = { run_id: runId, path, max_results: 1 };
        const { files = [] } = await call("list_artifacts", asked, signal).catch(() => Promise.reject(error));
        if (files.length === 0) throw error;
        return { folder: true, sizeBytes: 0, sha256: null };
      }
    },
  };
}

/** The first bytes of a file. */
export function beginningOf(runId: string, path: string, { sizeBytes }: Facts, most: number): Question<Uint8Array> {
  return {
    queryKey: ["file", runId, path, "beginning", most],
    queryFn: async ({ signal }) => {
      if (sizeBytes === 0) return new Uint8Array();
      const headers = { Range: `bytes=0-${most - 1}` };
      const response = await ask(filePath(runId, path), { headers, signal });
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}

/** The SHA-256 in a `Repr-Digest`, in hexadecimal. */
export function digestIn(header: string | null): string | null {
  const found = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(header ?? "")?.[1];
  if (found === undefined) return null;
  return [...atob(found)].map((char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

function filePath(runId: string, path: string): string {
  return `/get-artifact?${new URLSearchParams({ run_uuid: runId, path })}`;
}
