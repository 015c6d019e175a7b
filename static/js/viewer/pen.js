/* Marks on an image: box, point, length and polygon, drawn by mouse, touch and keyboard.

   Points are [x, y] in pixels of the original image: x to the right, y down, [0, 0] the outer corner of the first
   pixel. Zoom, rotation, flip and the screen have no part in them. */

import { alongImage, toImage, toStage } from "./geometry.js";
import { cornersOf, measure } from "./measures.js";
import { clamp, number, word } from "./words.js";

const POINTS = { point: 1, length: 2, box: 2, polygon: Infinity };
const CORNERS = 3;
const SAME = { mouse: 4, pen: 6, touch: 14, key: 0 };
const NEAR = 12;
const LARGE = 10;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export const KINDS = Object.keys(POINTS);

export class Pen {
  #viewer;

  constructor(viewer, kinds) {
    this.#viewer = viewer;
    this.kinds = kinds.filter((kind) => kind in POINTS);
    this.tool = null;
    this.selected = null;
    this.#clear();
  }

  #clear() {
    this.draft = [];
    this.cursor = null; // where the next point would be
    this.crossed = false; // whether the cross of the keyboard shows
  }

  get list() {
    return this.#viewer.view.marks;
  }

  /** Replaces all marks. Raises a TypeError for one that is no mark. */
  set list(marks) {
    this.#viewer.view.marks = marks.map(checked);
    this.selected = null;
    this.#clear();
  }

  get here() {
    return this.list.filter((mark) => mark.frame === this.#viewer.view.frame);
  }

  /** The mark that is being drawn, as it would be if the next point were set now; null while there is none. */
  get growing() {
    if (!this.draft.length || !this.cursor) return null;
    return { kind: this.tool, points: [...this.draft, this.cursor] };
  }

  toggle(kind) {
    if (!this.kinds.includes(kind)) return;
    const on = this.tool !== kind;
    this.#clear();
    this.tool = on ? kind : null;
    this.#viewer.say(on ? word("tool-on", { tool: word(kind) }) : word("tool-off"));
    this.#viewer.toolChanged();
  }

  /** A drawing belongs to its frame; with another frame on the screen it is given up. */
  leaveFrame() {
    this.#clear();
    this.selected = null;
  }

  putAway() {
    if (this.tool) this.toggle(this.tool);
  }

  /* ---- keys */

  /** Whether a key means something here before it means anything else on the page. */
  holds(key) {
    if (!this.tool) return false;
    if (key === "Tab") return this.here.length > 0;
    return key in ARROWS || key === "Enter" || key === "Escape";
  }

  press(key, shifted) {
    if (key === "Tab") return this.#tab(shifted ? -1 : 1);
    if (key in ARROWS) this.#moveCross(ARROWS[key], shifted);
    else if (key === "Enter") this.#enter();
    else this.#escape();
    this.#viewer.draw();
    return true;
  }

  /** Goes through the marks and then lets the focus go on, so that nobody is held here. */
  #tab(step) {
    const at = this.here.indexOf(this.selected);
    const next = at < 0 ? (step > 0 ? 0 : this.here.length - 1) : at + step;
    this.#select(this.here[next] ?? null);
    return next >= 0 && next < this.here.length;
  }

  #enter() {
    if (this.crossed) this.set(this.cursor, SAME.key);
    else this.#showCross();
  }

  #escape() {
    if (!this.draft.length) return this.putAway();
    this.#clear();
    this.#viewer.say(word("cancelled"));
  }

  /** The cross appears on a corner of a pixel: where the mouse left a drawing, else in the middle of what is seen. */
  #showCross() {
    const { view, size } = this.#viewer;
    const middle = toImage(view, size, size.width / 2, size.height / 2 - (view.lift ?? 0));
    const [x, y] = this.draft.length ? this.cursor : [middle.x, middle.y];
    this.cursor = this.#inside([Math.round(x), Math.round(y)]);
    this.crossed = true;
    this.#sayPlace();
  }

  #moveCross(direction, shifted) {
    if (!this.crossed) return this.#showCross();
    const { view, size } = this.#viewer;
    const step = Math.max(1, Math.round(1 / view.zoom)) * (shifted ? LARGE : 1);
    const [dx, dy] = alongImage(view, size, direction);
    this.cursor = this.#inside([this.cursor[0] + dx * step, this.cursor[1] + dy * step]);
    const { x, y } = toStage(view, size, this.cursor);
    this.#viewer.reveal(x, y);
    this.#sayPlace();
  }

  #sayPlace() {
    this.#viewer.say(word("at", { x: number(this.cursor[0]), y: number(this.cursor[1]) }));
  }

  /* ---- mouse and touch, in pixels of the stage */

  down(x, y, type) {
    this.crossed = false;
    this.began = { x, y, fresh: this.draft.length === 0 };
    this.cursor = this.#pointAt(x, y);
    if (this.tool === "polygon" || this.began.fresh) this.set(this.cursor, this.#reach(type));
    this.#viewer.draw();
  }

  move(x, y) {
    if (this.crossed) return;
    this.cursor = this.#pointAt(x, y);
    if (this.draft.length) this.#viewer.draw();
  }

  /** The end of a drag sets the second point; a mere click leaves it for the next click. */
  up(x, y, type) {
    if (!this.began || !this.draft.length || this.tool === "polygon") return;
    const dragged = Math.hypot(x - this.began.x, y - this.began.y) > SAME[type];
    if (dragged || !this.began.fresh) this.set(this.#pointAt(x, y), this.#reach(type));
    this.#viewer.draw();
  }

  /** A second finger means zoom: the mark that the first one began is forgotten. */
  abandon() {
    if (this.began?.fresh) this.#clear();
    this.began = null;
  }

  #reach(type) {
    return (SAME[type] ?? SAME.mouse) / this.#viewer.view.zoom;
  }

  #pointAt(x, y) {
    const { view, size } = this.#viewer;
    const point = toImage(view, size, x, y);
    return this.#inside([point.x, point.y]);
  }

  #inside([x, y]) {
    const { width, height } = this.#viewer.meta;
    return [hundredths(clamp(x, 0, width)), hundredths(clamp(y, 0, height))];
  }

  /* ---- points */

  /** Sets the next point; a polygon is closed by its last or first point again. */
  set(point, reach) {
    const { draft, tool } = this;
    const again = draft.length > 0 && apart(point, draft.at(-1)) <= reach;
    const closes = again || (draft.length >= CORNERS && apart(point, draft[0]) <= reach);
    if (tool === "polygon" && closes) return this.#close();
    if (again) return undefined;
    if (tool === "box" && draft.length && isFlat(point, draft[0])) return this.#viewer.say(word("no-area"));
    draft.push(point);
    if (draft.length === POINTS[tool]) return this.#finish();
    return this.#viewer.say(word("set", { x: number(point[0]), y: number(point[1]) }));
  }

  #close() {
    if (this.draft.length < CORNERS) return this.#viewer.say(word("more-corners"));
    return this.#finish();
  }

  #finish() {
    const points = this.tool === "box" ? sorted(this.draft) : this.draft;
    const mark = { kind: this.tool, frame: this.#viewer.view.frame, points };
    this.list.push(mark);
    this.selected = mark;
    this.draft = [];
    this.began = null;
    this.#viewer.say(word("drawn", { mark: word(mark.kind), measure: measure(mark, this.#viewer.meta) }));
    this.#viewer.marked();
  }

  /* ---- selecting and removing */

  select(step) {
    const { here } = this;
    if (!here.length) return;
    const at = here.indexOf(this.selected);
    const from = at < 0 && step < 0 ? 0 : at;
    this.#select(here[(from + step + here.length) % here.length]);
  }

  /** Selects the mark whose line or point is under (x, y) of the stage, or none. */
  selectAt(x, y) {
    const near = this.here.findLast((mark) => this.#distance(mark, x, y) <= NEAR);
    if (near || this.selected) this.#select(near ?? null);
  }

  #select(mark) {
    this.selected = mark;
    this.#viewer.draw();
    if (!mark) return;
    const values = { n: this.here.indexOf(mark) + 1, total: this.here.length };
    const size = measure(mark, this.#viewer.meta);
    this.#viewer.say(word("selected", { mark: word(mark.kind), measure: size, ...values }));
  }

  remove() {
    const { selected } = this;
    if (!selected || !this.list.includes(selected)) return this.#viewer.say(word("nothing-selected"));
    this.list.splice(this.list.indexOf(selected), 1);
    this.selected = null;
    this.#viewer.say(word("removed", { mark: word(selected.kind) }));
    return this.#viewer.marked();
  }

  #distance({ kind, points }, x, y) {
    const { view, size } = this.#viewer;
    const placed = (kind === "box" ? cornersOf(points) : points).map((point) => toStage(view, size, point));
    if (kind === "point") return Math.hypot(placed[0].x - x, placed[0].y - y);
    const ends = kind === "length" ? placed.slice(1) : [...placed.slice(1), placed[0]];
    return Math.min(...ends.map((end, index) => toSegment({ x, y }, placed[index], end)));
  }
}

/* ---- plain arithmetic */

const hundredths = (value) => Math.round(value * 100) / 100;
const apart = ([x, y], [u, v]) => Math.hypot(u - x, v - y);
const isFlat = ([x, y], [u, v]) => x === u || y === v;

function sorted([[x, y], [u, v]]) {
  return [
    [Math.min(x, u), Math.min(y, v)],
    [Math.max(x, u), Math.max(y, v)],
  ];
}

function toSegment(point, start, end) {
  const [dx, dy] = [end.x - start.x, end.y - start.y];
  const along = ((point.x - start.x) * dx + (point.y - start.y) * dy) / (dx * dx + dy * dy || 1);
  const share = clamp(along, 0, 1);
  return Math.hypot(start.x + share * dx - point.x, start.y + share * dy - point.y);
}

/** A mark as it is kept: a copy with nothing but what marks have. */
function checked({ kind, frame = 0, points, label }) {
  const isPoint = (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite);
  const count = POINTS[kind] === Infinity ? points?.length >= CORNERS : points?.length === POINTS[kind];
  if (!count || !points.every(isPoint) || !Number.isInteger(frame)) throw new TypeError("this is no mark");
  const mark = { kind, frame, points: points.map(([x, y]) => [x, y]) };
  if (kind === "box") mark.points = sorted(mark.points);
  return label ? { ...mark, label: String(label) } : mark;
}
