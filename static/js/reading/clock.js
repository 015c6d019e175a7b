/* How long a reading took as the browser saw it: times by its own clock, and the seconds in which somebody was there.

   Gaps of more than a minute without a key, a touch or the mouse do not count, nor does time while the page is hidden.
   What was counted survives a reload. */

const IDLE = 60_000;
const SIGNS = ["keydown", "pointerdown", "pointermove", "wheel", "scroll"];
const PREFIX = "readerstudy-clock:";

export class Clock {
  #last = performance.now();

  constructor(key) {
    this.name = PREFIX + key;
    const kept = JSON.parse(sessionStorage.getItem(this.name) ?? "null");
    this.told = kept ?? { active: 0, shown: now(), hidden: 0 };
    this.onSign = () => this.#tick();
    this.onHide = () => this.#visibility();
    for (const sign of SIGNS) document.addEventListener(sign, this.onSign, { capture: true, passive: true });
    document.addEventListener("visibilitychange", this.onHide);
    addEventListener("pagehide", this.onSign);
  }

  answered() {
    this.told.first ??= now();
    this.told.last = now();
  }

  /** What is sent with the submission. */
  get report() {
    this.#tick();
    return JSON.stringify({ ...this.told, active: Math.round(this.told.active / 100) / 10, submitted: now() });
  }

  stop() {
    for (const sign of SIGNS) document.removeEventListener(sign, this.onSign, { capture: true });
    document.removeEventListener("visibilitychange", this.onHide);
    removeEventListener("pagehide", this.onSign);
    this.#keep();
  }

  forget() {
    this.stop();
    sessionStorage.removeItem(this.name);
  }

  #tick() {
    const at = performance.now();
    if (!document.hidden && at - this.#last <= IDLE) this.told.active += at - this.#last;
    this.#last = at;
    this.#keep();
  }

  #visibility() {
    if (document.hidden) {
      const gap = performance.now() - this.#last;
      if (gap <= IDLE) this.told.active += gap;
      this.told.hidden += 1;
    }
    this.#last = performance.now();
    this.#keep();
  }

  #keep() {
    sessionStorage.setItem(this.name, JSON.stringify(this.told));
  }
}

const now = () => new Date().toISOString();
