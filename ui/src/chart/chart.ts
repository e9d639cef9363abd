/** A curve: where it has points and how high they are; null is a gap. */
export interface Curve {
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

/** A curve on the screen. */
export interface Chart {
  resize(widthPx: number, heightPx: number): void;
  close(): void;
}

/** Draws a curve into an element, in the colours of the moment.
 *
 * @param hovered is told which point is under the mouse, and when none is. */
export type Draw = (into: HTMLElement, curve: Curve, hovered: (index: number | null) => void) => Chart;

/** What draws: a chunk of its own, which the pages without curves never load. */
export async function drawing(): Promise<Draw> {
  return (await import("./uplot")).draw;
}
