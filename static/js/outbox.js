/* <rs-outbox>: says whether everything is saved, and stands for the outbox behind it.

   Every answer waits in the outbox, kept in IndexedDB, until the server has acknowledged it. It
   survives a dead network, a killed server, an expired session, a closed tab and a reload. Answers
   to one question go out one after the other; a token makes sending twice harmless.

   <rs-outbox data-reading="key" data-saved-at="14:02:11"></rs-outbox>

   customElements.get("rs-outbox").box offers
     put({reading, field, url, body, basis, settle})  keeps one answer; `basis` is the token of the one that stood
                                               before, `settle` waits that many ms for more typing
     pending(reading)                          the answers of one reading that are not acknowledged yet
     drained(reading)                          a promise; resolves with the refused ones when none waits
     drop(token)                               forgets a refused answer after the reader has seen why
     rest(reason)                              a promise; resolves when it is worth trying again
     newToken()                                a token for a request of one's own
   and tells the document by "rs-outbox:saved" {entry, savedAt, elsewhere}, "rs-outbox:refused" {entry},
   "rs-outbox:other-tab" {entry, savedAt} for an answer that another tab of this browser has saved, and
   "rs-outbox:sign-in" {asked} when the session has ended, or its button was pressed.

   The server answers 200 {"saved_at": "14:02:11"}, or 4xx {"error": "a sentence"}; anything else is
   tried again. A redirect, 401 or a bare 403 means that the reader has to sign in again. Where another window or
   device has answered the same question, 200 also holds "elsewhere": {token, answer, given_at, stands}. */

import { newToken, send } from "./outbox/send.js";
import { openStore } from "./outbox/store.js";
import { word } from "./outbox/words.js";

const AT_ONCE = 4;
const SHORTEST_REST = 500;
const LONGEST_REST = 30_000;
const QUIET = 300;
const LEFT_BEHIND = 30_000; // an entry of another tab that is older than this has nobody who sends it

/* ------------------------------------------------------------------ the outbox */

class Box extends EventTarget {
  #entries = new Map();
  #flying = new Set();
  #sleepers = [];
  #failures = 0;
  #resting = null;
  #timer = null;
  #last = 0;
  #others = new BroadcastChannel("readerstudy-outbox");

  constructor() {
    super();
    this.#others.addEventListener("message", ({ data }) => this.#settledElsewhere(data));
    this.savedAt = "";
    this.ready = this.#open();
    addEventListener("online", () => this.wake());
    addEventListener("focus", () => this.wake());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.wake();
      else this.#hurry();
    });
    addEventListener("pagehide", () => this.#hurry());
    addEventListener("beforeunload", (event) => {
      if (this.#entries.size > 0 && !this.store?.lasting) event.preventDefault();
    });
  }

  async #open() {
    this.store = await openStore();
    const kept = await this.store.all();
    kept.sort((a, b) => a.order - b.order);
    for (const entry of kept) this.#entries.set(entry.token, { ...entry, due: 0, refused: "", held: false });
    this.#last = kept.at(-1)?.order ?? 0;
    this.#pump();
  }

  newToken() {
    return newToken();
  }

  /** Keeps an answer and sends it; typing that goes on replaces what was not sent yet.

      What is typed on gets a token of its own: another tab may have sent the beginning under the first one. */
  async put({ reading, field, url, body, basis = "", settle = 0 }) {
    const draft = this.#draftOf(reading, field);
    const before = this.#of(reading, field).filter((old) => !old.refused && old !== draft);
    const times = { made: Date.now(), due: Date.now() + settle };
    const state = { tries: 0, refused: "", held: false, basis: draft?.basis ?? before.at(-1)?.token ?? basis };
    const entry = { token: newToken(), order: this.#nextOrder(), reading, field, url, body, ...times, ...state };
    const outdated = this.#of(reading, field).filter((old) => old.refused || old === draft);
    this.#entries.set(entry.token, entry);
    for (const old of outdated) this.#entries.delete(old.token);
    this.#show();
    await this.ready;
    await this.store.put(entry).catch(reportError); // sending still goes on when the disk is full
    for (const old of outdated) await this.drop(old.token);
    this.#pump();
  }

  pending(reading) {
    return [...this.#entries.values()].filter((entry) => entry.reading === reading);
  }

  /** Resolves when nothing of this reading waits any more, with the answers that were refused. */
  async drained(reading) {
    await this.ready;
    this.#hurry();
    while (this.pending(reading).some((entry) => !entry.refused)) {
      await new Promise((resolve) => this.addEventListener("change", resolve, { once: true }));
    }
    return this.pending(reading);
  }

  async drop(token) {
    this.#entries.delete(token);
    await this.ready;
    await this.store.remove(token);
    this.#show();
  }

  /** Rests for a while, longer each time, or until the network or the reader comes back. */
  rest(reason) {
    this.#failures += this.#resting ? 0 : 1;
    this.#resting = reason;
    const pause = Math.min(LONGEST_REST, SHORTEST_REST * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), pause);
    this.#show();
    return new Promise((resolve) => this.#sleepers.push(resolve));
  }

  wake() {
    clearTimeout(this.#timer);
    this.#resting = null;
    for (const resolve of this.#sleepers.splice(0)) resolve();
    this.#pump();
    this.#adopt().catch(reportError);
  }

  /** What a tab that was closed has left behind. */
  async #adopt() {
    await this.ready;
    const old = (Date.now() - LEFT_BEHIND) * 1000;
    const left = (await this.store.all()).filter(({ token, order }) => order < old && !this.#entries.has(token));
    for (const entry of left) this.#entries.set(entry.token, { ...entry, due: 0, refused: "", held: false });
    if (left.length) this.#pump();
  }

  /** Another tab of this browser had this answer acknowledged. */
  async #settledElsewhere({ entry, savedAt }) {
    if (this.#entries.has(entry.token)) await this.drop(entry.token);
    tell("rs-outbox:other-tab", { entry, savedAt });
  }

  /** A request outside the outbox went through, so the way is open. */
  reached(savedAt = "") {
    this.#failures = 0;
    this.reason = null;
    if (savedAt) this.savedAt = savedAt;
    this.#show();
  }

  get waiting() {
    return [...this.#entries.values()].filter((entry) => !entry.refused && !entry.held);
  }

  get refusals() {
    return [...this.#entries.values()].filter((entry) => entry.refused);
  }

  #of(reading, field) {
    return [...this.#entries.values()].filter((entry) => entry.reading === reading && entry.field === field);
  }

  #draftOf(reading, field) {
    return this.#of(reading, field).find((entry) => entry.tries === 0 && entry.due > Date.now());
  }

  #nextOrder() {
    this.#last = Math.max(this.#last + 1, Date.now() * 1000);
    return this.#last;
  }

  /** The oldest answer of each question that may go out. */
  #heads() {
    const heads = new Map();
    for (const entry of this.waiting) {
      const key = `${entry.reading} ${entry.field}`;
      if (!heads.has(key)) heads.set(key, entry);
    }
    return [...heads.values()].filter((entry) => !this.#flying.has(entry.token));
  }

  #pump() {
    if (this.#resting || !this.store) return;
    const now = Date.now();
    for (const entry of this.#heads()) {
      if (this.#flying.size >= AT_ONCE) return;
      if (entry.due <= now) this.#fly(entry);
      else setTimeout(() => this.#pump(), entry.due - now);
    }
  }

  #hurry() {
    for (const entry of this.#entries.values()) entry.due = 0;
    this.#pump();
  }

  async #fly(entry) {
    this.#flying.add(entry.token);
    entry.tries += 1;
    let outcome;
    try {
      outcome = await send(entry);
    } catch {
      outcome = { kind: "waiting" }; // no answer came; the token makes it safe to send again
    }
    this.#flying.delete(entry.token);
    await this.#settle(entry, outcome);
    this.#pump();
  }

  async #settle(entry, { kind, savedAt, elsewhere, error, missing }) {
    if (kind === "waiting" || kind === "sign-in") {
      this.reason = kind;
      this.rest(kind);
      return;
    }
    if (kind === "saved") await this.#acknowledge(entry, savedAt, elsewhere);
    else if (missing && !isOnScreen(entry.reading)) entry.held = true; // another reader's, on a shared computer: kept
    else this.#refuse(entry, error);
    this.reached();
  }

  async #acknowledge(entry, savedAt, elsewhere) {
    await this.drop(entry.token);
    this.savedAt = savedAt ?? this.savedAt;
    if (!elsewhere?.stands) this.#others.postMessage({ entry, savedAt });
    tell("rs-outbox:saved", { entry, savedAt, elsewhere });
  }

  /** What came after a refused answer came after the one before it. */
  #refuse(entry, error) {
    entry.refused = error;
    for (const later of this.#of(entry.reading, entry.field)) {
      if (later.basis === entry.token) later.basis = entry.basis;
    }
    tell("rs-outbox:refused", { entry });
  }

  #show() {
    this.dispatchEvent(new Event("change"));
  }
}

function isOnScreen(reading) {
  return document.querySelector("rs-outbox")?.dataset.reading === reading;
}

function tell(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

/* ------------------------------------------------------------------ what the reader sees of it */

class RsOutbox extends HTMLElement {
  static box = new Box();

  connectedCallback() {
    const { box } = RsOutbox;
    box.savedAt = this.dataset.savedAt || box.savedAt;
    this.follow = () => this.#change();
    box.addEventListener("change", this.follow);
    this.#change();
  }

  disconnectedCallback() {
    RsOutbox.box.removeEventListener("change", this.follow);
    clearTimeout(this.later);
  }

  get #state() {
    const { box } = RsOutbox;
    if (box.refusals.length) return "refused";
    if (box.reason) return box.reason;
    if (box.waiting.length) return "saving";
    return box.savedAt ? "saved" : "";
  }

  /** "saving…" appears only when saving takes long enough to be noticed. */
  #change() {
    clearTimeout(this.later);
    if (this.#state === "saving") this.later = setTimeout(() => this.#show(), QUIET);
    else this.#show();
  }

  #show() {
    const { box } = RsOutbox;
    const state = this.#state;
    const n = state === "refused" ? box.refusals.length : Math.max(box.waiting.length, 1);
    const text = state && word(state, { time: box.savedAt, n });
    if (this.told === text) return;
    const serious = !["saved", "saving", ""].includes(state);
    if (serious || !["saved", "saving", "", undefined].includes(this.dataset.state)) tell("rs-outbox:say", { text });
    this.told = text;
    if (state === "sign-in" && this.dataset.state !== state) tell("rs-outbox:sign-in", { asked: false });
    this.dataset.state = state;
    this.replaceChildren(...this.#parts(state, text));
  }

  #parts(state, text) {
    if (state !== "sign-in") return [state === "saved" ? `✓ ${text}` : text];
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = text;
    button.addEventListener("click", () => tell("rs-outbox:sign-in", { asked: true }));
    return [button];
  }
}

customElements.define("rs-outbox", RsOutbox);
