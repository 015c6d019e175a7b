/* One question on the page: what is answered, what the server knows, and what is wrong with it.

   The element carries data-field, -output, -criterion, -part, -kind, -required, -value (the rating that stands), -basis
   (its token), -cannot, -reason, -asks-reason, -closing (values after which the rest of the case is left out) and -needs (see branching.js).
   An answer is {value, cannot, reason}; values of complex kinds are JSON as the server stores it.

   A kind adds its own class: `value` reads its controls, `show` writes them, `press` takes a key and answers
     "on"    an answer is given, go to the next question
     "stay"  an answer is given, there may be more
     "used"  the key did something, nothing is answered
     "typed" the key goes into the field that is focused now
     ""      the key means nothing here. */

import { all, CANNOT, find, word } from "./words.js";

export class Criterion {
  constructor(element) {
    this.element = element;
    this.field = element.dataset.field;
    this.kind = element.dataset.kind;
    this.required = element.dataset.required === "true";
    this.closing = JSON.parse(element.dataset.closing ?? "[]");
    this.inputs = all("input, textarea", element);
    this.typed = find("[data-typed]", element);
    this.why = find("[data-why]", element);
    this.cannot = this.inputs.find((input) => input.value === CANNOT && input !== this.typed) ?? null;
    this.basis = element.dataset.basis ?? "";
    this.known = { value: this.stored, cannot: element.dataset.cannot === "1", reason: element.dataset.reason ?? "" };
  }

  /** The rating that stands, as `value` would read it. */
  get stored() {
    return this.element.dataset.value ?? "";
  }

  /** What the controls say; a kind with controls of its own reads them itself. */
  get value() {
    return this.typed ? this.typed.value.trim() : "";
  }

  show(value) {
    if (this.typed) this.typed.value = value;
  }

  /** The question is marked; `reading` is the case it belongs to. */
  begin(_reading) {}

  end() {}

  /* ---- answers */

  read() {
    const cannot = Boolean(this.cannot?.checked);
    const value = cannot ? "" : this.value;
    return { value, cannot, reason: this.asksWhy({ value, cannot }) ? this.why.value.trim() : "" };
  }

  write({ value, cannot, reason = "" }) {
    if (this.cannot) this.cannot.checked = cannot;
    this.show(cannot ? "" : value);
    if (this.why) this.why.value = reason;
    this.#showWhy();
  }

  /** Whether an answer has to say why. */
  asksWhy({ value, cannot }) {
    if (!this.why) return false;
    return cannot ? this.element.hasAttribute("data-asks-reason") : this.closing.includes(value);
  }

  get waitsForWhy() {
    const now = this.read();
    return this.asksWhy(now) && now.reason === "";
  }

  #showWhy() {
    if (this.why) this.why.parentElement.toggleAttribute("data-waits", !this.asksWhy(this.read()));
  }

  get changed() {
    const now = this.read();
    return ["value", "cannot", "reason"].some((part) => now[part] !== this.known[part]);
  }

  /** The words of the question. */
  get question() {
    return (find(".question", this.element.closest("[data-group]") ?? this.element)?.textContent ?? "").trim();
  }

  get answered() {
    return this.known.cannot || this.known.value !== "";
  }

  /** Whether the answer leaves nothing out; an order or an edit may be begun and not finished. */
  get whole() {
    return this.answered;
  }

  get asked() {
    return !this.element.hidden;
  }

  get open() {
    if (!this.asked) return false;
    return this.required ? !this.whole : this.answered && !this.whole;
  }

  /** Whether one goes here without being made to: a choice that a key or two settle. */
  get inviting() {
    return this.asked && !this.answered;
  }

  /** Why the answer cannot be sent, as a sentence; empty when it can. */
  get problem() {
    this.#showWhy();
    return this.waitsForWhy ? word("say-why") : "";
  }

  /* ---- keys and fields */

  press(key, _shifted) {
    const option = this.optionFor(key);
    return option ? this.take(option) : "";
  }

  /** An input with a key of its own was pressed. */
  take(input) {
    input.checked = input.type === "checkbox" ? !input.checked : true;
    if (input === this.cannot) this.changedBy(input, "change");
    return input.checked ? "on" : "stay";
  }

  optionFor(key) {
    const wanted = key.toLowerCase();
    return this.inputs.find((input) => input.dataset.keycap && input.dataset.keycap.toLowerCase() === wanted);
  }

  /** A field changed by mouse, touch or typing: how long the answer may wait, "" for at once, "typing" or "choosing". */
  changedBy(target, type) {
    if (target !== this.cannot && target !== this.why && this.cannot?.type === "checkbox") this.cannot.checked = false;
    if (target === this.cannot && this.cannot.checked) this.show("");
    this.#showWhy();
    if (type === "change" && target.type !== "radio") return "";
    return [this.typed, this.why].includes(target) ? "typing" : "choosing";
  }

  /** Where the focus goes when this question is what is still missing. */
  focus() {
    if (this.waitsForWhy) this.why.focus();
    else this.typed?.focus();
  }

  /** A button of the control was pressed by mouse or touch: as for `press`. */
  click(_button) {
    return "";
  }

  /* ---- what the reader is told */

  /** A line below the controls: what was wrong with the answer, and what to do. */
  complain(sentence) {
    const line = find(".field-error", this.element);
    if (line.textContent !== sentence) line.textContent = sentence;
    line.hidden = sentence === "";
    for (const input of this.inputs) {
      if (sentence) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  /** Shows an answer that was given in another window or on another device, and takes it for the one that stands. */
  adopt(answer, basis) {
    this.write(answer);
    this.known = this.read();
    this.basis = basis;
    this.complain("");
  }

  /** The sign that this answer has reached the server; `title` says when. */
  tell(saved, title = "") {
    const sign = find(".told", this.element);
    sign.textContent = saved ? "✓" : "";
    sign.title = title;
  }
}
