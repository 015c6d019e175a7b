/* Questions that are answered by choosing: one option, or several. */

import { Criterion } from "./criterion.js";
import { CANNOT } from "./words.js";

export class Choice extends Criterion {
  get value() {
    const chosen = this.inputs.find((input) => input.type === "radio" && input.checked);
    return chosen && chosen.value !== CANNOT ? chosen.value : "";
  }

  show(value) {
    for (const input of this.inputs) if (input.type === "radio") input.checked = input.value === value;
  }

  write(answer) {
    super.write(answer);
    if (answer.cannot) this.cannot.checked = true;
  }
}

export class Several extends Criterion {
  get options() {
    return this.inputs.filter((input) => input.hasAttribute("data-option"));
  }

  get value() {
    return this.#listed(this.options.filter((input) => input.checked).map((input) => input.value));
  }

  get stored() {
    const chosen = JSON.parse(super.stored || "[]");
    return this.#listed(this.options.map((input) => input.value).filter((value) => chosen.includes(value)));
  }

  #listed(values) {
    return values.length ? JSON.stringify(values) : "";
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
