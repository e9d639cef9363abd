import { ROOT } from "../app/places";
import { type Operations, PATHS } from "./schema";

/** What the server, or the way to it, said instead of an answer. */
export class ApiError extends Error {
  /** @param status the HTTP status; 0 if there was no answer.
   *  @param code the server's word for it.
   *  @param message its sentence, of several lines where it points at a character. */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Asks the server for an operation.
 *
 * @throws ApiError it refused, or could not be reached. */
export async function call<Name extends keyof Operations>(
  name: Name,
  message: Operations[Name]["request"],
  signal?: AbortSignal,
): Promise<Operations[Name]["reply"]> {
  const [method, template] = PATHS[name];
  const fields: Record<string, unknown> = { ...message };
  const path = template.replace(/\{(\w+)\}/g, (_, field: string) => {
    const value = String(fields[field]);
    delete fields[field];
    return encodeURIComponent(value);
  });
  const query = method === "GET" ? `?${queryOf(fields)}` : "";
  const init: RequestInit = { method, signal: signal ?? null };
  if (method === "POST") {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(fields);
  }
  return (await answer(`${ROOT}${path}${query}`, init)) as Operations[Name]["reply"];
}

async function answer(url: string, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "UNREACHABLE", "The server cannot be reached.");
  }
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new ApiError(response.status, "NO_JSON", `The answer (${response.status}) is none of this server.`);
  }
  if (response.ok) return body;
  const { error_code: code, message } = body as { error_code?: string; message?: string };
  throw new ApiError(response.status, code ?? "ERROR", message ?? `The server answered ${response.status}.`);
}

function queryOf(fields: Readonly<Record<string, unknown>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) query.append(name, String(each));
    }
  }
  return query.toString();
}
