/* <rs-viewer>: shows one medical image, or a stack of frames, in its full range of values. See viewer.js. */

import { Chrome } from "./chrome.js";
import { Frames } from "./frames.js";
import * as geometry from "./geometry.js";
import { Keyboard } from "./keyboard.js";
import { areLinked, lead, peersOf, tallestTools } from "./links.js";
import { Overlay } from "./overlay.js";
import { Painter } from "./painter.js";
import { Pen } from "./pen.js";
import { Pictures } from "./pictures.js";
import { Pointers } from "./pointers.js";
import { makeSheet, sketch } from "./sketch.js";
import { valueAt, valuesOf, wholeRange, WHOLE_8_BIT } from "./values.js";
import { viewOf } from "./views.js";
import { clamp, make, word } from "./words.js";

const DRAG_SPAN = 400;
const MARGIN = 24;
const AHEAD = 4;

export class RsViewer extends HTMLElement {
  static pictures = new Pictures();

  /** Fetches and decodes the pictures of the next case, after those on the screen. */
  static async prefetch(urls) {
    await Promise.allSettled([...document.querySelectorAll("rs-viewer")].map((viewer) => viewer.settled));
    const shown = [...document.querySelectorAll("rs-viewer")].flatMap((viewer) => viewer.urls);
    RsViewer.pictures.keepOnly(new Set([...urls, ...shown]));
    await Promise.allSettled(urls.map((url) => RsViewer.pictures.get(url, "low")));
  }

  /** The viewer that keys go to: the one last pointed at. */
  static get current() {
    return document.querySelector("rs-viewer[data-current]") ?? document.querySelector("rs-viewer");
  }

  connectedCallback() {
    if (!this.stage) this.#start();
    this.#observe(); // again, when the element was moved to another place in the page
  }

  disconnectedCallback() {
    this.watch.disconnect();
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.frames.cine.stop();
    this.view.record.rest();
  }

  #start() {
    if (Object.hasOwn(this, "marks")) this.early = this.marks; // set before this class was known
    delete this.marks;
    this.picture = null;
    this.preview = null;
    this.size = null; // known with the first layout, which nothing here forces
    this.windowing = false;
    const { width, height } = this.dataset;
    this.meta = { kind: "rgb8", width: Number(width) || 1, height: Number(height) || 1, frames: 1, windows: [] };
    this.frames = new Frames(this);
    this.overlay = new Overlay(this);
    this.pen = new Pen(this, (this.dataset.tools ?? "").split(" "));
    this.view = viewOf(this.dataset.full || this.dataset.preview);
    this.#build();
    this.#recallMarks();
    this.settled = this.#load();
  }

  get urls() {
    const full = Array.from({ length: this.meta.frames ?? 1 }, (_, frame) => this.#fullUrl(frame));
    return [this.dataset.meta, this.dataset.preview, ...full].filter(Boolean);
  }

  /** The marks, copied: {kind, frame, points: [[x, y], …], label?} in pixels of the original image. */
  get marks() {
    return structuredClone(this.pen ? this.pen.list : (this.early ?? []));
  }

  set marks(marks) {
    if (!this.pen) this.early = marks; // not in the page yet
    else this.pen.list = marks;
    if (this.pen) this.draw();
  }

  /** What was on the screen and what the reader did, for the record beside a rating. */
  get shown() {
    const { zoom, window, frame, record } = this.view;
    const { width, height, ratio } = this.size ?? { width: 0, height: 0, ratio: 1 };
    return {
      zoom: Number(zoom.toFixed(3)),
      center: Math.round(window.center),
      width: Math.round(window.width),
      frame,
      full: this.isFull,
      ratio: Number(ratio.toFixed(3)),
      pane: [Math.round(width), Math.round(height)],
      ...record.told,
    };
  }

  /** Whether the pixels of the current frame are on the screen in full range. */
  get isFull() {
    return this.picture !== null && this.frameDrawn === this.view.frame;
  }

  /* ---- parts */

  #build() {
    const label = this.dataset.label ?? "";
    const canvas = make("canvas");
    this.painter = new Painter(canvas);
    this.sheet = makeSheet();
    const names = { role: "application", "aria-roledescription": word("viewer"), "aria-label": label };
    this.stage = make("div", { class: "stage", tabindex: "0", "aria-description": word("help"), ...names });
    this.stage.append(canvas, this.sheet);
    this.chrome = new Chrome(this);
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", label);
    this.fallback = this.querySelector("img");
    const { head, probe, foot, said } = this.chrome;
    this.append(this.stage, head, probe, foot, said);
    this.chrome.arrange();
    this.chrome.presets.hidden = true;
    this.pointers = new Pointers(this, this.stage);
    this.keyboard = new Keyboard(this);
    this.addEventListener("pointerenter", () => this.#becomeCurrent());
    this.addEventListener("focusin", () => this.#becomeCurrent());
  }

  #observe() {
    this.watch = new ResizeObserver(() => this.#resize());
    this.watch.observe(this.stage);
    this.watch.observe(this.chrome.foot);
    this.onVisibility = () => (document.hidden ? this.view.record.rest() : this.draw());
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  #becomeCurrent() {
    for (const viewer of document.querySelectorAll("rs-viewer[data-current]")) delete viewer.dataset.current;
    this.dataset.current = "";
  }

  /** Whether this image has what a command needs. */
  can(need) {
    const able = { peers: this.peers.length > 0, overlay: this.overlay.url !== "", frames: this.meta.frames > 1 };
    if (!need) return true;
    if (need === "marks") return this.pen.kinds.length > 0 || this.pen.list.length > 0;
    return able[need] ?? this.pen.kinds.includes(need);
  }

  say(text) {
    this.chrome.say(text);
  }

  /* ---- loading */

  async #load() {
    const early = Promise.all([this.#showPreview(), this.overlay.load()]);
    try {
      if (this.dataset.meta) this.#takeMeta(await RsViewer.pictures.get(this.dataset.meta));
      await this.#loadFrame();
    } catch (error) {
      this.fail(error);
    }
    await early;
  }

  async #showPreview() {
    const url = this.dataset.preview;
    if (url && RsViewer.pictures.has(url)) {
      const kept = await RsViewer.pictures.get(url).catch(() => null);
      this.preview = kept?.bitmap ?? null;
    }
    if (!this.preview && this.fallback) {
      await this.fallback.decode().catch(() => null);
      this.preview = this.fallback.naturalWidth ? this.fallback : null;
    }
    this.draw();
  }

  #takeMeta(meta) {
    this.meta = { scale: 1, offset: 0, ...meta, windows: meta.windows ?? [], frames: meta.frames ?? 1 };
    if (!this.view.framed) this.view.frame = clamp(this.keyFrame, 0, this.meta.frames - 1);
    this.view.framed = true;
    if (!this.view.touched) this.view.window = this.defaultWindow;
    this.toggleAttribute("data-stack", this.meta.frames > 1);
    this.chrome.arrange();
    this.chrome.fillPresets(this.meta.windows, this.view.preset ?? "default", this.#grey);
    if (this.view.fit && this.size) this.#fit();
    this.draw();
  }

  /** The frame a stack opens at, and the one that the preview shows. */
  get keyFrame() {
    return this.meta.key_frame ?? 0;
  }

  async #loadFrame() {
    const frame = this.view.frame;
    const picture = await this.pictureOf(frame);
    if (frame !== this.view.frame) return;
    const first = this.picture === null;
    this.picture = picture;
    this.frameDrawn = frame;
    if (!this.view.touched) this.view.window = this.defaultWindow;
    this.draw();
    if (first) this.say(word("ready"));
    this.dispatchEvent(new CustomEvent("rs-viewer:loaded", { bubbles: true }));
    this.#loadNeighbours(frame);
  }

  #loadNeighbours(frame) {
    const playing = Array.from({ length: AHEAD }, (_, step) => (frame + step + 1) % this.meta.frames);
    const resting = [frame + 1, frame - 1, frame + 2, frame + 3];
    for (const near of this.frames.cine.playing ? playing : resting) {
      if (near >= 0 && near < this.meta.frames) this.pictureOf(near, "low").catch(() => null);
    }
  }

  fail(error) {
    this.problem = error;
    this.say(word("failed"));
    this.draw();
  }

  retry() {
    this.problem = undefined;
    this.settled = this.#load();
  }

  /** The decoded pixels of a frame. */
  pictureOf(frame, priority = "high") {
    return RsViewer.pictures.get(this.#fullUrl(frame), priority);
  }

  #fullUrl(frame) {
    return (this.dataset.full ?? "").replace(/\{frame\}|%7Bframe%7D/i, String(frame));
  }

  /** The name of the word that says what is on the screen. */
  get stateWord() {
    if (!this.isFull) return this.picture || this.view.frame !== this.keyFrame ? "fetching" : "loading";
    return this.picture.levels ? "loaded" : "colour";
  }

  /* ---- window */

  get #grey() {
    return this.meta.kind === "grey16";
  }

  get #values() {
    return valuesOf(this.meta, this.frameDrawn ?? this.view.frame);
  }

  /** The window a reader starts with: the stored one, else the whole range of the pixels. */
  get defaultWindow() {
    if (!this.#grey) return { ...WHOLE_8_BIT };
    const stored = this.meta.window ?? this.meta.windows[0];
    return stored ? { center: stored.center, width: stored.width } : wholeRange(this.picture, this.#values);
  }

  choosePreset(value) {
    if (value === "") return;
    const own = { default: () => this.defaultWindow, whole: () => wholeRange(this.picture, this.#values) };
    this.setWindow(own[value]?.() ?? this.meta.windows[value], value);
  }

  setWindow({ center, width }, preset = "") {
    const smallest = this.#grey ? Math.abs(this.#values.scale) : 1;
    this.view.window = { center, width: Math.max(width, smallest) };
    this.view.touched = true;
    this.view.preset = preset;
    this.view.record.note("window");
    this.chrome.presets.value = preset;
    this.draw();
  }

  shiftWindow(dx, dy) {
    const { center, width } = this.view.window;
    const step = Math.max(width, this.defaultWindow.width / 20) / DRAG_SPAN;
    this.setWindow({ center: center + dy * step, width: width + dx * step });
  }

  /** Tells the value below a point of the stage, {x, y}; null when the pointer has left. */
  probeAt(point) {
    const at = point && this.isFull && this.#grey ? geometry.toImage(this.view, this.size, point.x, point.y) : null;
    this.chrome.tellValue(at && valueAt(this.picture, this.#values, at));
  }

  /* ---- view */

  /** Marks of the page count when they are new; else those that were drawn since stay. */
  #recallMarks() {
    const given = this.dataset.marks ?? "";
    const fresh = this.view.given !== given;
    this.view.given = given;
    if (this.early) this.pen.list = this.early;
    else if (fresh) this.pen.list = given ? JSON.parse(given) : [];
    this.chrome.arrange();
  }

  /** Follows the size of the pane. A canvas that is resized is empty, so it is painted before it is seen. */
  #resize() {
    if (!this.isConnected) return;
    const before = this.#place;
    const { width, height } = this.stage.getBoundingClientRect();
    this.size = { width, height, ratio: globalThis.devicePixelRatio || 1 };
    this.chrome.tell(); // its words may need a second line, which the image has to leave free
    if (this.view.fit) this.#fit();
    for (const peer of this.peers) peer.refit?.();
    if (this.painter.resize(this.size)) this.paint();
    else if (this.#place !== before) this.draw();
  }

  get #place() {
    return this.size ? `${this.view.zoom} ${this.view.lift}` : "";
  }

  /** The whole image above the tools, as large as it goes. */
  #fit() {
    this.view.lift = this.#below / 2;
    Object.assign(this.view, { zoom: this.#fitZoom(), fit: true, x: this.meta.width / 2, y: this.meta.height / 2 });
  }

  refit() {
    if (!this.size || !this.view.fit) return;
    this.#fit();
    this.draw();
  }

  /** The height that the tools take from the pane: of images beside each other the same, so that they lie level. */
  get #below() {
    return Math.min(tallestTools(this), this.size.height / 4);
  }

  #fitZoom() {
    return geometry.fitZoom(this.view, this.meta, this.size, this.#below);
  }

  /** From image pixels to CSS pixels of the stage. */
  get matrix() {
    return geometry.matrixOf(this.view, this.size);
  }

  /** Zooms so that the image point under (x, y) of the stage stays there. */
  zoomAt(factor, x = this.size.width / 2, y = this.size.height / 2) {
    geometry.zoomAt(this.view, this.size, factor, x, y);
    this.#moved("zoom");
  }

  pan(dx, dy) {
    geometry.pan(this.view, this.size, this.meta, dx, dy);
    this.#moved("pan");
  }

  /** Moves the picture just so far that (x, y) of the stage is in sight. */
  reveal(x, y) {
    const { width, height } = this.size;
    const dx = clamp(x, MARGIN, width - MARGIN) - x;
    const dy = clamp(y, MARGIN, height - this.#below - MARGIN) - y;
    if (dx || dy) this.pan(dx, dy);
  }

  #moved(act) {
    if (act === "zoom" || act === "pan") this.view.fit = false;
    this.view.record.note(act);
    this.draw();
    lead(this, this.#fitZoom());
  }

  get peers() {
    return peersOf(this);
  }

  get linked() {
    return areLinked();
  }

  follow({ times, x, y, turn, flip, fit }) {
    if (!this.size) return;
    Object.assign(this.view, { turn, flip, fit, x: x * this.meta.width, y: y * this.meta.height });
    if (fit) this.#fit();
    else this.view.zoom = times * this.#fitZoom();
    this.draw();
  }

  reset() {
    Object.assign(this.view, { turn: 0, flip: false, inverted: false, touched: false, preset: "default" });
    this.view.window = this.defaultWindow;
    this.chrome.presets.value = "default";
    this.#fit();
    this.#moved("reset");
  }

  /** The whole image, or one screen pixel for each of its pixels around (x, y) of the stage. */
  fitOrFull(x, y) {
    if (this.view.fit) {
      this.zoomAt(1 / this.view.zoom / this.size.ratio, x, y);
      return;
    }
    this.#fit();
    this.#moved("reset");
  }

  /* ---- frames */

  /** The reader goes to a frame; linked stacks come along. */
  showFrame(frame) {
    this.frames.show(frame);
  }

  /** Shows a frame of this image alone. */
  goTo(frame) {
    if (frame === this.view.frame) return;
    this.view.frame = frame;
    this.pen.leaveFrame();
    this.#loadFrame().catch((error) => this.fail(error));
    this.draw();
  }

  /* ---- marks and tools */

  /** Marks were drawn or removed by the reader. */
  marked() {
    this.view.record.noteEach("marks");
    this.chrome.arrange();
    this.draw();
    this.dispatchEvent(new CustomEvent("rs-viewer:marked", { bubbles: true, detail: { marks: this.marks } }));
  }

  /** The pen was taken up or put away. */
  toolChanged() {
    this.windowing = false;
    this.#tellTool();
  }

  toggleWindow() {
    this.pen.putAway();
    this.windowing = !this.windowing;
    this.#tellTool();
  }

  #tellTool() {
    const tool = this.pen.tool ? "draw" : this.windowing ? "window" : "";
    if (tool) this.stage.dataset.tool = tool;
    else delete this.stage.dataset.tool;
    this.draw();
  }

  /* ---- keys and buttons */

  /** Whether a key belongs to this viewer before it belongs to the page. */
  holds(key) {
    return this.keyboard.holds(key);
  }

  /** Acts on a key of the viewer; true when the key was one. */
  press(key, shifted = false) {
    return this.size !== null && this.keyboard.press(key, shifted);
  }

  change(values, act) {
    Object.assign(this.view, values);
    if (this.view.fit) this.#fit();
    this.#moved(act);
  }

  /* ---- drawing */

  /** Draws with the next frame of the screen, once, however many changes ask for it. */
  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  /** Paints what is now; whatever asked for a drawing has it with that. */
  paint() {
    if (!this.size) return;
    cancelAnimationFrame(this.waiting);
    this.waiting = null;
    const { size, view, meta, matrix } = this;
    const preview = view.frame === this.keyFrame ? this.preview : null;
    const pixels = { picture: this.picture, preview, overlay: this.overlay.shown };
    const shades = { values: this.#values, base: this.defaultWindow };
    const drawn = this.painter.paint({ ...pixels, ...shades, meta, view, matrix, ratio: size.ratio });
    if (drawn && this.fallback) this.fallback.hidden = true;
    this.#sketch(matrix);
    this.chrome.tell();
    if (this.isFull && !document.hidden && this.isConnected) view.record.look(view.frame);
    else view.record.rest();
  }

  #sketch(matrix) {
    const { here, selected, growing, crossed, cursor } = this.pen;
    const place = ([x, y]) => matrix.transformPoint(new DOMPoint(x, y));
    sketch(this.sheet, { marks: here, selected, growing, cross: crossed ? cursor : null, meta: this.meta, place });
  }
}
