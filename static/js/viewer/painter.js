/* Lays a picture on the canvas: grey through its window, drawn pictures as they are, overlay on top. */

import { shades, shades8 } from "./values.js";
import { clamp, make } from "./words.js";

const SMOOTH_UP_TO = 10;

export class Painter {
  #sheet = make("canvas");
  #tableKey = "";
  #table = null;

  constructor(canvas) {
    this.canvas = canvas;
    this.ink = canvas.getContext("2d");
  }

  /** Follows a pane of {width, height} in CSS pixels; true when the canvas is empty because of it. */
  resize({ width, height, ratio }) {
    const { canvas } = this;
    const across = Math.max(1, Math.round(width * ratio));
    const down = Math.max(1, Math.round(height * ratio));
    if (canvas.width === across && canvas.height === down) return false;
    canvas.width = across;
    canvas.height = down;
    return true;
  }

  /** Paints {picture, preview, overlay, meta, view, values, base, matrix, ratio}; true when there was a picture. */
  paint(scene) {
    const { ink, canvas } = this;
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, canvas.width, canvas.height);
    const scale = scene.view.zoom * scene.ratio;
    const matrix = onPixels(new DOMMatrix().scale(scene.ratio, scene.ratio).multiply(scene.matrix), scale);
    ink.setTransform(matrix);
    ink.imageSmoothingEnabled = scale < SMOOTH_UP_TO;
    ink.imageSmoothingQuality = "high";
    const drawn = scene.picture?.bitmap ?? (scene.picture ? null : scene.preview);
    if (scene.picture?.levels) this.#paintGrey(scene, matrix, scale);
    else if (drawn) this.#paintDrawn(scene, drawn, matrix);
    if (scene.overlay) this.#paintOverlay(scene, matrix);
    return Boolean(drawn || scene.picture);
  }

  #paintGrey(scene, matrix, scale) {
    const { meta, picture } = scene;
    const level = levelFor(picture.levels, meta.width, scale);
    const across = meta.width / level.width;
    const down = meta.height / level.height;
    const box = this.#visible(matrix, level, across, down);
    if (!box) return;
    const pixels = this.#shade(scene, level, box);
    const target = [box.x * across, box.y * down, box.w * across, box.h * down];
    this.ink.drawImage(pixels, 0, 0, box.w, box.h, ...target);
  }

  /** The part of a level that is on the screen; null when none is. */
  #visible(matrix, level, across, down) {
    const back = matrix.inverse();
    const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([right, low]) =>
      back.transformPoint(new DOMPoint(right * this.canvas.width, low * this.canvas.height)),
    );
    const xs = corners.map((corner) => corner.x / across);
    const ys = corners.map((corner) => corner.y / down);
    const x = clamp(Math.floor(Math.min(...xs)) - 1, 0, level.width);
    const y = clamp(Math.floor(Math.min(...ys)) - 1, 0, level.height);
    const w = clamp(Math.ceil(Math.max(...xs)) + 1, 0, level.width) - x;
    const h = clamp(Math.ceil(Math.max(...ys)) + 1, 0, level.height) - y;
    return w > 0 && h > 0 ? { x, y, w, h } : null;
  }

  #shade(scene, level, box) {
    const ink = this.#clearSheet(box.w, box.h);
    const image = ink.createImageData(box.w, box.h);
    const pixels = new Uint32Array(image.data.buffer);
    const table = this.#tableFor(scene);
    for (let row = 0; row < box.h; row += 1) {
      const from = (box.y + row) * level.width + box.x;
      const to = row * box.w;
      for (let column = 0; column < box.w; column += 1) pixels[to + column] = table[level.raw[from + column]];
    }
    ink.putImageData(image, 0, 0);
    return this.#sheet;
  }

  #tableFor({ meta, view, values }) {
    const { center, width } = view.window;
    const inverted = view.inverted !== Boolean(meta.inverted);
    const key = `${center} ${width} ${inverted} ${values.scale} ${values.offset}`;
    if (this.#tableKey !== key) {
      this.#tableKey = key;
      this.#table = shades(values, meta.window_function, view.window, inverted);
    }
    return this.#table;
  }

  #paintDrawn({ meta, view, base }, source, matrix) {
    const table = shades8(view.window, base, view.inverted);
    if (!table) {
      this.ink.drawImage(source, 0, 0, meta.width, meta.height);
      return;
    }
    this.ink.setTransform(1, 0, 0, 1, 0, 0);
    this.ink.drawImage(this.#shadeDrawn(source, table, meta, matrix), 0, 0);
  }

  /** The picture as it falls on the canvas, on a sheet of the same size, with every shade changed. */
  #shadeDrawn(source, table, { width, height }, matrix) {
    const ink = this.#clearSheet(this.canvas.width, this.canvas.height);
    ink.setTransform(matrix);
    ink.imageSmoothingEnabled = this.ink.imageSmoothingEnabled;
    ink.imageSmoothingQuality = "high";
    ink.drawImage(source, 0, 0, width, height);
    const image = ink.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let i = 0; i < image.data.length; i += 4) {
      if (image.data[i + 3] === 0) continue;
      image.data[i] = table[image.data[i]];
      image.data[i + 1] = table[image.data[i + 1]];
      image.data[i + 2] = table[image.data[i + 2]];
    }
    ink.putImageData(image, 0, 0);
    return this.#sheet;
  }

  #clearSheet(width, height) {
    this.#sheet.width = width;
    this.#sheet.height = height;
    return this.#sheet.getContext("2d", { willReadFrequently: true });
  }

  /** "screen" only ever adds light, so that where the overlay is black the image stays as it was. */
  #paintOverlay({ overlay, meta }, matrix) {
    this.ink.setTransform(matrix);
    this.ink.globalCompositeOperation = "screen";
    this.ink.drawImage(overlay, 0, 0, meta.width, meta.height);
    this.ink.globalCompositeOperation = "source-over";
  }
}

function levelFor(levels, width, scale) {
  const wanted = levels.findLastIndex((level) => level.width / width >= scale);
  return levels[Math.max(wanted, 0)];
}

/** At one screen pixel for each image pixel nothing is interpolated: the picture is moved onto the grid. */
function onPixels(matrix, scale) {
  if (Math.abs(scale - 1) > 1e-6) return matrix;
  const { a, b, c, d, e, f } = matrix;
  return new DOMMatrix([a, b, c, d, Math.round(e), Math.round(f)]);
}
