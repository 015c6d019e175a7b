/* The frames of a stack: going to one, playing, and taking linked stacks along. */

import { Cine } from "./cine.js";
import { clamp, number, word } from "./words.js";

export class Frames {
  #viewer;

  constructor(viewer) {
    this.#viewer = viewer;
    this.cine = new Cine(this);
  }

  get count() {
    return this.#viewer.meta.frames;
  }

  get at() {
    return this.#viewer.view.frame;
  }

  get milliseconds() {
    return this.#viewer.meta.frame_time_ms;
  }

  get #linked() {
    return this.#viewer.linked ? this.#viewer.peers : [];
  }

  /** The reader goes to a frame; this ends playing. */
  show(frame) {
    const next = clamp(frame, 0, this.count - 1);
    for (const each of [this.#viewer, ...this.#linked]) if (each.frames.cine.playing) each.frames.pause();
    if (next === this.at) return;
    this.#viewer.view.record.note("frame");
    this.#viewer.say(word("frames", { n: next + 1, total: this.count }));
    this.step(next);
  }

  /** Goes to a frame without a word, and takes linked stacks along in proportion. */
  step(frame) {
    this.#viewer.goTo(frame);
    for (const [peer, theirs] of this.#abreast(frame)) peer.goTo(theirs);
  }

  /** Linked stacks, each with its frame that belongs to this one. */
  #abreast(frame) {
    const share = frame / Math.max(1, this.count - 1);
    const stacks = this.#linked.filter((peer) => peer.meta.frames > 1);
    return stacks.map((peer) => [peer, Math.round(share * (peer.meta.frames - 1))]);
  }

  /** Resolves when a frame, with those of linked stacks, can be shown at once. */
  async prepare(frame) {
    const all = [[this.#viewer, frame], ...this.#abreast(frame)];
    await Promise.all(all.map(([viewer, number]) => viewer.pictureOf(number)));
  }

  /* ---- playing */

  play() {
    if (this.cine.playing) return this.pause();
    for (const peer of this.#linked) peer.frames.cine.stop();
    this.#viewer.view.record.note("play");
    this.cine.start();
    return this.#sayPlaying();
  }

  pause() {
    this.cine.stop();
    this.#viewer.say(word("paused", { n: this.at + 1, total: this.count }));
    this.#viewer.draw();
  }

  faster(by) {
    this.cine.faster(by);
    this.#sayPlaying();
  }

  setSpeed(speed) {
    this.cine.speed = speed;
    this.#sayPlaying();
  }

  #sayPlaying() {
    const said = this.cine.playing ? "playing" : "at-speed";
    this.#viewer.say(word(said, { speed: number(this.cine.speed, 2) }));
    this.#viewer.draw();
  }

  fail(error) {
    this.#viewer.fail(error);
  }
}
