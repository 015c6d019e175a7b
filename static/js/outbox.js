/* <rs-outbox>: says whether everything is saved, and stands for the outbox behind it.

   Every answer waits in the outbox, kept in IndexedDB, until the server has acknowledged it. It
   survives a dead network, a killed server, an expired session, a closed tab and a reload. Answers
   to one question go out one after the other; a token makes sending twice harmless.

   <rs-outbox data-reading="key" data-sign-in-url="…" data-saved-at="14:02:11"></rs-outbox>

   customElements.get("rs-outbox").box offers
     put({reading, field, url, body, settle})  keeps one answer; `settle` waits that many ms for more typing
     pending(reading)                          the answers of one reading that are not acknowledged yet
     drained(reading)                          a promise; resolves with the refused ones when none waits
     drop(token)                               forgets a refused answer after the reader has seen why
     rest(reason)                              a promise; resolves when it is worth trying again
     newToken()                                a token for a request of one's own
   and tells the document by "rs-outbox:saved" {entry, savedAt} and "rs-outbox:refused" {entry}.

   The server answers 200 {"saved_at": "14:02:11"}, or 4xx {"error": "a sentence"}; anything else is
   tried again. A redirect, 401 or a bare 403 means that the reader has to sign in again. */

const AT_ONCE = 4;
const PATIENCE = 20_000;
const SHORTEST_REST = 500;
const LONGEST_REST = 30_000;
const QUIET = 300;
const MOST_KEPT_ALIVE = 8000; // browsers allow 64 kB for all requests that may outlive their page

/* ------------------------------------------------------------------ where entries are kept */

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** IndexedDB, else localStorage, else memory: {all, put, remove, lasting}. */
async function openStore() {
  try {
    const opening = indexedDB.open("readerstudy", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("outbox", { keyPath: "token" });
    const database = await asked(opening);
    const table = (mode) => database.transaction("outbox", mode).objectStore("outbox");
    return {
      lasting: true,
      all: () => asked(table("readonly").getAll()),
      put: (entry) => asked(table("readwrite").put(entry)),
      remove: (token) => asked(table("readwrite").delete(token)),
    };
  } catch {
    return simpleStore(); // a private window may refuse IndexedDB; the next best place serves
  }
}

const PREFIX = "readerstudy-outbox:";

function simpleStore() {
  const place = localPlace();
  return {
    lasting: place !== null,
    all: async () => (place ? keysOf(place).map((key) => JSON.parse(place.getItem(key))) : []),
    put: async (entry) => place?.setItem(PREFIX + entry.token, JSON.stringify(entry)),
    remove: async (token) => place?.removeItem(PREFIX + token),
  };
}

function localPlace() {
  try {
    localStorage.setItem(`${PREFIX}try`, "");
    localStorage.removeItem(`${PREFIX}try`);
    return localStorage;
  } catch {
    return null; // storage is switched off; the page then warns before it is closed
  }
}

function keysOf(place) {
  return Object.keys(place).filter((key) => key.startsWith(PREFIX));
}

/* ------------------------------------------------------------------ sending */

function newToken() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // plain http has no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** The token of the cookie is the fresh one after signing in again in another tab. */
function csrfToken() {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  return cookie ? cookie[1] : (document.querySelector('input[name="csrfmiddlewaretoken"]')?.value ?? "");
}

async function errorOf(response) {
  try {
    const { error } = await response.json();
    return typeof error === "string" ? error : "";
  } catch {
    return ""; // not JSON: a proxy's or a framework's own page, which has no sentence for the reader
  }
}

/** {kind: "saved" | "refused" | "sign-in" | "waiting", savedAt, error, missing} for one request. */
async function send(entry) {
  const body = new URLSearchParams({ ...entry.body, token: entry.token, csrfmiddlewaretoken: csrfToken() });
  const response = await fetch(entry.url, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
    redirect: "manual",
    keepalive: body.toString().length < MOST_KEPT_ALIVE,
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (response.ok) return { kind: "saved", savedAt: (await response.json()).saved_at };
  if (response.type === "opaqueredirect" || response.status === 401) return { kind: "sign-in" };
  if (response.status >= 500 || [408, 425, 429].includes(response.status)) return { kind: "waiting" };
  const error = await errorOf(response);
  const missing = [403, 404, 410].includes(response.status);
  if (error) return { kind: "refused", error, missing };
  return response.status === 403 ? { kind: "sign-in" } : { kind: "refused", error: word("missing"), missing };
}

/* ------------------------------------------------------------------ the outbox */

class Box extends EventTarget {
  #entries = new Map();
  #flying = new Set();
  #sleepers = [];
  #failures = 0;
  #resting = null;
  #timer = null;
  #last = 0;

  constructor() {
    super();
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

  /** Keeps an answer and sends it; typing that goes on replaces what was not sent yet. */
  async put({ reading, field, url, body, settle = 0 }) {
    const draft = this.#draftOf(reading, field);
    const entry = draft ?? { token: newToken(), order: this.#nextOrder(), reading, field, url, tries: 0 };
    Object.assign(entry, { body, due: Date.now() + settle, refused: "", held: false });
    const outdated = this.#of(reading, field).filter((old) => old.refused && old !== entry);
    this.#entries.set(entry.token, entry);
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

  async #settle(entry, { kind, savedAt, error, missing }) {
    if (kind === "waiting" || kind === "sign-in") {
      this.reason = kind;
      this.rest(kind);
      return;
    }
    if (kind === "saved") await this.#acknowledge(entry, savedAt);
    else if (missing && !isOnScreen(entry.reading)) entry.held = true; // another reader's, on a shared computer: kept
    else this.#refuse(entry, error);
    this.reached();
  }

  async #acknowledge(entry, savedAt) {
    await this.drop(entry.token);
    this.savedAt = savedAt ?? this.savedAt;
    tell("rs-outbox:saved", { entry, savedAt });
  }

  #refuse(entry, error) {
    entry.refused = error;
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

const WORDS = {
  saved: "saved {time}",
  saving: "saving…",
  waiting: "waiting for the network ({n})",
  "sign-in": "sign in again to save",
  refused: "not accepted ({n})",
  missing: "The server does not know this case any more. Reload the page; what you typed is kept until then.",
};

function word(name, values = {}) {
  const said = document.getElementById("reading-words")?.content.querySelector(`[data-word="${name}"]`);
  return (said ? said.textContent : WORDS[name]).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

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
    this.dataset.state = state;
    this.replaceChildren(...this.#parts(state, text));
  }

  #parts(state, text) {
    if (state !== "sign-in") return [state === "saved" ? `✓ ${text}` : text];
    const link = document.createElement("a");
    link.href = this.dataset.signInUrl;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = text;
    return [link];
  }
}

customElements.define("rs-outbox", RsOutbox);
