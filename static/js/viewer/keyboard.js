/* What the keys and buttons of the table in commands.js do, and which key goes where. */

import { commandFor } from "./commands.js";
import { toggleFullScreen } from "./fullscreen.js";
import { toggleLink } from "./links.js";

const ZOOM_STEP = 1.25;
const WINDOW_STEP = 20;
const PAN_STEP = 40;
const SIGN = /^[^a-z]$/; // > is itself, whether or not a layout makes it with Shift
const PAN = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const WINDOW = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Keyboard {
  #viewer;

  constructor(viewer) {
    this.#viewer = viewer;
    viewer.stage.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const combined = event.ctrlKey || event.metaKey || event.altKey;
    if (combined && !event.getModifierState("AltGraph")) return; // [ and ] need AltGr on many keyboards
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const panning = !event.shiftKey && !this.holds(key) && PAN[key];
    if (panning) this.#viewer.pan(...panning.map((step) => step * PAN_STEP));
    else if (!this.press(key, event.shiftKey)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether a key belongs to this viewer before it belongs to the page: while drawing, or filling the window. */
  holds(key) {
    return this.#viewer.pen.holds(key) || (key === "Escape" && this.#viewer.hasAttribute("data-wide"));
  }

  /** Acts on a key of the viewer; true when the key was one. */
  press(key, shifted) {
    const { pen } = this.#viewer;
    if (pen.holds(key)) return pen.press(key, shifted);
    if (this.holds(key)) return this.act("full");
    if (shifted && WINDOW[key]) {
      this.#viewer.shiftWindow(...WINDOW[key].map((step) => step * WINDOW_STEP));
      return true;
    }
    const command = shifted && !SIGN.test(key) ? undefined : commandFor(key);
    return Boolean(command) && this.#viewer.can(command.needs) && this.act(command.name, { byKey: true });
  }

  /** Does what a button or key says; true, so that the key is used up. */
  act(name, { byKey = false } = {}) {
    this.#acts[name]();
    if (byKey && this.#viewer.pen.tool === name) this.#viewer.stage.focus({ preventScroll: true });
    return true;
  }

  get #acts() {
    const viewer = this.#viewer;
    const { pen, frames, view } = viewer;
    return {
      ...Object.fromEntries(pen.kinds.map((kind) => [kind, () => pen.toggle(kind)])),
      window: () => viewer.toggleWindow(),
      invert: () => viewer.change({ inverted: !view.inverted }, "invert"),
      rotate: () => viewer.change({ turn: (view.turn + 1) % 4 }, "turn"),
      flip: () => viewer.change({ flip: !view.flip }, "turn"),
      reset: () => viewer.reset(),
      full: () => toggleFullScreen(viewer),
      link: () => toggleLink(viewer),
      overlay: () => viewer.overlay.toggle(),
      remove: () => pen.remove(),
      markBefore: () => pen.select(-1),
      markAfter: () => pen.select(1),
      play: () => frames.play(),
      slower: () => frames.faster(-1),
      faster: () => frames.faster(1),
      frameBefore: () => viewer.showFrame(view.frame - 1),
      frameAfter: () => viewer.showFrame(view.frame + 1),
      zoomIn: () => viewer.zoomAt(ZOOM_STEP),
      zoomOut: () => viewer.zoomAt(1 / ZOOM_STEP),
    };
  }
}
