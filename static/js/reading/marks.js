/* Questions that are answered on the image. The viewer draws; a mark that is drawn while its question is marked, or
   that only one question can mean, becomes part of the answer and carries the question's sign. */

import { Criterion } from "./criterion.js";
import { all, find, make, word } from "./words.js";

const KEYS = { box: "b", point: "p", length: "m", polygon: "g" };
const SIGNS = 9312; // ①

export class Marks extends Criterion {
  #marks = [];
  #none = false;

  constructor(element) {
    super(element);
    this.list = find("[data-marked]", element);
    this.none = find("[data-none]", element);
    this.sign = "";
  }

  get stored() {
    return super.stored && canonical(JSON.parse(super.stored));
  }

  get value() {
    return this.#marks.length || this.#none ? canonical(this.#marks) : "";
  }

  show(value) {
    this.#marks = JSON.parse(value || "[]");
    this.#none = value === "[]";
    this.none.setAttribute("aria-pressed", String(this.#none));
    this.#list();
    this.draw();
  }

  get inviting() {
    return super.inviting && this.required;
  }

  begin(reading) {
    this.reading = reading;
  }

  /** Puts the marks of this answer on the images, beside whatever else is drawn there. */
  async draw() {
    await customElements.whenDefined("rs-viewer");
    for (const viewer of viewers()) {
      const mine = this.#marks.filter(({ slot }) => slot === viewer.dataset.slot);
      const others = (viewer.marks ?? []).filter(({ label }) => label !== this.sign);
      const placed = mine.map(({ frame, points }) => ({ kind: this.kind, frame, points, label: this.sign }));
      if (placed.length || others.length !== (viewer.marks ?? []).length) viewer.marks = [...others, ...placed];
    }
  }

  /** The viewer's marks have changed: those without a sign become ours if `claims`. */
  follow(claims) {
    const found = viewers().flatMap((viewer) =>
      viewer.marks
        .filter((mark) => mark.label === this.sign || (claims && !mark.label && mark.kind === this.kind))
        .map(({ frame, points }) => ({ slot: viewer.dataset.slot, frame, points })),
    );
    if (claims) for (const viewer of viewers()) this.#signAll(viewer);
    if (canonical(found) === canonical(this.#marks)) return false;
    if (this.cannot) this.cannot.checked = false;
    this.#marks = found;
    this.#none = false;
    this.none.setAttribute("aria-pressed", "false");
    this.#list();
    return true;
  }

  #signAll(viewer) {
    const { marks } = viewer;
    const isNew = (mark) => !mark.label && mark.kind === this.kind;
    if (marks.some(isNew)) viewer.marks = marks.map((mark) => (isNew(mark) ? { ...mark, label: this.sign } : mark));
  }

  /* ---- keys and buttons */

  press(key, shifted) {
    if (shifted) return "";
    if (key === "d") return this.click(find("[data-draw]", this.element));
    if (key === "-") return this.click(this.none);
    return super.press(key, shifted);
  }

  click(target) {
    if (target.closest("[data-draw]")) {
      customElements.get("rs-viewer")?.current?.press(KEYS[this.kind]);
      return "used";
    }
    const removed = target.closest("[data-remove]");
    if (removed) return this.#remove(Number(removed.dataset.remove));
    if (!target.closest("[data-none]")) return "";
    const none = !this.#none;
    if (this.cannot) this.cannot.checked = false;
    this.show(none ? "[]" : "");
    return none ? "on" : "stay";
  }

  #remove(at) {
    const rest = this.#marks.toSpliced(at, 1);
    this.show(rest.length ? canonical(rest) : "");
    return "stay";
  }

  #list() {
    const items = this.#marks.map(({ slot, frame }, at) => {
      const image = viewers().find(({ dataset }) => dataset.slot === slot)?.dataset.label ?? slot;
      const item = make("li", {}, `${this.sign} ${word("on-image", { image, frame: frame + 1 })} `);
      const remove = make("button", { type: "button", class: "plain", "data-remove": String(at) }, "×");
      remove.setAttribute("aria-label", `${word("remove")} ${at + 1}`);
      item.append(remove);
      return item;
    });
    this.list.replaceChildren(...items);
  }
}

/** Gives every question about the image its sign, and shows what is answered. */
export function signAll(criteria) {
  const drawn = criteria.filter((criterion) => criterion instanceof Marks);
  for (const [place, criterion] of drawn.entries()) {
    criterion.sign = String.fromCharCode(SIGNS + place);
    criterion.show(criterion.known.value);
  }
}

/** Which question a mark belongs to that was drawn just now; null where it is the reader's own measure. */
export function claimant(criteria, active, kind) {
  if (active instanceof Marks && active.kind === kind) return active;
  const able = criteria.filter((criterion) => criterion instanceof Marks && criterion.kind === kind && criterion.asked);
  return able.length === 1 ? able[0] : null;
}

const viewers = () => all("rs-viewer");

/** As the server stores them, but for the way of writing numbers. */
function canonical(marks) {
  return JSON.stringify(marks.map(({ frame, points, slot }) => ({ frame, points, slot })));
}
