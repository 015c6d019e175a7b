/* Where image pixels lie on the stage. A view is {zoom, x, y, turn, flip, lift}: the image point (x, y) stands in
   the middle of the stage, `lift` CSS pixels higher, at `zoom` CSS pixels for each image pixel. */

import { clamp } from "./words.js";

const SMALLEST = 0.02;
const LARGEST = 64;

/** From image pixels to CSS pixels of the stage. */
export function matrixOf({ zoom, x, y, turn, flip, lift }, { width, height }) {
  return new DOMMatrix()
    .translate(width / 2, height / 2 - (lift ?? 0))
    .rotate(90 * turn)
    .scale(flip ? -zoom : zoom, zoom)
    .translate(-x, -y);
}

export function toImage(view, size, x, y) {
  return matrixOf(view, size).inverse().transformPoint(new DOMPoint(x, y));
}

export function toStage(view, size, [x, y]) {
  return matrixOf(view, size).transformPoint(new DOMPoint(x, y));
}

/** The zoom at which all of the image shows above the tools, which take `below` pixels. */
export function fitZoom({ turn }, meta, size, below) {
  const [across, down] = turn % 2 === 1 ? [meta.height, meta.width] : [meta.width, meta.height];
  const zoom = Math.min(size.width / across, (size.height - below) / down);
  return zoom > 0 ? zoom : 1;
}

/** Zooms so that the image point under (x, y) of the stage stays there. */
export function zoomAt(view, size, factor, x, y) {
  const before = toImage(view, size, x, y);
  view.zoom = clamp(view.zoom * factor, SMALLEST, LARGEST);
  const after = toImage(view, size, x, y);
  view.x += before.x - after.x;
  view.y += before.y - after.y;
}

export function pan(view, size, meta, dx, dy) {
  const from = toImage(view, size, 0, 0);
  const to = toImage(view, size, dx, dy);
  view.x = clamp(view.x - (to.x - from.x), 0, meta.width);
  view.y = clamp(view.y - (to.y - from.y), 0, meta.height);
}

/** A step of the stage, such as an arrow key's, as a step along the axes of the image. */
export function alongImage(view, size, [dx, dy]) {
  const from = toImage(view, size, 0, 0);
  const to = toImage(view, size, dx, dy);
  return [Math.sign(Math.round((to.x - from.x) * view.zoom)), Math.sign(Math.round((to.y - from.y) * view.zoom))];
}

/** A pinch on a touchpad arrives as small wheel steps with ctrlKey. */
export function wheelFactor({ deltaY, ctrlKey }) {
  return Math.exp(-clamp(deltaY, -120, 120) / (ctrlKey ? 100 : 500));
}
