/* Plays a stack. Nothing here ever starts by itself, so that nobody who is disturbed by motion meets it unasked. */

const USUAL_FRAME = 100;

export const SPEEDS = [0.25, 0.5, 1, 2, 4];

export class Cine {
  #frames;
  #turn = 0; // a number for each start; a loop whose number is old ends

  constructor(frames) {
    this.#frames = frames;
    this.playing = false;
    this.speed = 1;
  }

  /** Milliseconds from frame to frame at the present speed. */
  get interval() {
    return (this.#frames.milliseconds || USUAL_FRAME) / this.speed;
  }

  start() {
    this.playing = true;
    this.#turn += 1;
    this.#run(this.#turn).catch((error) => {
      this.stop();
      this.#frames.fail(error);
    });
  }

  stop() {
    this.playing = false;
    this.#turn += 1;
  }

  faster(by) {
    const at = SPEEDS.indexOf(this.speed) + by;
    this.speed = SPEEDS[Math.min(Math.max(at, 0), SPEEDS.length - 1)];
  }

  /** Shows frame after frame, each when it is due and has arrived, whichever is later. */
  async #run(turn) {
    while (this.#turn === turn) {
      const next = (this.#frames.at + 1) % this.#frames.count;
      const due = new Promise((resolve) => setTimeout(resolve, this.interval));
      await Promise.all([due, this.#frames.prepare(next)]);
      if (this.#turn === turn && !document.hidden) this.#frames.step(next);
    }
  }
}
