/* Uploads of many and of large files: dropped folders, chosen files, zips. Three at a time; what the study has already
   is not sent at all, and what a lost connection or a reload interrupts goes on where it was.

   <form data-upload-url="…" data-transfers-url="…" data-known-url="…" method="post" enctype="multipart/form-data">
     <div class="drop"> <input type="file" name="file" multiple> … </div>
   </form>

   Inputs of the form, also one with `webkitdirectory`, and anything dropped on .drop are hashed in a worker, compared
   with the server, and sent: small ones as multipart fields `file` and `path` to data-upload-url, large ones by tus to
   data-transfers-url. A report is put after the form, and "rs-uploads:finished" {total, refused} bubbles from the form.
   Elements with data-needs-script are shown. Without this script the form posts as it is. */

import { droppedFiles } from "./uploads/dropped.js";
import { Hasher } from "./uploads/hash.js";
import { Lines } from "./uploads/lines.js";
import { askKnown, forgetOld, giveUp, isLarge, send } from "./uploads/send.js";
import { make, time, told, word } from "./uploads/words.js";

const AT_ONCE = 3;
const RESTS = [2, 4, 8, 15, 30, 60, 60, 60];
const MOST_HASHES = 500;
const ENOUGH_HASHES = 100;
const ENOUGH_READY = 12;
const REPAINT = 200;
const QUIET = 2000; // a screen reader is told no more often than that
const WINDOW = 20_000;
const SETTLED = ["done", "known", "refused", "cancelled"];

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** How fast bytes have gone lately. */
class Pace {
  #points = [];

  at(bytes) {
    const now = performance.now();
    this.#points.push([now, bytes]);
    while (this.#points.length > 2 && this.#points[0][0] < now - WINDOW) this.#points.shift();
  }

  get perSecond() {
    const [[from, before], [until, after]] = [this.#points[0] ?? [0, 0], this.#points.at(-1) ?? [0, 0]];
    return until - from > 1000 ? ((after - before) * 1000) / (until - from) : 0;
  }

  reset() {
    this.#points = [];
  }
}

class Uploads {
  constructor(form) {
    this.form = form;
    this.all = [];
    this.byHash = new Map();
    this.unasked = [];
    this.ready = [];
    this.sending = new Map();
    this.failed = [];
    this.isPaused = false;
    this.gone = 0;
    this.pace = new Pace();
    this.hasher = new Hasher((id, sha256) => this.#hashed(this.all[id], sha256));
    this.lines = new Lines({ onCancel: (one) => this.#cancel(one) });
    this.#buildReport();
    this.#listen();
    forgetOld();
  }

  #buildReport() {
    const label = word("progress", { done: 0, total: 0, refused: 0 });
    this.progress = make("progress", { max: "1", value: "0", "aria-label": label });
    this.state = make("p", { role: "status", class: "under" });
    this.bytes = make("p", { class: "under" });
    this.again = make("button", { type: "button", class: "button" }, word("again"));
    this.pause = make("button", { type: "button", class: "button" }, word("pause"));
    this.again.hidden = true;
    const deeds = make("div", { class: "actions" }, this.pause, this.again);
    const parts = [this.progress, this.state, this.bytes, deeds, this.lines.list, this.lines.rest];
    this.report = make("section", { class: "stack" }, ...parts);
    this.report.hidden = true;
    this.form.after(this.report);
  }

  #listen() {
    const { form } = this;
    for (const shown of form.querySelectorAll("[data-needs-script]")) shown.hidden = false;
    form.addEventListener("change", (event) => this.#chosen(event.target));
    form.addEventListener("submit", (event) => event.preventDefault());
    const place = form.querySelector(".drop") ?? form;
    place.addEventListener("dragover", (event) => this.#over(event, place));
    place.addEventListener("dragleave", () => delete place.dataset.over);
    place.addEventListener("drop", (event) => this.#drop(event, place));
    this.again.addEventListener("click", () => this.#tryAgain());
    this.pause.addEventListener("click", () => this.#pauseOrGoOn());
    addEventListener("online", () => this.#tryAgain());
    addEventListener("beforeunload", (event) => {
      if (this.open > 0) event.preventDefault();
    });
  }

  get open() {
    return this.all.length - this.#count("done", "known", "refused", "cancelled");
  }

  #count(...states) {
    return this.all.reduce((n, one) => n + states.includes(one.state), 0);
  }

  #chosen(input) {
    if (input.type !== "file") return;
    this.add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    input.value = "";
  }

  #over(event, place) {
    event.preventDefault();
    place.dataset.over = "";
  }

  async #drop(event, place) {
    event.preventDefault();
    delete place.dataset.over;
    this.add(await droppedFiles(event.dataTransfer));
  }

  /** Takes files in; each is hashed, asked for and sent in its turn. */
  add(files) {
    for (const { file, path } of files) {
      const one = { id: this.all.length, file, path, size: file.size, sha256: "", sent: 0, twins: [], changed: 0 };
      this.all.push(one);
      this.#mark(one, "queued", word("waiting"));
      this.hasher.hash(one.id, file, one.size);
    }
    this.report.hidden = this.all.length === 0;
  }

  /* -------------------------------------------------------------- what is here already */

  #hashed(one, sha256) {
    if (!sha256) {
      this.#mark(one, "refused", word("unreadable"));
      this.#ask();
      return;
    }
    one.sha256 = sha256;
    const first = this.byHash.get(sha256);
    if (first && !SETTLED.includes(first.state)) first.twins.push(one);
    else {
      this.byHash.set(sha256, one);
      this.unasked.push(one);
    }
    this.#ask();
  }

  /** Asks for many files at once, yet before those that may be sent run out. */
  async #ask() {
    const enough = this.unasked.length >= ENOUGH_HASHES || this.ready.length < ENOUGH_READY || !this.hasher.busy;
    if (this.asking || this.isPaused || this.unasked.length === 0 || !enough) return;
    this.asking = true;
    const batch = this.unasked.splice(0, MOST_HASHES).filter((one) => one.state === "queued");
    const answer = await this.#persist(() => askKnown(this.form, batch), batch);
    this.asking = false;
    for (const one of batch.filter(({ state }) => state !== "cancelled")) this.#sort(one, answer);
    this.#pump();
    this.#ask();
  }

  #sort(one, answer) {
    if (answer.kind !== "done") this.#fail(one, answer);
    else if (answer.known.has(one.sha256)) this.#settle(one, "known", word("known"));
    else {
      one.isAsked = true;
      this.#mark(one, "queued", word("waiting"));
      this.ready.push(one);
    }
  }

  /* -------------------------------------------------------------- sending */

  #pump() {
    while (!this.isPaused && this.sending.size < AT_ONCE && this.ready.length > 0) {
      const one = this.ready.shift();
      if (one.state !== "queued") continue;
      const abort = new AbortController();
      this.sending.set(one, abort);
      this.#send(one, abort.signal).finally(() => {
        this.sending.delete(one);
        this.#pump();
        this.#ask();
      });
    }
  }

  async #send(one, signal) {
    const options = { form: this.form, signal, onProgress: (bytes) => this.#moved(one, bytes) };
    this.#moved(one, 0);
    const answer = await this.#persist(() => send(one, options), [one], signal);
    if (one.state === "cancelled") return;
    one.isWhole = false;
    if (answer.kind === "stopped") {
      this.#mark(one, "queued", word("paused"));
      this.ready.unshift(one);
    } else if (["done", "known", "refused"].includes(answer.kind)) this.#settle(one, answer.kind, answer.sentence);
    else this.#fail(one, answer);
  }

  /** Tries until there is an answer, for as long as an outage usually takes; any progress begins the patience anew. */
  async #persist(work, those, signal) {
    for (let tries = 0; ; tries += 1) {
      const before = this.gone;
      const answer = await work();
      if (signal?.aborted) return { kind: "stopped" };
      if (answer.kind !== "retry") return answer;
      if (this.gone > before) tries = 0;
      if (tries >= RESTS.length) return answer;
      for (const one of those) this.#mark(one, one.state, word("retry", { seconds: RESTS[tries] }));
      await Promise.race([pause(RESTS[tries]), aborted(signal), online()]);
    }
  }

  #moved(one, bytes) {
    if (SETTLED.includes(one.state)) return;
    const most = Math.min(bytes, one.size);
    this.gone += Math.max(0, most - one.sent);
    one.sent = most;
    const isAll = most > 0 && most === one.size;
    const percent = Math.floor((100 * most) / Math.max(1, one.size));
    one.isWhole = isAll;
    this.#mark(one, "sending", isAll ? word("checking") : word("sending", { percent }));
  }

  #fail(one, answer) {
    this.#mark(one, "waiting", answer.sentence ?? word(answer.kind === "signin" ? "signin" : "failed"));
    this.failed.push(one);
  }

  #settle(one, state, text) {
    this.#mark(one, state, text);
    one.sent = one.size;
    const twins = one.twins.splice(0).filter((twin) => twin.state === "queued");
    for (const twin of twins) {
      if (state === "refused") this.#settle(twin, "refused", text);
      else this.unasked.push(twin); // the server knows the bytes now, and learns this name for them
    }
    this.#ask();
  }

  /* -------------------------------------------------------------- what a person presses */

  #tryAgain() {
    for (const one of this.failed.splice(0).filter(({ state }) => state === "waiting")) {
      this.#mark(one, "queued", word("waiting"));
      (one.isAsked ? this.ready : this.unasked).push(one);
    }
    this.#ask();
    this.#pump();
  }

  #pauseOrGoOn() {
    this.isPaused = !this.isPaused;
    this.pause.textContent = word(this.isPaused ? "resume" : "pause");
    this.pace.reset();
    for (const [one, abort] of this.sending) if (this.isPaused && isLarge(one)) abort.abort();
    this.#ask();
    this.#pump();
    this.#tell();
  }

  /** A file that shall not be sent after all; another one with the same bytes takes its place. */
  #cancel(one) {
    this.#mark(one, "cancelled", word("cancelled"));
    this.hasher.forget(one.id);
    this.sending.get(one)?.abort();
    giveUp(one, this.form);
    const [heir, ...others] = one.twins.splice(0).filter(({ state }) => state === "queued");
    if (!heir) return;
    heir.twins = others;
    heir.isAsked = one.isAsked;
    this.byHash.set(heir.sha256, heir);
    (heir.isAsked ? this.ready : this.unasked).push(heir);
    this.#ask();
    this.#pump();
  }

  /* -------------------------------------------------------------- what the page says */

  #mark(one, state, text) {
    one.state = state;
    one.text = text;
    one.changed = performance.now();
    this.painting ??= setTimeout(() => {
      this.painting = undefined;
      this.#tell();
    }, REPAINT);
  }

  #tell() {
    const total = this.all.length - this.#count("cancelled");
    const done = this.#count("done", "known", "refused");
    const refused = this.#count("refused");
    const isFinished = total > 0 && done === total;
    this.progress.max = Math.max(this.#bytes(() => true), 1);
    this.progress.value = this.#bytes((one) => SETTLED.includes(one.state)) + this.#bytesOnTheirWay();
    this.again.hidden = !this.all.some((one) => one.state === "waiting");
    this.pause.hidden = isFinished || total === 0;
    this.#say(word(isFinished ? "finished" : "progress", { total, done, refused }), isFinished);
    this.#tellBytes(isFinished);
    this.lines.show(this.all);
    if (isFinished && this.told !== this.all.length) this.#finish(total, refused);
  }

  /** The sentence that a screen reader hears: not with every file. */
  #say(sentence, isLast) {
    const now = performance.now();
    if (!isLast && now - (this.said ?? -QUIET) < QUIET) {
      this.saying ??= setTimeout(() => {
        this.saying = undefined;
        this.#tell();
      }, QUIET);
      return;
    }
    if (this.state.textContent !== sentence) this.state.textContent = sentence;
    this.said = isLast ? undefined : now;
  }

  #bytes(which) {
    return this.all.reduce((sum, one) => sum + (one.state !== "cancelled" && which(one) ? one.size : 0), 0);
  }

  #bytesOnTheirWay() {
    return this.all.reduce((sum, one) => sum + (SETTLED.includes(one.state) ? 0 : one.sent), 0);
  }

  #tellBytes(isFinished) {
    this.pace.at(this.gone);
    const [sent, size] = [this.progress.value, this.progress.max];
    const { perSecond } = this.pace;
    const values = { sent: told(sent), size: told(size), time: perSecond ? time((size - sent) / perSecond) : "" };
    this.bytes.hidden = isFinished;
    this.bytes.textContent = word(perSecond && !this.isPaused ? "left" : "bytes", values);
  }

  #finish(total, refused) {
    this.told = this.all.length;
    this.form.dispatchEvent(new CustomEvent("rs-uploads:finished", { bubbles: true, detail: { total, refused } }));
  }
}

function online() {
  return new Promise((resolve) => addEventListener("online", resolve, { once: true }));
}

function aborted(signal) {
  return new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
}

for (const form of document.querySelectorAll("form[data-upload-url]")) new Uploads(form);
