/* The reading page: rating by key, mouse and touch, and the way from case to case.

   #reading is a plain form that works without this script. Its data-* attributes are: key, rate-url,
   submit-url, previous-url, prefetch (URLs with spaces between), title, sign-in-url, stage ("before" while the output of
   a staged case is not revealed), given (locked answers by field, as JSON). Each .criterion is a question; what it
   carries, reading/criterion.js says.

   A change goes to the outbox at once: output, criterion, part, made_at, display, reason, and one of value,
   cannot_judge=1 or withdraw=1 (an undone first answer). Submit waits for the outbox, posts
   {token, submit: 1, stage, clock} with HX-Request, and swaps in the #reading that comes back; the address is
   taken from HX-Push-Url. HX-Redirect, or a page without #reading such as the one at the end, is opened.
   A refusal is 4xx {"error": "sentence", "open": [field, …]}.

   The element #reading carries its Reading as the property `reading`; keys.js acts through it. */

import { branch } from "./reading/branching.js";
import { Clock } from "./reading/clock.js";
import { paint, rangeOf } from "./reading/highlights.js";
import { claimant, Marks, signAll } from "./reading/marks.js";
import { watchOutbox } from "./reading/meeting.js";
import { scrollPane, scrollTo } from "./reading/panes.js";
import { controlOf } from "./reading/registry.js";
import { say } from "./reading/say.js";
import { watchForSignIn } from "./reading/sign-in.js";
import { onSplitDown, onSplitKey, recallSplit } from "./reading/sheet.js";
import { all, find, word } from "./reading/words.js";

const PAUSES = { typing: 700, choosing: 500 };
const STOP_PATIENCE = 3000;

/* ------------------------------------------------------------------ one reading */

class Reading {
  constructor(root, box) {
    this.root = root;
    this.box = box;
    this.key = root.dataset.key;
    this.criteria = all(".criterion", root).map(controlOf);
    this.given = JSON.parse(root.dataset.given || "{}");
    this.clock = new Clock(this.key);
    this.undoable = [];
    this.active = null;
    this.busy = false;
    this.posting = false;
    this.token = box.newToken();
    this.late = find("[data-late]", root);
    signAll(this.criteria);
    this.#restore();
    this.refresh();
    this.#adopt();
    this.#mark(this.criteria.find((criterion) => criterion.open || criterion.inviting) ?? null);
    this.#watchTexts();
    this.#prefetch();
  }

  /** No reader shall miss the end of a text: as long as it is out of sight, the page says so. */
  #watchTexts() {
    for (const pane of all(".rd-text", this.root)) {
      const more = find("[data-more]", pane.parentElement);
      const look = () => (more.hidden = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 8);
      new ResizeObserver(look).observe(pane);
      pane.addEventListener("scroll", look, { passive: true });
      more.addEventListener("click", () => scrollPane(pane));
    }
  }

  scrollText() {
    const output = this.active?.element.closest(".rd-output") ?? find(".rd-output", this.root);
    if (output) scrollPane(find(".rd-text", output));
  }

  /** What was typed here before a reload and is not acknowledged yet stands where it was. */
  #restore() {
    for (const entry of this.box.pending(this.key)) {
      const criterion = this.criterion(entry.field);
      if (!criterion) continue;
      const { value = "", cannot_judge: cannot, reason = "" } = entry.body;
      criterion.write({ value, cannot: cannot === "1", reason });
      criterion.known = criterion.read();
      if (entry.refused) criterion.complain(entry.refused);
    }
  }

  /** What was chosen before this script ran is an answer too. */
  #adopt() {
    for (const criterion of this.criteria) if (criterion.changed) this.commit(criterion);
  }

  async #prefetch() {
    const urls = (this.root.dataset.prefetch ?? "").split(" ").filter(Boolean);
    await customElements.whenDefined("rs-viewer");
    await customElements.get("rs-viewer").prefetch(urls);
  }

  criterion(field) {
    return this.criteria.find((criterion) => criterion.field === field);
  }

  criterionOf(element) {
    const within = element.closest?.(".criterion");
    return within ? this.criterion(within.dataset.field) : undefined;
  }

  /* ---- answering */

  /** Takes over what the page shows for a criterion, and sends it. */
  commit(criterion, { settle = 0, undoing = false } = {}) {
    if (this.posting) criterion.write(criterion.known); // the case is on its way; nothing can change now
    if (this.#holdsForReason(criterion)) return;
    criterion.complain(criterion.problem);
    if (!criterion.changed || criterion.problem) return;
    if (!undoing) this.#remember(criterion, settle);
    criterion.known = criterion.read();
    criterion.tell(false);
    this.#send(criterion, settle);
    this.refresh();
  }

  /** A case that was finished in an earlier sitting says first why it is changed: until then nothing changes. */
  #holdsForReason(criterion) {
    if (!this.late || this.late.value.trim() || !criterion.changed) return false;
    criterion.write(criterion.known);
    this.late.focus();
    say(word("late"));
    return true;
  }

  /** Typing into one field is one thing to undo, however many pauses it had. */
  #remember(criterion, settle) {
    const last = this.undoable.at(-1);
    if (last?.criterion === criterion && last.typing) return;
    this.undoable.push({ criterion, before: criterion.known, typing: settle === PAUSES.typing });
  }

  #send(criterion, settle) {
    const { value, cannot, reason } = criterion.known;
    const { output, criterion: key, part } = criterion.element.dataset;
    const body = { output, criterion: key, part, made_at: new Date().toISOString(), display: this.#display() };
    if (this.late) body.changed_because = this.late.value.trim();
    if (reason) body.reason = reason;
    if (cannot) body.cannot_judge = "1";
    else if (value === "") body.withdraw = "1";
    else body.value = value;
    this.clock.answered();
    const { key: reading, root } = this;
    this.box.put({ reading, field: criterion.field, url: root.dataset.rateUrl, body, basis: criterion.basis, settle });
  }

  #display() {
    const images = all("rs-viewer", this.root).map((viewer) => viewer.shown);
    return JSON.stringify({ ratio: devicePixelRatio, width: innerWidth, height: innerHeight, images });
  }

  /** A key of the active question; returns what it meant there. */
  press(key, shifted) {
    const outcome = this.active?.press(key, shifted) ?? "";
    if (this.active) this.answer(this.active, outcome);
    return outcome;
  }

  /** Takes an answer that was given by one press or click, and goes on where it is one. */
  answer(criterion, outcome) {
    if ((outcome !== "on" && outcome !== "stay") || this.#holdsForReason(criterion)) return;
    this.commit(criterion);
    if (criterion.waitsForWhy) criterion.why.focus();
    else if (outcome === "on") this.moveOn(criterion);
  }

  /** Marks on the images have changed; they belong to the questions that asked for them. */
  marked() {
    if (this.posting) return;
    const fresh = all("rs-viewer", this.root).flatMap((viewer) => viewer.marks.filter(({ label }) => !label));
    const claiming = new Set(fresh.map(({ kind }) => claimant(this.criteria, this.active, kind)));
    for (const criterion of this.criteria) {
      if (criterion instanceof Marks && criterion.follow(claiming.has(criterion))) this.commit(criterion);
    }
  }

  say(text) {
    say(text);
  }

  speak(text) {
    find("#reading-spoken").textContent = text;
  }

  undo() {
    const last = this.undoable.pop();
    if (!last) return say(word("nothing-to-undo"));
    last.criterion.write(last.before);
    this.commit(last.criterion, { undoing: true });
    this.activate(last.criterion, true);
    return say(word("undone"));
  }

  /* ---- moving */

  activate(criterion, focus = false) {
    this.#mark(criterion);
    criterion?.element.scrollIntoView({ block: "nearest" });
    if (focus) criterion?.element.focus({ preventScroll: true });
  }

  #mark(criterion) {
    if (this.active === criterion) return;
    if (this.active) delete this.active.element.dataset.active;
    this.active?.end();
    this.active = criterion;
    if (criterion) criterion.element.dataset.active = "";
    criterion?.begin(this);
    this.#showPiece(criterion?.element);
  }

  /** The piece of the text that the question is about stands out in the text. */
  #showPiece(element) {
    const { start, end, output, ofReference } = element?.dataset ?? {};
    const text = ofReference === undefined ? `.rd-output[data-output="${output}"] .shown` : "[data-reference]";
    const shown = start === undefined ? null : find(text, this.root);
    const range = shown && rangeOf(shown, { start: Number(start), end: Number(end) });
    paint("rs-part", range ? [range] : []);
    if (range) scrollTo(range, shown.closest(".rd-text"));
  }

  /** To the next question without an answer, back to one that has to have one, or to the button. */
  moveOn(from) {
    const at = this.criteria.indexOf(from);
    const ahead = this.criteria.slice(at + 1).find((criterion) => criterion.open || criterion.inviting);
    const next = ahead ?? this.criteria.find((criterion) => criterion.open && criterion !== from);
    this.activate(next ?? null, true);
    if (!next) find("[name=submit]", this.root).focus({ preventScroll: true });
  }

  step(by) {
    const asked = this.criteria.filter((criterion) => criterion.asked);
    const at = this.active ? asked.indexOf(this.active) : by > 0 ? -1 : asked.length;
    const next = asked[at + by];
    if (next) this.activate(next, true);
  }

  refresh() {
    branch(this.criteria, this.given);
    const required = this.criteria.filter((criterion) => criterion.required && criterion.asked);
    const open = required.filter((criterion) => criterion.open).length;
    const values = { n: open, total: required.length };
    find(".open", this.root).textContent = word(open ? "open" : "complete", values);
  }

  /** The first thing between this page and its submission, after going there; undefined when nothing is. */
  obstacle() {
    const wrong = this.criteria.find((criterion) => criterion.asked && criterion.problem);
    const first = wrong ?? this.criteria.find((criterion) => criterion.open);
    if (!first) return undefined;
    this.activate(first, true);
    first.focus();
    if (first.missing) first.complain(first.missing);
    say(find(".open", this.root).textContent);
    return first;
  }

  /* ---- leaving */

  async submit() {
    if (this.busy && this.box.reason === "sign-in") askToSignIn();
    if (this.busy || this.obstacle()) return;
    this.#setBusy(true);
    const refused = await this.box.drained(this.key);
    if (refused.length) this.#explainRefusals(refused);
    else await this.#post();
    this.posting = false;
    this.#setBusy(false);
  }

  #setBusy(busy) {
    this.busy = busy;
    const button = find("[name=submit]", this.root);
    if (busy) button.dataset.busy = "";
    else delete button.dataset.busy;
    button.setAttribute("aria-busy", String(busy));
  }

  #explainRefusals(entries) {
    const criterion = this.criterion(entries[0].field);
    if (criterion) this.activate(criterion, true);
    say(entries[0].refused);
  }

  async #post() {
    this.posting = true;
    const { stage } = this.root.dataset;
    const about = { token: this.token, submit: "1", stage, clock: this.clock.report };
    const body = new URLSearchParams({ ...about, csrfmiddlewaretoken: csrfToken() });
    const arrived = await this.#fetch(this.root.dataset.submitUrl, { method: "POST", body });
    if (arrived.status < 400) await arrive(arrived);
    else await this.#explain(arrived);
  }

  /** A request that is repeated until the server has answered it; the token makes that safe. */
  async #fetch(url, options) {
    for (;;) {
      let response = null;
      try {
        const headers = { "HX-Request": "true", "X-CSRFToken": csrfToken(), Accept: "text/html, application/json" };
        response = await fetch(url, { headers, ...options });
      } catch {
        response = null; // no network; the outbox says so, and decides when to try again
      }
      const reason = this.#reasonToRest(response);
      if (!reason) {
        this.box.reached();
        return response;
      }
      this.box.reason = reason;
      await this.box.rest(reason);
    }
  }

  #reasonToRest(response) {
    if (!response || response.status >= 500 || [408, 425, 429].includes(response.status)) return "waiting";
    const signIn = new URL(this.root.dataset.signInUrl, location.href).pathname;
    if (response.status === 401 || new URL(response.url).pathname === signIn) return "sign-in";
    const html = (response.headers.get("Content-Type") ?? "").includes("html");
    return response.status === 403 && html ? "sign-in" : "";
  }

  async #explain(response) {
    const type = response.headers.get("Content-Type") ?? "";
    const { error, open = [] } = type.includes("json") ? await response.json() : {};
    const criterion = this.criterion(open[0]);
    if (criterion) this.activate(criterion, true);
    say(error ?? word("not-submitted"));
  }

  /** To another case of this reader, without reloading the page. */
  async go(url) {
    if (this.busy) return;
    this.#setBusy(true);
    const response = await this.#fetch(url, {});
    await arrive(response);
    this.#setBusy(false);
  }

  /** Leaves when everything is saved; with a dead network it says so first and leaves the second time. */
  async stop() {
    const late = new Promise((resolve) => setTimeout(resolve, STOP_PATIENCE, "late"));
    const outcome = this.warned ? "" : await Promise.race([this.box.drained(this.key), late]);
    this.warned = outcome === "late";
    if (this.warned) say(word("stop-anyway", { n: this.box.waiting.length }));
    else leave(find("#stop-form"));
  }

  previous() {
    const url = this.root.dataset.previousUrl;
    if (url) this.go(url);
    return Boolean(url);
  }

  note() {
    const field = this.criteria.find((criterion) => criterion.kind === "free_text" && criterion.asked);
    if (!field) return false;
    this.activate(field);
    field.focus();
    return true;
  }
}

/* ------------------------------------------------------------------ the page around it */

let reading = null;

function csrfToken() {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  return cookie ? cookie[1] : find('input[name="csrfmiddlewaretoken"]').value;
}

/** Sends a form of this page, with the token that is valid now. */
function leave(form) {
  form.elements.csrfmiddlewaretoken.value = csrfToken();
  form.submit();
}

function askToSignIn() {
  document.dispatchEvent(new CustomEvent("rs-outbox:sign-in", { detail: { asked: true } }));
}

async function arrive(response) {
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) {
    reading.clock.forget(); // the case is submitted; if it is practised again, its time begins anew
    location.assign(elsewhere);
    return;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = find("#reading", parsed);
  if (!next) {
    location.assign(response.url);
    return;
  }
  goesTo(response.headers.get("HX-Push-Url") || response.url);
  if (next.dataset.key === reading.key) reading.clock.stop();
  else reading.clock.forget();
  find("#reading").replaceWith(document.adoptNode(next));
  document.title = next.dataset.title;
  begin();
  // with the frame that shows the case: focusing now would force a layout of its own
  requestAnimationFrame(() => {
    find("h1", next).focus({ preventScroll: true });
    reading.active?.element.scrollIntoView({ block: "nearest" });
  });
}

/** The same case again, with its text revealed, is no new place to come back to. */
function goesTo(url) {
  const same = new URL(url, location.href).pathname === location.pathname;
  history[same ? "replaceState" : "pushState"](null, "", url);
}

function begin() {
  const { box } = customElements.get("rs-outbox");
  const root = find("#reading");
  reading = new Reading(root, box);
  root.reading = reading;
  root.dataset.ready = "";
  for (const button of all("[data-opens]", reading.root)) button.hidden = false;
  recallSplit(reading.root);
}

/* ---- mouse, touch and forms */

function onInput(event) {
  const criterion = reading.criterionOf(event.target);
  if (!criterion) return;
  const pace = criterion.changedBy(event.target, event.type);
  reading.commit(criterion, { settle: PAUSES[pace] ?? 0 });
}

/** A click on an option answers and moves on, like its key; arrow keys inside a scale only choose. */
function onClick(event) {
  if (event.target.closest("[data-opens]")) find("#help").showModal();
  if (event.target.closest("[data-previous]")) {
    event.preventDefault();
    reading.previous();
  }
  const criterion = reading.criterionOf(event.target);
  const button = criterion && event.target.closest("button");
  if (button) {
    reading.activate(criterion);
    reading.answer(criterion, criterion.click(button));
  } else if (criterion && event.target.closest("input[type=radio]") && onClick.pointed) {
    onClick.pointed = false;
    reading.answer(criterion, "on");
  }
}

/** Tells a click of a mouse or finger from the click that the space bar makes. */
function onPointer(event) {
  onClick.pointed = event.target.closest(".option") !== null;
}

function onSubmit(event) {
  const act = { reading: () => reading.submit(), "stop-form": () => reading.stop() }[event.target.id];
  if (!act) return;
  event.preventDefault();
  act();
}

function onFocus(event) {
  const criterion = reading?.criterionOf(event.target);
  if (criterion && criterion !== reading.active) reading.activate(criterion);
}

async function start() {
  await customElements.whenDefined("rs-outbox");
  await customElements.get("rs-outbox").box.ready;
  begin();
  document.addEventListener("keydown", onSplitKey, true);
  document.addEventListener("pointerdown", onPointer, true);
  document.addEventListener("pointerdown", onSplitDown);
  document.addEventListener("click", onClick);
  document.addEventListener("input", onInput);
  document.addEventListener("change", onInput);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("focusin", onFocus);
  document.addEventListener("rs-viewer:marked", () => reading.marked());
  watchOutbox(() => reading);
  document.addEventListener("rs-outbox:say", ({ detail }) => (find("#reading-spoken").textContent = detail.text));
  addEventListener("popstate", () => location.reload());
  watchForSignIn(() => customElements.get("rs-outbox").box.wake());
}

start();
