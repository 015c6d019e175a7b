/* Editing the output's text: the changes are tracked below it, and the reader says whether they matter. */

import { Criterion } from "./criterion.js";
import { differences } from "./diff.js";
import { all, find, make, word } from "./words.js";

const TAGS = { same: "span", out: "del", in: "ins" };

export class Edit extends Criterion {
  #asItIs = false;

  constructor(element) {
    super(element);
    this.matters = all("[data-matters]", element);
    this.source = (this.typed.dataset.source ?? "").replace(/\r\n/g, "\n").trim();
    this.#asItIs = this.known.value !== "" && JSON.parse(this.known.value).text === this.source;
    this.#track();
  }

  get text() {
    return this.typed.value.replace(/\r\n/g, "\n").trim();
  }

  get value() {
    const chosen = this.matters.find((input) => input.checked);
    const { text } = this;
    if (text === this.source) return this.#asItIs ? JSON.stringify({ significant: false, text }) : "";
    return text && JSON.stringify({ significant: chosen ? chosen.value === "1" : null, text });
  }

  show(value) {
    const { text, significant } = value ? JSON.parse(value) : { text: this.source, significant: null };
    if (this.text !== text) this.typed.value = text;
    this.#asItIs = value !== "" && text === this.source;
    for (const input of this.matters) input.checked = significant === (input.value === "1");
    this.#track();
  }

  get whole() {
    return this.known.cannot || (this.known.value !== "" && JSON.parse(this.known.value).significant !== null);
  }

  get inviting() {
    return super.inviting && this.required;
  }

  press(key, shifted) {
    if (key === "-" && !shifted) return this.click(find("[data-as-it-is]", this.element));
    if (key !== "e" || shifted) return super.press(key, shifted);
    this.typed.focus();
    return "used";
  }

  take(input) {
    const outcome = super.take(input);
    return this.text === this.source && input !== this.cannot ? "used" : outcome;
  }

  click(target) {
    if (!target.closest("[data-as-it-is]")) return "";
    if (this.cannot) this.cannot.checked = false;
    this.show(JSON.stringify({ significant: false, text: this.source }));
    return "on";
  }

  changedBy(target, type) {
    const pace = super.changedBy(target, type);
    if (target === this.typed) this.#asItIs = false;
    this.#track();
    return pace;
  }

  #track() {
    const { text } = this;
    const line = find("[data-diff]", this.element);
    line.hidden = text === this.source;
    if (line.hidden) return;
    line.replaceChildren(...differences(this.source, text).map(({ kind, text: words }) => make(TAGS[kind], {}, words)));
  }

  /** What is missing of a changed text is not more text. */
  focus() {
    if (this.text === this.source) this.typed.focus();
    else this.element.focus();
  }

  get missing() {
    return this.answered && !this.whole ? word("matters") : "";
  }
}
