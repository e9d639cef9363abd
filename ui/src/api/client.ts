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
  return (await json(await ask(`${path}${query}`, init))) as Operations[Name]["reply"];
}

/** Asks the server for anything, such as a file.
 *
 * @param path behind the prefix, with its query.
 * @throws ApiError it refused, or could not be reached. */
export async function ask(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${ROOT}${path}`, init);
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, "UNREACHABLE", "The server cannot be reached.");
  }
  if (response.ok) return response;
  const { error_code: code, message } = (await json(response)) as { error_code?: string; message?: string };
  throw new ApiError(response.status, code ?? "ERROR", message ?? `The server answered ${response.status}.`);
}

async function json(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(response.status, "NO_JSON", `The answer (${response.status}) is none of this server.`);
  }
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
