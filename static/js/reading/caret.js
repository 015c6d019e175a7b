/* Going through a text word by word with the arrow keys, and selecting with Shift. */

import { rangeOf, toPoints } from "./highlights.js";

export class Caret {
  #at = -1;
  #anchor = -1;

  constructor(element) {
    this.element = element;
    const text = element.textContent;
    this.words = [...text.matchAll(/\S+/gu)].map((match) => ({
      start: toPoints(text, match.index),
      end: toPoints(text, match.index + match[0].length),
    }));
  }

  /** Moves by words; with `extend` what lies between stays selected. */
  move(by, extend) {
    if (!this.words.length) return;
    const from = this.#at < 0 ? (by > 0 ? -1 : this.words.length) : this.#at;
    const next = Math.min(this.words.length - 1, Math.max(0, from + by));
    this.#anchor = extend && this.#at >= 0 ? this.#anchor : next;
    this.#at = next;
    rangeOf(this.element, this.words[next])?.startContainer.parentElement?.scrollIntoView({ block: "nearest" });
  }

  /** The selected passage; null before the first step. */
  get passage() {
    if (this.#at < 0) return null;
    const [first, last] = [this.#anchor, this.#at].sort((a, b) => a - b);
    return { start: this.words[first].start, end: this.words[last].end };
  }

  clear() {
    this.#at = this.#at < 0 ? -1 : Math.max(this.#anchor, this.#at);
    this.#anchor = this.#at;
  }

  forget() {
    this.#at = -1;
    this.#anchor = -1;
  }
}
