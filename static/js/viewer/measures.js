/* What a mark measures: millimetres only where the image is calibrated, said to be at the detector where they are. */

import { number, word } from "./words.js";

/** {unit, across, down}: the size of a pixel, and the ending of the words for its unit. */
function ruler({ spacing_mm: spacing, spacing_kind: kind }) {
  const unit = { calibrated: "mm", "at detector": "detector" }[kind];
  if (!unit || !spacing) return { unit: "px", across: 1, down: 1 };
  const [down, across] = spacing; // the distance of rows comes first
  return { unit, across, down };
}

/** A mark's size as text, or where it is. */
export function measure({ kind, points }, meta) {
  const { unit, across, down } = ruler(meta);
  const sized = points.map(([x, y]) => [x * across, y * down]);
  if (kind === "point") return word("at", { x: number(points[0][0]), y: number(points[0][1]) });
  if (kind === "length") return `${number(distance(...sized))} ${word(`unit-${unit}`)}`;
  const area = `${number(areaOf(kind, sized))} ${word(`area-${unit}`)}`;
  if (kind === "polygon") return area;
  const [[left, top], [right, low]] = sized;
  const size = `${number(Math.abs(right - left))} × ${number(Math.abs(low - top))}`;
  return `${size} ${word(`unit-${unit}`)} · ${area}`;
}

function distance([x, y], [u, v]) {
  return Math.hypot(u - x, v - y);
}

function areaOf(kind, points) {
  const corners = kind === "box" ? cornersOf(points) : points;
  const twice = corners.reduce((sum, [x, y], index) => {
    const [u, v] = corners[(index + 1) % corners.length];
    return sum + x * v - u * y;
  }, 0);
  return Math.abs(twice) / 2;
}

/** The four corners of a box that is given by two. */
export function cornersOf([[left, top], [right, low]]) {
  return [[left, top], [right, top], [right, low], [left, low]];
}
