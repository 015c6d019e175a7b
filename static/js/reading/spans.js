/* Marking passages of the output's text: selected with the mouse, a finger or the arrow keys, then given a label. */

import { Caret } from "./caret.js";
import { Criterion } from "./criterion.js";
import { paint, passageOf, rangeOf, wordsOf } from "./highlights.js";
import { all, find, make, word } from "./words.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };
const TINTS = 6;
const SHOWN = 60;

export class Spans extends Criterion {
  #spans = [];
  #none = false;
  #selected = null;

  constructor(element) {
    super(element);
    this.labels = all("[data-label]", element);
    this.list = find("[data-marked]", element);
    this.none = find("[data-none]", element);
    this.show(this.known.value);
  }

  get stored() {
    return super.stored && canonical(JSON.parse(super.stored));
  }

  get value() {
    return this.#spans.length || this.#none ? canonical(this.#spans) : "";
  }

  show(value) {
    this.#spans = JSON.parse(value || "[]");
    this.#none = value === "[]";
    this.none.setAttribute("aria-pressed", String(this.#none));
    this.#list();
    this.#paint();
  }

  get inviting() {
    return super.inviting && this.required;
  }

  /** The text of this output on the page. */
  get text() {
    const { output } = this.element.dataset;
    return find(`.rd-output[data-output="${output}"] .shown`);
  }

  /** 1 where the text runs to the right, -1 where it runs to the left. */
  get #onwards() {
    return getComputedStyle(this.text).direction === "rtl" ? -1 : 1;
  }

  get passage() {
    return this.#selected ?? this.caret?.passage ?? null;
  }

  begin(reading) {
    this.reading = reading;
    if (!this.text) return;
    this.caret ??= new Caret(this.text);
    this.onSelect = () => this.#select();
    this.onLift = () => this.#lift();
    document.addEventListener("selectionchange", this.onSelect);
    document.addEventListener("pointerup", this.onLift);
    this.#paint();
  }

  end() {
    document.removeEventListener("selectionchange", this.onSelect);
    document.removeEventListener("pointerup", this.onLift);
    this.caret?.forget();
    this.#selected = null;
    paint("rs-select", []);
  }

  #select() {
    const selection = document.getSelection();
    const range = selection.rangeCount ? selection.getRangeAt(0) : null;
    if (!range || !this.text.contains(range.commonAncestorContainer)) return;
    this.#selected = range.collapsed ? null : passageOf(this.text, range);
    this.caret.forget();
    paint("rs-select", []);
  }

  /** With one label there is nothing to choose: letting go of the mouse is the answer. */
  #lift() {
    if (this.labels.length === 1 && this.#selected) this.reading.answer(this, this.#label(this.labels[0]));
  }

  /* ---- keys and buttons */

  press(key, shifted) {
    if (key in STEPS) return this.#step(this.#onwards * STEPS[key], shifted);
    if (shifted) return "";
    if (key === "Delete") return this.#remove(this.#spans.length - 1);
    if (key === "-") return this.click(this.none);
    const label = this.labels.find((each) => each.dataset.keycap === key);
    return label ? this.#label(label) : super.press(key, shifted);
  }

  #step(by, extend) {
    if (!this.caret) return "";
    const rtl = getComputedStyle(this.text).direction === "rtl";
    this.#selected = null;
    document.getSelection().removeAllRanges();
    this.caret.move(rtl ? -by : by, extend);
    paint("rs-select", [rangeOf(this.text, this.caret.passage)]);
    this.reading.speak(word("selected", { text: wordsOf(this.text, this.caret.passage) }));
    return "used";
  }

  click(target) {
    const label = target.closest("[data-label]");
    if (label) return this.#label(label);
    const removed = target.closest("[data-remove]");
    if (removed) return this.#remove(Number(removed.dataset.remove));
    if (!target.closest("[data-none]")) return "";
    const none = !this.#none;
    this.#judged();
    this.show(none ? "[]" : "");
    return none ? "on" : "stay";
  }

  #label(button) {
    if (!document.getSelection().isCollapsed) this.#select(); // the browser tells of a selection a moment later
    const { passage } = this;
    if (!passage) {
      this.reading.say(word("select-first"));
      return "used";
    }
    const span = { ...passage, label: button.dataset.label };
    const others = this.#spans.filter(({ start, end }) => start !== span.start || end !== span.end);
    this.#judged();
    this.#selected = null;
    this.caret.clear();
    document.getSelection().removeAllRanges();
    this.show(canonical([...others, span]));
    return "stay";
  }

  #remove(at) {
    if (!this.#spans[at]) return "";
    const rest = this.#spans.toSpliced(at, 1);
    this.show(rest.length ? canonical(rest) : "");
    return "stay";
  }

  #judged() {
    if (this.cannot) this.cannot.checked = false;
  }

  /* ---- what is seen */

  #list() {
    const items = this.#spans.map((span, at) => {
      const label = this.labels.find((each) => each.dataset.label === span.label);
      const said = this.text ? wordsOf(this.text, span) : `${span.start}–${span.end}`;
      const quote = said.length > SHOWN ? `${said.slice(0, SHOWN)}…` : said;
      const item = make("li", { "data-tint": label?.dataset.tint ?? "1" });
      const remove = make("button", { type: "button", class: "plain", "data-remove": String(at) }, "×");
      remove.setAttribute("aria-label", `${word("remove")}: ${quote}`);
      item.append(make("q", { dir: "auto" }, quote), ` ${find(".label", label)?.textContent ?? span.label} `, remove);
      return item;
    });
    this.list.replaceChildren(...items);
  }

  /** All passages of a text are painted together, whichever question they belong to. */
  #paint() {
    const { text } = this;
    if (!text) return;
    paint("rs-select", this.passage ? [rangeOf(text, this.passage)] : []);
    for (let tint = 1; tint <= TINTS; tint += 1) {
      const mine = this.labels.filter(({ dataset }) => (Number(dataset.tint) - 1) % TINTS === tint - 1);
      const names = mine.map((label) => label.dataset.label);
      const spans = this.#spans.filter(({ label }) => names.includes(label));
      paint(`rs-span-${this.element.dataset.output.toLowerCase()}-${tint}`, spans.map((span) => rangeOf(text, span)));
    }
  }
}

/** As the server stores them: in the order of the text, keys sorted. */
function canonical(spans) {
  const sorted = spans.toSorted((a, b) => a.start - b.start || a.end - b.end);
  return JSON.stringify(sorted.map(({ end, label, start }) => ({ end, label, start })));
}
