/* What stands around the picture: its label and state above, the row of tools below, and the words that are spoken. */

import { SPEEDS } from "./cine.js";
import { COMMANDS } from "./commands.js";
import { number, word, make } from "./words.js";

export class Chrome {
  #viewer;
  #told = "";

  constructor(viewer) {
    this.#viewer = viewer;
    this.tools = {};
    this.said = make("span", { class: "unseen", role: "status" });
    this.readout = make("span", { class: "readout", dir: "ltr" });
    this.probe = make("span", { class: "probe", dir: "ltr", hidden: "" });
    this.state = make("span", { class: "state" });
    const name = make("span", { class: "name", "aria-hidden": "true" }, viewer.dataset.label ?? "");
    this.head = make("div", { class: "head" }, name, this.state);
    this.foot = make("div", { class: "chrome" }, this.#row(), this.readout);
    this.foot.addEventListener("mousedown", (event) => {
      if (event.target.closest("button")) event.preventDefault(); // a click takes no focus from the questions
    });
  }

  get height() {
    return this.foot.offsetHeight;
  }

  #row() {
    const buttons = COMMANDS.filter((command) => command.button).map((command) => this.#button(command));
    this.presets = make("select", { "aria-label": word("presets") });
    this.presets.addEventListener("change", () => this.#viewer.choosePreset(this.presets.value));
    const row = make("div", { class: "tools", role: "group", "aria-label": word("tools") });
    row.append(...buttons, this.presets, this.#frames());
    return row;
  }

  #button({ name, keys, cap }) {
    const label = name === "overlay" ? this.#viewer.overlay.label : word(name);
    const shown = make("span", {}, label);
    const letter = cap ?? keys[0].toUpperCase();
    const key = make("kbd", { "aria-hidden": "true" }, letter);
    const button = make("button", { type: "button", class: "tool" }, shown, " ", key);
    button.setAttribute("aria-keyshortcuts", keys[0].length === 1 ? keys[0].toUpperCase() : keys[0]);
    button.addEventListener("click", () => this.#viewer.keyboard.act(name));
    button.hidden = true;
    this.tools[name] = button;
    return button;
  }

  #frames() {
    this.slider = make("input", { type: "range", min: "0", "aria-label": word("frame") });
    this.slider.addEventListener("input", () => this.#viewer.showFrame(Number(this.slider.value)));
    this.counter = make("span", { dir: "ltr" });
    this.speed = make("select", { "aria-label": word("speed") });
    this.speed.append(...SPEEDS.map((speed) => make("option", { value: speed }, `${number(speed, 2)}×`)));
    this.speed.addEventListener("change", () => this.#viewer.frames.setSpeed(Number(this.speed.value)));
    this.frames = make("span", { class: "frames" }, this.speed, this.slider, this.counter);
    return this.frames;
  }

  /** Shows the tools that this image can use; called when its facts are known. */
  arrange() {
    const { meta } = this.#viewer;
    for (const { name, needs } of COMMANDS) {
      if (this.tools[name]) this.tools[name].hidden = !this.#viewer.can(needs);
    }
    this.frames.hidden = meta.frames < 2;
    this.slider.max = String(meta.frames - 1);
  }

  fillPresets(windows, chosen, grey) {
    const options = [["", word("own")], ["default", word("default")]];
    windows.forEach(({ name, center, width }, index) => {
      options.push([String(index), name || `C ${center} W ${width}`]);
    });
    options.push(["whole", word("whole")]);
    this.presets.replaceChildren(...options.map(([value, name]) => make("option", { value }, name)));
    this.presets.firstChild.hidden = true;
    this.presets.value = chosen;
    this.presets.hidden = !grey;
  }

  say(text) {
    this.said.textContent = text;
  }

  /** The pixel under the pointer, {column, row, value}; null hides the line. */
  tellValue(pixel) {
    this.probe.hidden = pixel === null;
    if (pixel) this.probe.textContent = `${pixel.column}, ${pixel.row} · ${number(pixel.value, 2)}`;
  }

  /** Brings buttons and numbers in line with the view. */
  tell() {
    const { view, meta, size, pen, frames } = this.#viewer;
    this.#press("invert", view.inverted);
    this.#press("flip", view.flip);
    this.#press("rotate", view.turn !== 0);
    this.#press("link", this.#viewer.linked);
    this.#press("overlay", view.overlay);
    this.#press("window", this.#viewer.windowing);
    for (const kind of pen.kinds) this.#press(kind, pen.tool === kind);
    this.#tellPlay(frames.cine);
    this.counter.textContent = `${view.frame + 1} / ${meta.frames}`;
    this.slider.value = String(view.frame);
    const { center, width } = view.window;
    const times = (view.zoom * size.ratio).toFixed(2);
    this.readout.textContent = `C ${Math.round(center)} W ${Math.round(width)} · ${times}×`;
    this.#tellState();
  }

  #press(name, on) {
    this.tools[name].setAttribute("aria-pressed", String(Boolean(on)));
  }

  #tellPlay({ playing, speed }) {
    const said = word(playing ? "pause" : "play");
    const shown = this.tools.play.firstChild;
    if (shown.textContent !== said) shown.textContent = said;
    this.speed.value = String(speed);
  }

  #tellState() {
    const state = this.#viewer.problem ? word("failed") : word(this.#viewer.stateWord);
    if (this.#told === state) return;
    this.#told = state;
    this.state.replaceChildren(state, ...(this.#viewer.problem ? [" ", this.#retryButton()] : []));
  }

  #retryButton() {
    const button = make("button", { type: "button", class: "retry" }, word("again"));
    button.addEventListener("click", () => this.#viewer.retry());
    return button;
  }
}
