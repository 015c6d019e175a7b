/* Mouse, finger and wheel on the stage: one pans, sets the window or draws; two pinch. */

import { wheelFactor } from "./geometry.js";

const NOTCH = 50;
const STILL = 4;

export class Pointers {
  #viewer;
  #down = new Map();
  #rolled = 0;

  constructor(viewer, stage) {
    this.#viewer = viewer;
    this.stage = stage;
    const on = (name, act, options) => stage.addEventListener(name, act, options);
    on("pointerdown", (event) => this.#press(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#lift(event));
    on("pointercancel", (event) => this.#cancel(event));
    on("pointerleave", () => viewer.probeAt(null));
    on("wheel", (event) => this.#wheel(event), { passive: false });
    on("dblclick", (event) => this.#double(event));
    on("contextmenu", (event) => event.preventDefault());
    on("mousedown", (event) => event.preventDefault());
  }

  #press(event) {
    this.stage.setPointerCapture(event.pointerId);
    const { pen, windowing } = this.#viewer;
    const { offsetX: x, offsetY: y, button, pointerType: type } = event;
    const drawing = pen.tool !== null && button === 0 && this.#down.size === 0;
    const pointer = { x, y, from: { x, y }, drawing, windowing: button === 2 || (windowing && !drawing) };
    this.#down.set(event.pointerId, pointer);
    if (drawing) pen.down(x, y, type);
    else if (this.#down.size === 2) this.#stopDrawing();
  }

  #stopDrawing() {
    for (const pointer of this.#down.values()) {
      if (pointer.drawing) this.#viewer.pen.abandon();
      pointer.drawing = false;
    }
  }

  #move(event) {
    const { offsetX: x, offsetY: y } = event;
    const pointer = this.#down.get(event.pointerId);
    const { pen } = this.#viewer;
    if (!pointer || pointer.drawing) {
      if (pen.tool) pen.move(x, y);
      this.#viewer.probeAt({ x, y });
      return;
    }
    const before = this.#pinch();
    const [dx, dy] = [x - pointer.x, y - pointer.y];
    Object.assign(pointer, { x, y });
    if (before) this.#movePinch(before, this.#pinch());
    else if (pointer.windowing) this.#viewer.shiftWindow(dx, dy);
    else this.#viewer.pan(dx, dy);
  }

  #lift(event) {
    const pointer = this.#down.get(event.pointerId);
    this.#down.delete(event.pointerId);
    if (!pointer) return;
    const { offsetX: x, offsetY: y, pointerType: type, button } = event;
    const still = Math.hypot(x - pointer.from.x, y - pointer.from.y) <= STILL;
    if (pointer.drawing) this.#viewer.pen.up(x, y, type);
    else if (still && button === 0) this.#viewer.pen.selectAt(x, y);
  }

  #cancel(event) {
    this.#stopDrawing();
    this.#down.delete(event.pointerId);
  }

  /** Middle and spread of two fingers. */
  #pinch() {
    if (this.#down.size !== 2) return null;
    const [a, b] = [...this.#down.values()];
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, spread: Math.hypot(a.x - b.x, a.y - b.y) || 1 };
  }

  #movePinch(before, after) {
    this.#viewer.pan(after.x - before.x, after.y - before.y);
    this.#viewer.zoomAt(after.spread / before.spread, after.x, after.y);
  }

  #double(event) {
    if (!this.#viewer.pen.tool) this.#viewer.fitOrFull(event.offsetX, event.offsetY);
  }

  #wheel(event) {
    event.preventDefault();
    if (this.#viewer.meta.frames > 1 && !event.ctrlKey) this.#roll(event.deltaY);
    else this.#viewer.zoomAt(wheelFactor(event), event.offsetX, event.offsetY);
  }

  /** A notch of a wheel is one frame; the small steps of a touchpad are added up first. */
  #roll(delta) {
    this.#rolled = Math.sign(delta) === Math.sign(this.#rolled) ? this.#rolled + delta : delta;
    if (Math.abs(this.#rolled) < NOTCH) return;
    this.#viewer.showFrame(this.#viewer.view.frame + Math.sign(delta));
    this.#rolled = 0;
  }
}
