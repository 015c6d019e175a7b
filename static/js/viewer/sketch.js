/* Draws marks as SVG in pixels of the stage, so that lines keep their width and words their size at any zoom. */

import { cornersOf, measure } from "./measures.js";

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 6;
const ARM = 14;

function shape(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}

export function makeSheet() {
  return shape("svg", { class: "marks", "aria-hidden": "true" });
}

/** Fills the sheet with the marks of a frame, the one that is being drawn, and the cross of the keyboard. */
export function sketch(sheet, { marks, selected, growing, cross, meta, place }) {
  if (!marks.length && !growing && !cross && !sheet.childElementCount) return;
  const parts = marks.flatMap((mark) => draw(mark, mark === selected ? "mark selected" : "mark", meta, place));
  if (growing) parts.push(...draw(growing, "mark growing", meta, place));
  if (cross) parts.push(crossAt(place(cross)));
  sheet.replaceChildren(...parts);
}

function draw(mark, name, meta, place) {
  const placed = (mark.kind === "box" ? cornersOf(mark.points) : mark.points).map(place);
  const outline = mark.kind === "point" ? circle(placed[0]) : path(placed, isClosed(mark, name));
  const group = shape("g", { class: name, "data-kind": mark.kind });
  // the dark line below the bright one keeps both apart from any grey
  group.append(shape("path", { class: "halo", d: outline }), shape("path", { class: "line", d: outline }));
  return [group, caption(mark, meta, placed)];
}

function isClosed({ kind }, name) {
  return kind === "box" || (kind === "polygon" && !name.includes("growing"));
}

function path(placed, closed) {
  return `M${placed.map(({ x, y }) => `${x.toFixed(2)} ${y.toFixed(2)}`).join("L")}${closed ? "Z" : ""}`;
}

function circle({ x, y }) {
  const step = `a${RADIUS} ${RADIUS} 0 1 0`;
  return `M${(x - RADIUS).toFixed(2)} ${y.toFixed(2)}${step} ${2 * RADIUS} 0${step} ${-2 * RADIUS} 0`;
}

function caption(mark, meta, placed) {
  const lowest = placed.reduce((low, point) => (point.y > low.y ? point : low));
  const size = mark.kind === "polygon" && mark.points.length < 3 ? "" : measure(mark, meta);
  const text = [mark.label, mark.kind === "point" ? "" : size].filter(Boolean).join(" · ");
  return shape("text", { x: (lowest.x + 8).toFixed(1), y: (lowest.y + 16).toFixed(1) }, text);
}

function crossAt({ x, y }) {
  const arms = `M${x - ARM} ${y}H${x - 3}M${x + 3} ${y}H${x + ARM}M${x} ${y - ARM}V${y - 3}M${x} ${y + 3}V${y + ARM}`;
  const group = shape("g", { class: "cross" });
  group.append(shape("path", { class: "halo", d: arms }), shape("path", { class: "line", d: arms }));
  return group;
}
