/* What a reader did with an image, in a few numbers that go with each rating. */

const BURST = 500;

export class Record {
  #acts = {};
  #last = {};
  #frames = new Set();
  #milliseconds = 0;
  #since = null;

  /** Counts an act; what follows within half a second (a drag, a held key) is the same act. */
  note(kind) {
    const now = performance.now();
    if (now - (this.#last[kind] ?? -Infinity) > BURST) this.#acts[kind] = (this.#acts[kind] ?? 0) + 1;
    this.#last[kind] = now;
  }

  /** Counts an act that is one however fast it follows another, such as a mark. */
  noteEach(kind) {
    this.#acts[kind] = (this.#acts[kind] ?? 0) + 1;
  }

  /** The frame is on the screen in full range from now on. */
  look(frame) {
    this.#frames.add(frame);
    this.#since ??= performance.now();
  }

  /** The image is out of sight, or not in full range. */
  rest() {
    if (this.#since !== null) this.#milliseconds += performance.now() - this.#since;
    this.#since = null;
  }

  get told() {
    const running = this.#since === null ? 0 : performance.now() - this.#since;
    const seconds = Math.round((this.#milliseconds + running) / 100) / 10;
    return { acts: { ...this.#acts }, seen: this.#frames.size, seconds };
  }
}
