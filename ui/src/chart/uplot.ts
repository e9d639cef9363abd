import "uplot/dist/uPlot.min.css";

import uPlot from "uplot";

import { brief } from "../app/format";
import type { Draw } from "./chart";

const AXIS_FONT = "11px system-ui, sans-serif";

/** Draws with uPlot. */
export const draw: Draw = (into, curve, hovered) => {
  const [line, faint, grid] = ["--accent", "--fg-2", "--line"].map((name) => colour(into, name)) as [
    string,
    string,
    string,
  ];
  const axis = { stroke: faint, font: AXIS_FONT, grid: { stroke: grid, width: 1 }, ticks: { show: false } };
  const few = curve.x.length < 40;
  const plot = new uPlot(
    {
      width: into.clientWidth,
      height: into.clientHeight,
      legend: { show: false },
      padding: [8, 10, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: { x: { time: false } },
      axes: [
        { ...axis, size: 24, space: 44 },
        { ...axis, size: 52, space: 28, values: (_, values) => values.map((value) => brief(value)) },
      ],
      series: [
        {},
        { stroke: line, width: 1.5, pxAlign: 0, points: { show: few, size: 4, fill: line }, spanGaps: false },
      ],
      hooks: { setCursor: [(chart) => hovered(chart.cursor.idx ?? null)] },
    },
    [curve.x as number[], curve.y as (number | null)[]],
    into,
  );
  return {
    resize: (width, height) => plot.setSize({ width, height }),
    close: () => plot.destroy(),
  };
};

/** A colour of the theme as a canvas takes it: what a custom property holds is not resolved before it is used. */
function colour(near: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  near.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
