/* An image that is laid over the whole picture, such as a heat map; loaded when it is first asked for. */

import { word } from "./words.js";

export class Overlay {
  #viewer;
  #bitmap = null;

  constructor(viewer) {
    this.#viewer = viewer;
  }

  get url() {
    return this.#viewer.dataset.overlay ?? "";
  }

  get label() {
    return this.#viewer.dataset.overlayLabel || word("overlay");
  }

  /** What is to be painted; null while it is switched off or on its way. */
  get shown() {
    return this.#viewer.view.overlay ? this.#bitmap : null;
  }

  async toggle() {
    const { view } = this.#viewer;
    view.overlay = !view.overlay;
    view.record.note("overlay");
    await this.load();
    this.#viewer.draw();
    if (this.#bitmap) this.#viewer.say(word(view.overlay ? "overlay-shown" : "overlay-hidden", { label: this.label }));
  }

  /** Fetches the overlay if it is switched on; where that fails it is off again, and the reader hears why. */
  async load() {
    const { view } = this.#viewer;
    if (!view.overlay || this.#bitmap || !this.url) return;
    try {
      this.#bitmap = await this.#viewer.constructor.pictures.bitmap(this.url);
    } catch {
      view.overlay = false;
      this.#viewer.say(word("overlay-failed"));
    }
    this.#viewer.draw();
  }
}
