/* Questions that are answered by choosing: one option, or several. */

import { Criterion } from "./criterion.js";
import { CANNOT } from "./words.js";

export class Choice extends Criterion {
  get value() {
    const chosen = this.inputs.find((input) => input.type === "radio" && input.checked);
    return chosen && chosen.value !== CANNOT ? chosen.value : "";
  }

  show(value) {
    const options = this.inputs.filter((input) => input.type === "radio" && input !== this.cannot);
    for (const input of options) input.checked = input.value === value;
  }
}

export class Several extends Criterion {
  get options() {
    return this.inputs.filter((input) => input.hasAttribute("data-option"));
  }

  get value() {
    return listed(this.options.filter((input) => input.checked).map((input) => input.value));
  }

  get stored() {
    const chosen = JSON.parse(super.stored || "[]");
    return listed(this.options.map((input) => input.value).filter((value) => chosen.includes(value)));
  }

  show(value) {
    const chosen = JSON.parse(value || "[]");
    for (const input of this.options) input.checked = chosen.includes(input.value);
  }

  get inviting() {
    return super.inviting && this.required;
  }

  take(input) {
    if (input === this.cannot) return super.take(input);
    input.checked = !input.checked;
    this.changedBy(input, "change");
    return "stay";
  }
}

function listed(values) {
  return values.length ? JSON.stringify(values) : "";
}
