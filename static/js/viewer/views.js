/* How each image is shown outlives its element: a page that swaps its parts resets no view. */

import { Record } from "./record.js";
import { WHOLE_8_BIT } from "./values.js";

const views = new Map();

/** The view of the image with this address, as the reader left it; a fresh one at the first call. */
export function viewOf(address) {
  if (!views.has(address)) views.set(address, freshView());
  return views.get(address);
}

function freshView() {
  const place = { zoom: 1, x: 0, y: 0, turn: 0, flip: false, fit: true, frame: 0, framed: false };
  const shades = { inverted: false, overlay: false, window: { ...WHOLE_8_BIT }, touched: false };
  return { ...place, ...shades, marks: [], given: null, record: new Record() };
}
