/* <rs-viewer>: shows one medical image, or a stack of frames, in its full range of values.

   <rs-viewer data-label="Current" data-meta="URL" data-full="URL, {frame} counts from 0"
              data-preview="URL" data-width="1841" data-height="1955">
     <img src="preview" alt="Current">          <- all there is without JavaScript
   </rs-viewer>

   The meta URL answers {kind: "grey16" | "rgb8", width, height, frames, offset, scale,
   windows: [{center, width, name}], window: {center, width}, window_function: "linear" | "linear_exact",
   inverted, spacing_mm, spacing_kind}.
   A grey value is raw * scale + offset; `inverted` means that low values are bright.
   The preview is drawn as it is, until the pixels themselves have arrived and been decoded.

   A browser's canvas reduces a 16-bit PNG to 8 bits, so grey PNG is decoded here. The same file
   runs as the page's module and as the worker that decodes, so that decoding never blocks a key. */

const IN_WORKER = typeof HTMLElement === "undefined";
const PNG_SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const GREY = 0;
const MOST_PIXELS = 200_000_000;
const MOST_KEPT = 240;

/* ------------------------------------------------------------------ decoding, in the worker */

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
async function decode(buffer) {
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

/* ------------------------------------------------------------------ fetching, in the page */

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A request that is repeated twice, because a dropped connection is common and soon over. */
async function persist(request) {
  for (const rest of [1000, 3000]) {
    const response = await request().catch(() => null);
    if (response && response.status < 500) return accepted(response);
    await pause(rest);
  }
  return accepted(await request());
}

function accepted(response) {
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}

/** Fetches and decodes pictures, and keeps what the current and the next case need. */
class Pictures {
  #kept = new Map();
  #asked = new Map();
  #worker = null;

  /** The decoded picture at `url`: {levels, low, high} or {bitmap}. */
  get(url, priority = "high") {
    if (!this.#kept.has(url)) {
      if (this.#kept.size >= MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value);
      const picture = this.#load(url, priority);
      this.#kept.set(url, picture);
      picture.catch(() => this.#kept.delete(url));
    }
    return this.#kept.get(url);
  }

  has(url) {
    return this.#kept.has(url);
  }

  keepOnly(urls) {
    for (const url of this.#kept.keys()) if (!urls.has(url)) this.#kept.delete(url);
  }

  async #load(url, priority) {
    const response = await persist(() => fetch(url, { priority, credentials: "same-origin" }));
    const type = response.headers.get("Content-Type") ?? "";
    if (type.includes("json")) return response.json();
    const buffer = await response.arrayBuffer();
    const grey = type.includes("png") ? await this.#decode(buffer.slice(0)) : null;
    return grey ?? { bitmap: await createImageBitmap(new Blob([buffer], { type })) };
  }

  #decode(buffer) {
    const id = crypto.getRandomValues(new Uint32Array(1))[0];
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#ready().postMessage({ id, buffer }, [buffer]);
    });
  }

  #ready() {
    if (this.#worker) return this.#worker;
    this.#worker = new Worker(import.meta.url, { type: "module" });
    this.#worker.onmessage = ({ data: { id, grey, problem } }) => {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (problem) asked.reject(new Error(problem));
      else asked.resolve(grey);
    };
    this.#worker.onerror = () => {
      for (const asked of this.#asked.values()) asked.reject(new Error("the decoder stopped"));
      this.#asked.clear();
      this.#worker = null;
    };
    return this.#worker;
  }
}

/* ------------------------------------------------------------------ geometry and values */

const WHOLE_8_BIT = { center: 127.5, width: 255 };
const ZOOM_STEP = 1.25;
const DRAG_SPAN = 400;
const SMOOTH_UP_TO = 10;
const NOTCH = 50;

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const WORDS = {
  viewer: "image viewer",
  help:
    "Arrow keys pan, plus and minus zoom, Shift with arrow keys sets the window, " +
    "Page Up and Page Down change the frame.",
  window: "Window",
  invert: "Invert",
  rotate: "Rotate",
  flip: "Flip",
  reset: "Reset",
  full: "Full",
  link: "Link",
  tools: "Image tools",
  presets: "Window presets",
  own: "Own",
  default: "Default",
  whole: "Whole range",
  frame: "Frame",
  frames: "Frame {n} of {total}",
  loading: "preview",
  loaded: "full range",
  colour: "full quality",
  ready: "The image is loaded in full range.",
  failed: "Only the preview could be loaded.",
  again: "Try again",
};

function word(name, values = {}) {
  const said = document.getElementById("viewer-words")?.content.querySelector(`[data-word="${name}"]`);
  const text = said ? said.textContent : WORDS[name];
  return text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

/** The value shown as black, and how many values further on lies white (DICOM PS3.3 C.11.2.1). */
function ramp({ center, width }, rule) {
  if (rule !== "linear") return { low: center - width / 2, span: width };
  return { low: center - 0.5 - (width - 1) / 2, span: Math.max(width - 1, 1e-6) };
}

/** Grey shades for 0…65535 as pixels: the window laid over value = raw * scale + offset. */
function shades({ scale, offset, window_function: rule }, window, inverted) {
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
function shades8(window, base, inverted) {
  if (!inverted && window.center === base.center && window.width === base.width) return null;
  const table = new Uint8ClampedArray(256);
  for (let shown = 0; shown < 256; shown += 1) {
    const value = base.center - base.width / 2 + (shown / 255) * base.width;
    const share = clamp((value - (window.center - window.width / 2)) / window.width, 0, 1);
    table[shown] = 255 * (inverted ? 1 - share : share);
  }
  return table;
}

/** A pinch on a touchpad arrives as small wheel steps with ctrlKey. */
function wheelFactor({ deltaY, ctrlKey }) {
  return Math.exp(-clamp(deltaY, -120, 120) / (ctrlKey ? 100 : 500));
}

/** How each image is shown outlives its element: a page that swaps its parts resets no view. */
const views = new Map();

/* ------------------------------------------------------------------ the element */

const Base = IN_WORKER ? Object : HTMLElement;

class RsViewer extends Base {
  static pictures = new Pictures();
  static linked = true;

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
    if (this.stage) {
      this.#observe(); // moved to another place in the page
      return;
    }
    this.picture = null;
    this.preview = null;
    this.size = null; // known with the first layout, which nothing here forces
    this.meta = this.#firstMeta();
    this.pointers = new Map();
    this.#build();
    this.#recall();
    this.#listen();
    this.settled = this.#load();
  }

  disconnectedCallback() {
    this.watch.disconnect();
  }

  get urls() {
    const frames = this.meta.frames ?? 1;
    const full = Array.from({ length: Math.min(frames, 60) }, (_, frame) => this.#fullUrl(frame));
    return [this.dataset.meta, this.dataset.preview, ...full].filter(Boolean);
  }

  /** What was on the screen, for the record beside a rating. */
  get shown() {
    const { center, width } = this.view.window;
    return {
      zoom: Number(this.view.zoom.toFixed(3)),
      center: Math.round(center),
      width: Math.round(width),
      frame: this.view.frame,
      full: this.picture !== null,
    };
  }

  #firstMeta() {
    const { width, height } = this.dataset;
    return { kind: "rgb8", width: Number(width) || 1, height: Number(height) || 1, frames: 1, windows: [] };
  }

  /* ---- parts */

  #build() {
    const label = this.dataset.label ?? "";
    this.canvas = make("canvas");
    this.ink = this.canvas.getContext("2d");
    this.marks = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    this.marks.setAttribute("class", "marks");
    this.marks.setAttribute("aria-hidden", "true");
    this.marks.append(document.createElementNS("http://www.w3.org/2000/svg", "g"));
    this.stage = make("div", {
      class: "stage",
      tabindex: "0",
      role: "application",
      "aria-roledescription": word("viewer"),
      "aria-label": label,
      "aria-description": word("help"),
    });
    this.stage.append(this.canvas, this.marks);
    this.said = make("span", { class: "unseen", role: "status" });
    this.readout = make("span", { class: "readout", dir: "ltr" });
    this.state = make("span", { class: "state" });
    this.chrome = make("div", { class: "chrome" }, this.#buildTools(), this.readout);
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", label);
    this.fallback = this.querySelector("img");
    const name = make("span", { class: "name", "aria-hidden": "true" }, label);
    this.append(this.stage, name, this.state, this.chrome, this.said);
  }

  #buildTools() {
    this.tools = {};
    const row = make("div", { class: "tools", role: "group", "aria-label": word("tools") });
    const keys = { window: "W", invert: "I", rotate: "R", flip: "H", reset: "0", full: "F" };
    if (document.querySelectorAll("rs-viewer").length > 1) keys.link = "L";
    for (const [name, key] of Object.entries(keys)) {
      const cap = make("kbd", { "aria-hidden": "true" }, key);
      const button = make("button", { type: "button", class: "tool" }, word(name), " ", cap);
      button.setAttribute("aria-keyshortcuts", key);
      button.addEventListener("click", () => this.press(key.toLowerCase()));
      this.tools[name] = button;
      row.append(button);
    }
    this.presets = make("select", { "aria-label": word("presets") });
    this.presets.addEventListener("change", () => this.#choosePreset(this.presets.value));
    this.slider = make("input", { type: "range", min: "0", "aria-label": word("frame") });
    this.slider.addEventListener("input", () => this.showFrame(Number(this.slider.value)));
    this.counter = make("span", { dir: "ltr" });
    this.frames = make("span", { class: "frames" }, this.slider, this.counter);
    row.append(this.presets, this.frames);
    return row;
  }

  #listen() {
    const on = (name, act, options) => this.stage.addEventListener(name, act, options);
    on("pointerdown", (event) => this.#pointerDown(event));
    on("pointermove", (event) => this.#pointerMove(event));
    on("pointerup", (event) => this.#pointerUp(event));
    on("pointercancel", (event) => this.#pointerUp(event));
    on("wheel", (event) => this.#wheel(event), { passive: false });
    on("dblclick", (event) => this.#fitOrFull(event));
    on("contextmenu", (event) => event.preventDefault());
    on("mousedown", (event) => event.preventDefault());
    this.chrome.addEventListener("mousedown", (event) => {
      if (event.target.closest("button")) event.preventDefault(); // a click takes no focus from the questions
    });
    on("keydown", (event) => this.#key(event));
    this.addEventListener("pointerenter", () => this.#becomeCurrent());
    this.addEventListener("focusin", () => this.#becomeCurrent());
    this.#observe();
  }

  #observe() {
    this.watch = new ResizeObserver(() => this.#resize());
    this.watch.observe(this.stage);
    this.watch.observe(this.chrome);
  }

  #becomeCurrent() {
    for (const viewer of document.querySelectorAll("rs-viewer[data-current]")) delete viewer.dataset.current;
    this.dataset.current = "";
  }

  /* ---- loading */

  async #load() {
    const early = this.#showPreview();
    try {
      if (this.dataset.meta) this.#takeMeta(await RsViewer.pictures.get(this.dataset.meta));
      await this.#loadFrame();
    } catch (error) {
      this.#fail(error);
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
    this.meta = { scale: 1, offset: 0, windows: [], frames: 1, ...meta };
    if (!this.view.touched) this.view.window = this.defaultWindow;
    this.frames.hidden = this.meta.frames < 2;
    this.toggleAttribute("data-stack", this.meta.frames > 1);
    this.slider.max = String(this.meta.frames - 1);
    this.#fillPresets();
    if (this.view.fit && this.size) this.#fit();
    this.draw();
  }

  async #loadFrame() {
    const frame = this.view.frame;
    const picture = await RsViewer.pictures.get(this.#fullUrl(frame));
    if (frame !== this.view.frame) return;
    const first = this.picture === null;
    this.picture = picture;
    this.frameDrawn = frame;
    if (!this.view.touched) this.view.window = this.defaultWindow;
    if (this.fallback) this.fallback.hidden = true;
    this.draw();
    if (first) this.#say(word("ready"));
    this.dispatchEvent(new CustomEvent("rs-viewer:loaded", { bubbles: true }));
    this.#loadNeighbours(frame);
  }

  #loadNeighbours(frame) {
    for (const near of [frame + 1, frame - 1, frame + 2, frame + 3]) {
      if (near >= 0 && near < this.meta.frames) RsViewer.pictures.get(this.#fullUrl(near), "low").catch(() => null);
    }
  }

  #fail(error) {
    this.problem = error;
    this.#say(word("failed"));
    this.draw();
  }

  #fullUrl(frame) {
    return (this.dataset.full ?? "").replace(/\{frame\}|%7Bframe%7D/i, String(frame));
  }

  #say(text) {
    this.said.textContent = text;
  }

  /* ---- window */

  get #grey() {
    return this.meta.kind === "grey16";
  }

  /** The window a reader starts with: the stored one, else the whole range of the pixels. */
  get defaultWindow() {
    if (!this.#grey) return { ...WHOLE_8_BIT };
    const stored = this.meta.window ?? this.meta.windows[0];
    return stored ? { center: stored.center, width: stored.width } : this.#wholeRange();
  }

  #wholeRange() {
    if (!this.picture?.levels) return { ...WHOLE_8_BIT };
    const { scale, offset } = this.meta;
    const low = this.picture.low * scale + offset;
    const width = Math.max(1, (this.picture.high - this.picture.low) * Math.abs(scale));
    return { center: low + width / 2, width };
  }

  #fillPresets() {
    const options = [["", word("own")], ["default", word("default")]];
    this.meta.windows.forEach(({ name, center, width }, index) => {
      options.push([String(index), name || `C ${center} W ${width}`]);
    });
    options.push(["whole", word("whole")]);
    this.presets.replaceChildren(...options.map(([value, name]) => make("option", { value }, name)));
    this.presets.firstChild.hidden = true;
    this.presets.value = this.view.preset ?? "default";
    this.presets.hidden = !this.#grey;
  }

  #choosePreset(value) {
    if (value === "") return;
    const own = { default: () => this.defaultWindow, whole: () => this.#wholeRange() };
    this.setWindow(own[value]?.() ?? this.meta.windows[value], value);
  }

  setWindow({ center, width }, preset = "") {
    const smallest = this.#grey ? Math.abs(this.meta.scale ?? 1) : 1;
    this.view.window = { center, width: Math.max(width, smallest) };
    this.view.touched = true;
    this.view.preset = preset;
    this.presets.value = preset;
    this.draw();
  }

  #shiftWindow(dx, dy) {
    const { center, width } = this.view.window;
    const step = Math.max(width, this.defaultWindow.width / 20) / DRAG_SPAN;
    this.setWindow({ center: center + dy * step, width: width + dx * step });
  }

  /* ---- view */

  #recall() {
    const key = this.dataset.full || this.dataset.preview;
    const fresh = { zoom: 1, x: 0, y: 0, turn: 0, flip: false, inverted: false, fit: true, frame: 0, window: null };
    if (!views.has(key)) views.set(key, fresh);
    this.view = views.get(key);
    this.frames.hidden = true;
    this.presets.hidden = true;
    this.view.window ??= { ...WHOLE_8_BIT };
  }

  /** Follows the size of the pane. A canvas that is resized is empty, so it is painted before it is seen. */
  #resize() {
    if (!this.isConnected) return;
    const { width, height } = this.stage.getBoundingClientRect();
    const ratio = globalThis.devicePixelRatio || 1;
    const across = Math.max(1, Math.round(width * ratio));
    const down = Math.max(1, Math.round(height * ratio));
    const same = this.canvas.width === across && this.canvas.height === down;
    this.size = { width, height, ratio };
    if (this.view.fit) this.#fit();
    if (same) {
      this.draw();
      return;
    }
    this.canvas.width = across;
    this.canvas.height = down;
    this.paint();
  }

  /** The whole image above the tools, as large as it goes. */
  #fit() {
    this.view.lift = this.#below / 2;
    Object.assign(this.view, { zoom: this.#fitZoom(), fit: true, x: this.meta.width / 2, y: this.meta.height / 2 });
  }

  /** The height that the tools take from the pane. */
  get #below() {
    return Math.min(this.chrome.offsetHeight, this.size.height / 4);
  }

  #fitZoom() {
    const turned = this.view.turn % 2 === 1;
    const across = turned ? this.meta.height : this.meta.width;
    const down = turned ? this.meta.width : this.meta.height;
    const zoom = Math.min(this.size.width / across, (this.size.height - this.#below) / down);
    return zoom > 0 ? zoom : 1;
  }

  /** From image pixels to pixels of the stage. */
  get matrix() {
    const { zoom, x, y, turn, flip, lift } = this.view;
    const { width, height } = this.size;
    return new DOMMatrix()
      .translate(width / 2, height / 2 - (lift ?? 0))
      .rotate(90 * turn)
      .scale(flip ? -zoom : zoom, zoom)
      .translate(-x, -y);
  }

  #imagePoint(x, y) {
    return this.matrix.inverse().transformPoint(new DOMPoint(x, y));
  }

  /** Zooms so that the image point under (x, y) of the stage stays there. */
  zoomAt(factor, x = this.size.width / 2, y = this.size.height / 2) {
    const before = this.#imagePoint(x, y);
    this.view.zoom = clamp(this.view.zoom * factor, 0.02, 64);
    this.view.fit = false;
    const after = this.#imagePoint(x, y);
    this.view.x += before.x - after.x;
    this.view.y += before.y - after.y;
    this.#moved();
  }

  pan(dx, dy) {
    const from = this.#imagePoint(0, 0);
    const to = this.#imagePoint(dx, dy);
    this.view.x = clamp(this.view.x - (to.x - from.x), 0, this.meta.width);
    this.view.y = clamp(this.view.y - (to.y - from.y), 0, this.meta.height);
    this.view.fit = false;
    this.#moved();
  }

  #moved() {
    this.draw();
    if (RsViewer.linked) this.#lead();
  }

  /** Linked images show the same part, at the same size relative to their panes. */
  #lead() {
    const { zoom, x, y, turn, flip, fit } = this.view;
    const part = { times: zoom / this.#fitZoom(), x: x / this.meta.width, y: y / this.meta.height, turn, flip, fit };
    for (const other of document.querySelectorAll("rs-viewer")) if (other !== this) other.follow(part);
  }

  follow({ times, x, y, turn, flip, fit }) {
    if (!this.size) return;
    Object.assign(this.view, { turn, flip, fit, x: x * this.meta.width, y: y * this.meta.height });
    if (fit) this.#fit();
    else this.view.zoom = times * this.#fitZoom();
    this.draw();
  }

  #toggleLink() {
    RsViewer.linked = !RsViewer.linked;
    for (const viewer of document.querySelectorAll("rs-viewer")) viewer.draw();
  }

  reset() {
    Object.assign(this.view, { turn: 0, flip: false, inverted: false, touched: false, preset: "default" });
    this.view.window = this.defaultWindow;
    this.presets.value = "default";
    this.#fit();
    this.#moved();
  }

  #fitOrFull(event) {
    if (this.view.fit) {
      this.zoomAt(1 / this.view.zoom / this.size.ratio, event.offsetX, event.offsetY);
      return;
    }
    this.#fit();
    this.#moved();
  }

  showFrame(frame) {
    const next = clamp(frame, 0, this.meta.frames - 1);
    if (next === this.view.frame) return;
    this.view.frame = next;
    this.#say(word("frames", { n: next + 1, total: this.meta.frames }));
    this.#loadFrame().catch((error) => this.#fail(error));
    this.draw();
  }

  async fullScreen() {
    if (document.fullscreenElement === this) return document.exitFullscreen();
    if (this.hasAttribute("data-wide")) return this.removeAttribute("data-wide");
    try {
      return await this.requestFullscreen();
    } catch {
      return this.setAttribute("data-wide", ""); // a browser without the power fills its own window instead
    }
  }

  /* ---- keys, mouse, touch */

  /** Acts on a key of the viewer; true when the key was one. */
  press(key, shifted = false) {
    const act = shifted ? this.#shiftedKeys[key] : this.#plainKeys[key];
    if (!this.size || !act || (key.startsWith("Page") && this.meta.frames < 2)) return false;
    act();
    return true;
  }

  get #plainKeys() {
    return {
      w: () => this.#toggleTool(),
      i: () => this.#change({ inverted: !this.view.inverted }),
      r: () => this.#change({ turn: (this.view.turn + 1) % 4 }),
      h: () => this.#change({ flip: !this.view.flip }),
      0: () => this.reset(),
      f: () => this.fullScreen(),
      l: () => this.#toggleLink(),
      "+": () => this.zoomAt(ZOOM_STEP),
      "=": () => this.zoomAt(ZOOM_STEP),
      "-": () => this.zoomAt(1 / ZOOM_STEP),
      PageUp: () => this.showFrame(this.view.frame - 1),
      PageDown: () => this.showFrame(this.view.frame + 1),
    };
  }

  get #shiftedKeys() {
    return {
      ArrowLeft: () => this.#shiftWindow(-20, 0),
      ArrowRight: () => this.#shiftWindow(20, 0),
      ArrowUp: () => this.#shiftWindow(0, -20),
      ArrowDown: () => this.#shiftWindow(0, 20),
      "+": () => this.zoomAt(ZOOM_STEP),
      "*": () => this.zoomAt(ZOOM_STEP),
      "?": undefined,
    };
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrows = { ArrowLeft: [40, 0], ArrowRight: [-40, 0], ArrowUp: [0, 40], ArrowDown: [0, -40] };
    const plainArrow = !event.shiftKey && arrows[event.key];
    if (plainArrow) this.pan(...plainArrow);
    else if (!this.press(event.key.length === 1 ? event.key.toLowerCase() : event.key, event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  #toggleTool() {
    const on = this.stage.dataset.tool !== "window";
    if (on) this.stage.dataset.tool = "window";
    else delete this.stage.dataset.tool;
    this.tools.window.setAttribute("aria-pressed", String(on));
  }

  #change(values) {
    Object.assign(this.view, values);
    if (this.view.fit) this.#fit();
    this.#moved();
  }

  #pointerDown(event) {
    this.stage.setPointerCapture(event.pointerId);
    const windowing = event.button === 2 || this.stage.dataset.tool === "window";
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY, windowing });
  }

  #pointerMove(event) {
    const pointer = this.pointers.get(event.pointerId);
    if (!pointer) return;
    const before = this.#pinch();
    const dx = event.offsetX - pointer.x;
    const dy = event.offsetY - pointer.y;
    Object.assign(pointer, { x: event.offsetX, y: event.offsetY });
    if (before) this.#movePinch(before, this.#pinch());
    else if (pointer.windowing) this.#shiftWindow(dx, dy);
    else this.pan(dx, dy);
  }

  #pointerUp(event) {
    this.pointers.delete(event.pointerId);
  }

  /** Middle and spread of two fingers. */
  #pinch() {
    if (this.pointers.size !== 2) return null;
    const [a, b] = [...this.pointers.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
  }

  #movePinch(before, after) {
    this.pan(after.x - before.x, after.y - before.y);
    this.zoomAt(after.spread / before.spread, after.x, after.y);
  }

  #wheel(event) {
    event.preventDefault();
    if (this.meta.frames > 1 && !event.ctrlKey) this.#roll(event.deltaY);
    else this.zoomAt(wheelFactor(event), event.offsetX, event.offsetY);
  }

  /** A notch of a wheel is one frame; the small steps of a touchpad are added up first. */
  #roll(delta) {
    this.rolled = Math.sign(delta) === Math.sign(this.rolled ?? 0) ? this.rolled + delta : delta;
    if (Math.abs(this.rolled) < NOTCH) return;
    this.showFrame(this.view.frame + Math.sign(delta));
    this.rolled = 0;
  }

  /* ---- drawing */

  /** Draws with the next frame of the screen, once, however many changes ask for it. */
  draw() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.paint();
    });
  }

  paint() {
    const { ink, canvas, size } = this;
    if (!size) return;
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, canvas.width, canvas.height);
    const matrix = new DOMMatrix().scale(size.ratio, size.ratio).multiply(this.matrix);
    ink.setTransform(matrix);
    const scale = this.view.zoom * size.ratio;
    ink.imageSmoothingEnabled = scale < SMOOTH_UP_TO;
    ink.imageSmoothingQuality = "high";
    if (this.picture?.levels) this.#paintGrey(matrix, scale);
    else this.#paintDrawn(this.picture?.bitmap ?? this.preview);
    this.#placeMarks();
    this.#tell();
  }

  #paintGrey(matrix, scale) {
    const level = this.#levelFor(scale);
    const step = this.meta.width / level.width;
    const box = this.#visible(matrix, level, step);
    if (!box) return;
    const pixels = this.#shade(level, box);
    const at = [box.x * step, box.y * (this.meta.height / level.height)];
    this.ink.drawImage(pixels, 0, 0, box.w, box.h, ...at, box.w * step, box.h * (this.meta.height / level.height));
  }

  #levelFor(scale) {
    const { levels } = this.picture;
    const wanted = levels.findLastIndex((level) => level.width / this.meta.width >= scale);
    return levels[Math.max(wanted, 0)];
  }

  /** The part of a level that is on the screen; null when none is. */
  #visible(matrix, level, step) {
    const back = matrix.inverse();
    const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([right, low]) =>
      back.transformPoint(new DOMPoint(right * this.canvas.width, low * this.canvas.height)),
    );
    const xs = corners.map((corner) => corner.x / step);
    const ys = corners.map((corner) => corner.y / step);
    const x = clamp(Math.floor(Math.min(...xs)) - 1, 0, level.width);
    const y = clamp(Math.floor(Math.min(...ys)) - 1, 0, level.height);
    const w = clamp(Math.ceil(Math.max(...xs)) + 1, 0, level.width) - x;
    const h = clamp(Math.ceil(Math.max(...ys)) + 1, 0, level.height) - y;
    return w > 0 && h > 0 ? { x, y, w, h } : null;
  }

  #shade(level, box) {
    this.sheet ??= make("canvas");
    this.sheet.width = box.w;
    this.sheet.height = box.h;
    const sheetInk = this.sheet.getContext("2d", { willReadFrequently: true });
    const image = sheetInk.createImageData(box.w, box.h);
    const pixels = new Uint32Array(image.data.buffer);
    const table = this.#table();
    for (let row = 0; row < box.h; row += 1) {
      const from = (box.y + row) * level.width + box.x;
      const to = row * box.w;
      for (let column = 0; column < box.w; column += 1) pixels[to + column] = table[level.raw[from + column]];
    }
    sheetInk.putImageData(image, 0, 0);
    return this.sheet;
  }

  #table() {
    const { center, width } = this.view.window;
    const inverted = this.view.inverted !== Boolean(this.meta.inverted);
    const key = `${center} ${width} ${inverted}`;
    if (this.tableKey !== key) {
      this.tableKey = key;
      this.shades = shades(this.meta, this.view.window, inverted);
    }
    return this.shades;
  }

  #paintDrawn(source) {
    if (!source) return;
    this.ink.drawImage(source, 0, 0, this.meta.width, this.meta.height);
    if (this.fallback) this.fallback.hidden = true;
    const table = shades8(this.view.window, this.defaultWindow, this.view.inverted);
    if (!table) return;
    const image = this.ink.getImageData(0, 0, this.canvas.width, this.canvas.height);
    for (let i = 0; i < image.data.length; i += 4) {
      if (image.data[i + 3] === 0) continue;
      image.data[i] = table[image.data[i]];
      image.data[i + 1] = table[image.data[i + 1]];
      image.data[i + 2] = table[image.data[i + 2]];
    }
    this.ink.putImageData(image, 0, 0);
  }

  /** Marks live in image pixels; their group carries the view. */
  #placeMarks() {
    const { a, b, c, d, e, f } = this.matrix;
    this.marks.firstChild.setAttribute("transform", `matrix(${[a, b, c, d, e, f].map((n) => n.toFixed(4)).join(" ")})`);
  }

  #tell() {
    const { center, width } = this.view.window;
    const { zoom, frame, inverted, turn, flip } = this.view;
    this.tools.link?.setAttribute("aria-pressed", String(RsViewer.linked));
    this.tools.invert.setAttribute("aria-pressed", String(inverted));
    this.tools.flip.setAttribute("aria-pressed", String(flip));
    this.tools.rotate.setAttribute("aria-pressed", String(turn !== 0));
    this.counter.textContent = `${frame + 1} / ${this.meta.frames}`;
    this.slider.value = String(frame);
    const times = (zoom * this.size.ratio).toFixed(2);
    this.readout.textContent = `C ${Math.round(center)} W ${Math.round(width)} · ${times}×`;
    const state = this.problem ? word("failed") : this.#stateWord(frame);
    if (this.told === state) return;
    this.told = state;
    this.state.replaceChildren(state, ...(this.problem ? [" ", this.#retryButton()] : []));
  }

  #stateWord(frame) {
    if (!this.picture || frame !== this.frameDrawn) return word("loading");
    return word(this.picture.levels ? "loaded" : "colour");
  }

  #retryButton() {
    const button = make("button", { type: "button", class: "retry" }, word("again"));
    button.addEventListener("click", () => {
      this.problem = undefined;
      this.settled = this.#load();
    });
    return button;
  }
}

if (IN_WORKER) self.onmessage = answerDecode;
else customElements.define("rs-viewer", RsViewer);
