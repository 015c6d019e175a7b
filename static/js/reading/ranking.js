/* Putting options in order: the first press is the first place. Pressing one again takes it and all after it back. */

import { Criterion } from "./criterion.js";
import { all, find, word } from "./words.js";

export class Ranking extends Criterion {
  #order = [];

  constructor(element) {
    super(element);
    this.buttons = all("[data-rank]", element);
    this.show(this.known.value);
  }

  get value() {
    return this.#order.length ? JSON.stringify(this.#order) : "";
  }

  show(value) {
    this.#order = JSON.parse(value || "[]");
    for (const button of this.buttons) {
      const place = this.#order.indexOf(button.dataset.rank) + 1;
      find(".place", button).textContent = place || "";
      find("[data-place]", button).textContent = place ? word("place", { n: place }) : "";
      button.toggleAttribute("data-placed", place > 0);
    }
  }

  get whole() {
    const ranked = JSON.parse(this.known.value || "[]").length;
    return this.known.cannot || (ranked > 0 && ranked === this.buttons.length);
  }

  press(key, shifted) {
    const outcome = super.press(key, shifted);
    const button = this.buttons.find((each) => each.dataset.keycap === key.toLowerCase());
    return button && !shifted ? this.click(button) : outcome;
  }

  click(target) {
    const button = target.closest("[data-rank]");
    if (!button) return "";
    const value = button.dataset.rank;
    const at = this.#order.indexOf(value);
    const order = at < 0 ? [...this.#order, value] : this.#order.slice(0, at);
    const left = this.buttons.map((each) => each.dataset.rank).filter((each) => !order.includes(each));
    if (at < 0 && left.length === 1) order.push(...left); // there is only one place left for it
    if (this.cannot) this.cannot.checked = false;
    this.show(JSON.stringify(order));
    return order.length === this.buttons.length ? "on" : "stay";
  }
}
