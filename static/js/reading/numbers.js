/* Questions that are answered by a number, written or set with a slider. */

import { Criterion } from "./criterion.js";
import { find, word } from "./words.js";

const DIGIT = /^[\d.,-]$/;

export class Numeric extends Criterion {
  constructor(element) {
    super(element);
    this.slider = find("[data-slider]", element);
  }

  get value() {
    return this.typed.value.trim().replace(",", ".");
  }

  show(value) {
    super.show(value);
    if (!this.slider) return;
    if (value !== "") this.slider.value = value;
    this.slider.toggleAttribute("data-unset", value === "");
  }

  get problem() {
    const reason = super.problem;
    const text = this.value;
    if (reason || text === "" || this.cannot?.checked) return reason;
    const { minimum, maximum } = this.element.dataset;
    const number = Number(text);
    if (Number.isNaN(number)) return word("no-number");
    if (this.kind === "integer" && !Number.isInteger(number)) return word("no-whole-number");
    if (minimum && number < Number(minimum)) return word("too-small", { minimum: Number(minimum) });
    return maximum && number > Number(maximum) ? word("too-large", { maximum: Number(maximum) }) : "";
  }

  get inviting() {
    return super.inviting && this.required;
  }

  press(key, shifted) {
    const outcome = super.press(key, shifted);
    if (outcome || shifted || !DIGIT.test(key)) return outcome;
    this.typed.focus();
    this.typed.select(); // what is typed next replaces what stands in the field
    return "typed";
  }

  changedBy(target, type) {
    if (target === this.slider) this.typed.value = this.slider.value;
    const pace = super.changedBy(target, type);
    if (target !== this.cannot && target !== this.why) this.show(this.typed.value);
    return pace;
  }
}

export class Words extends Criterion {
  get inviting() {
    return super.inviting && this.required;
  }
}
