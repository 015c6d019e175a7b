/* From stored numbers to shades of grey: scale and offset, windows, and the tables that are laid over pixels. */

import { clamp } from "./words.js";

export const WHOLE_8_BIT = { center: 127.5, width: 255 };

/** {scale, offset} of a frame: its own where frames differ, else those of the whole image. */
export function valuesOf({ scale = 1, offset = 0, frame_values: own }, frame) {
  const [ownScale, ownOffset] = own?.[frame] ?? [scale, offset];
  return { scale: ownScale, offset: ownOffset };
}

/** The window from the lowest to the highest value of a picture. */
export function wholeRange(picture, { scale, offset }) {
  if (!picture?.levels) return { ...WHOLE_8_BIT };
  const ends = [picture.low * scale + offset, picture.high * scale + offset];
  const width = Math.max(1, Math.abs(ends[1] - ends[0]));
  return { center: (ends[0] + ends[1]) / 2, width };
}

/** The pixel at a point {x, y} of the image: {column, row, value}; null outside it, or where there are no values. */
export function valueAt(picture, { scale, offset }, { x, y }) {
  if (!picture?.levels) return null;
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const { width, height, raw } = picture.levels[0];
  const inside = column >= 0 && row >= 0 && column < width && row < height;
  return inside ? { column, row, value: raw[row * width + column] * scale + offset } : null;
}

/** The value shown as black, and how many values further on lies white (DICOM PS3.3 C.11.2.1). */
function ramp({ center, width }, rule) {
  if (rule !== "linear") return { low: center - width / 2, span: width };
  return { low: center - 0.5 - (width - 1) / 2, span: Math.max(width - 1, 1e-6) };
}

/** Grey shades for 0…65535 as pixels: the window laid over value = raw * scale + offset. */
export function shades({ scale, offset }, rule, window, inverted) {
  const table = new Uint32Array(65536);
  const { low, span } = ramp(window, rule);
  for (let raw = 0; raw < 65536; raw += 1) {
    const share = clamp((raw * scale + offset - low) / span, 0, 1);
    const grey = Math.round(255 * (inverted ? 1 - share : share));
    table[raw] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return table;
}

/** The same for pictures of 8 bits that are drawn already; null when nothing changes. */
export function shades8(window, base, inverted) {
  if (!inverted && window.center === base.center && window.width === base.width) return null;
  const table = new Uint8ClampedArray(256);
  for (let shown = 0; shown < 256; shown += 1) {
    const value = base.center - base.width / 2 + (shown / 255) * base.width;
    const share = clamp((value - (window.center - window.width / 2)) / window.width, 0, 1);
    table[shown] = 255 * (inverted ? 1 - share : share);
  }
  return table;
}
