/** A field of a run: `attributes.status`, `metrics.val/loss`, `params.lr`, `tags.team`. */
export type Field = string;

export const KINDS = { metric: "metrics", param: "params", tag: "tags" } as const;
export type Kind = keyof typeof KINDS;

/** `metrics`, `params`, `tags` or `attributes`. */
export function kindOf(field: Field): string {
  return field.slice(0, Math.max(0, field.indexOf(".")));
}

/** The key behind the kind. */
export function keyOf(field: Field): string {
  return field.slice(field.indexOf(".") + 1);
}

/** The field in the words of the search language; keys are quoted, so that each is taken whole. */
export function termOf(field: Field): string {
  const kind = kindOf(field);
  if (kind === "attributes") return field;
  const key = keyOf(field);
  return key.includes("`") ? `${kind}."${key}"` : `${kind}.\`${key}\``;
}

/** The filter that a text in the filter box means: one of the language, or a part of a name. */
export function filterOf(text: string): string {
  const given = text.trim();
  if (given === "" || /[<>=!]|\b(?:i?like|in|is|between)\b/i.test(given)) return given;
  const quote = given.includes("'") ? '"' : "'";
  return `attributes.run_name ILIKE ${quote}%${given}%${quote}`;
}
