/* Decodes grey PNG of 8 and 16 bits to its raw values, because a browser's canvas keeps only 8 bits.

   The page loads this file for its address and starts it as a worker, so that decoding never blocks a key
   and the worker has the hashed name of this very version. */

/** Where this file lies; the worker is started from there. */
export const DECODER = import.meta.url;

const PNG_SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const MOST_PIXELS = 200_000_000;

/** The header and the compressed pixel data of a PNG; null when the bytes are no PNG. */
function readPng(buffer) {
  const bytes = new Uint8Array(buffer);
  if (PNG_SIGNATURE.some((value, index) => bytes[index] !== value)) return null;
  const view = new DataView(buffer);
  const png = { parts: [] };
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (name === "IHDR") Object.assign(png, readHeader(view, at + 8));
    if (name === "IDAT") png.parts.push(bytes.subarray(at + 8, at + 8 + length));
    if (name === "IEND") break;
    at += 12 + length;
  }
  return png;
}

function readHeader(view, at) {
  return {
    width: view.getUint32(at),
    height: view.getUint32(at + 4),
    depth: view.getUint8(at + 8),
    colour: view.getUint8(at + 9),
    interlaced: view.getUint8(at + 12) !== 0,
  };
}

function paeth(left, above, corner) {
  const guess = left + above - corner;
  const a = Math.abs(guess - left);
  const b = Math.abs(guess - above);
  const c = Math.abs(guess - corner);
  if (a <= b && a <= c) return left;
  return b <= c ? above : corner;
}

/** Undoes the row filter of PNG (ISO/IEC 15948, clause 9) in place; `step` is the bytes of a pixel. */
function unfilterRow(filter, row, above, step) {
  for (let i = 0; i < row.length; i += 1) {
    const left = i >= step ? row[i - step] : 0;
    const up = above ? above[i] : 0;
    if (filter === 1) row[i] += left;
    else if (filter === 2) row[i] += up;
    else if (filter === 3) row[i] += (left + up) >> 1;
    else row[i] += paeth(left, up, above && i >= step ? above[i - step] : 0);
  }
}

async function decodeGrey(png) {
  const { width, height, depth } = png;
  const step = depth / 8;
  const stride = width * step;
  const stream = new Blob(png.parts).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (bytes.length < (stride + 1) * height) throw new Error("the PNG ends too early");
  const raw = new Uint16Array(width * height);
  let above = null;
  for (let y = 0; y < height; y += 1) {
    const at = y * (stride + 1);
    const row = bytes.subarray(at + 1, at + 1 + stride);
    if (bytes[at] !== 0) unfilterRow(bytes[at], row, above, step);
    copyRow(raw, y * width, row, step);
    above = row;
  }
  return raw;
}

function copyRow(raw, start, row, step) {
  const count = row.length / step;
  if (step === 1) raw.set(row, start);
  else for (let x = 0; x < count; x += 1) raw[start + x] = (row[2 * x] << 8) | row[2 * x + 1];
}

/** The same picture at half the size, each value the mean of four: keeps zoomed-out views quick and smooth. */
function halve({ width, height, raw }) {
  const w = Math.max(1, width >> 1);
  const h = Math.max(1, height >> 1);
  const half = new Uint16Array(w * h);
  for (let y = 0; y < h; y += 1) {
    const top = 2 * y * width;
    const low = Math.min(2 * y + 1, height - 1) * width;
    for (let x = 0; x < w; x += 1) {
      const right = Math.min(2 * x + 1, width - 1);
      half[y * w + x] = (raw[top + 2 * x] + raw[top + right] + raw[low + 2 * x] + raw[low + right] + 2) >> 2;
    }
  }
  return { width: w, height: h, raw: half };
}

function extent(raw) {
  let low = 65535;
  let high = 0;
  for (let i = 0; i < raw.length; i += 1) {
    if (raw[i] < low) low = raw[i];
    if (raw[i] > high) high = raw[i];
  }
  return [low, high];
}

/** {levels, low, high} of a grey PNG of 8 or 16 bits; null when the browser should decode it itself. */
export async function decode(buffer) {
  const png = readPng(buffer);
  if (!png || png.colour !== GREY || png.depth < 8 || png.interlaced) return null;
  if (png.width * png.height > MOST_PIXELS) throw new Error("the image is too large to show");
  const levels = [{ width: png.width, height: png.height, raw: await decodeGrey(png) }];
  while (levels.length < 4 && Math.min(levels.at(-1).width, levels.at(-1).height) > 128) {
    levels.push(halve(levels.at(-1)));
  }
  const [low, high] = extent(levels[0].raw);
  return { levels, low, high };
}

async function answerDecode({ data: { id, buffer } }) {
  try {
    const grey = await decode(buffer);
    const moved = grey ? grey.levels.map((level) => level.raw.buffer) : [];
    self.postMessage({ id, grey }, moved);
  } catch (error) {
    self.postMessage({ id, problem: String(error) });
  }
}

if (typeof HTMLElement === "undefined") self.onmessage = answerDecode;
