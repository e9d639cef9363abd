/** What this browser keeps for us under a name, or null; also null where storage is off. */
export function kept(name: string): string | null {
  try {
    return localStorage.getItem(`genesis.${name}`);
  } catch {
    return null;
  }
}

/** Keeps a text under a name; null forgets it. */
export function keep(name: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(`genesis.${name}`);
    else localStorage.setItem(`genesis.${name}`, text);
  } catch {
    // Storage is off: it holds until the page is left.
  }
}
