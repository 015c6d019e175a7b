/* The reading page: rating by key, mouse and touch, and the way from case to case.

   #reading is a plain form that works without this script. Its data-* attributes are: key, rate-url,
   submit-url, previous-url, prefetch (URLs with spaces between), title, sign-in-url. Each
   .criterion carries data-field, -output, -criterion, -kind and -required; its controls are named
   after the field, and the value "__cannot_judge__" stands for "cannot judge".

   A change goes to the outbox at once: output, criterion, made_at, display, and one of value,
   cannot_judge=1 or withdraw=1 (an undone first answer). Submit waits for the outbox, posts
   {token, submit: 1} with HX-Request, and swaps in the #reading that comes back; the address is
   taken from HX-Push-Url. HX-Redirect, or a page without #reading such as the one at the end, is opened.
   A refusal is 4xx {"error": "sentence", "open": [field, …]}.

   The element #reading carries its Reading as the property `reading`; keys.js acts through it. */

const CANNOT = "__cannot_judge__";
const TYPING_PAUSE = 700;
const CHOOSING_PAUSE = 500;
const STOP_PATIENCE = 3000;
const SPLIT = "readerstudy-split";

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function word(name, values = {}) {
  const said = find(`[data-word="${name}"]`, find("#reading-words").content);
  return said.textContent.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/* ------------------------------------------------------------------ one criterion */

class Criterion {
  constructor(element) {
    this.element = element;
    this.field = element.dataset.field;
    this.kind = element.dataset.kind;
    this.required = element.dataset.required === "true";
    this.inputs = all("input, textarea", element);
    this.typed = this.inputs.find((input) => !["radio", "checkbox"].includes(input.type)) ?? null;
    this.cannot = this.inputs.find((input) => input.value === CANNOT && input !== this.typed) ?? null;
    this.known = this.#rendered();
  }

  /** The answer that the server knew when it made the page. */
  #rendered() {
    if (this.cannot?.defaultChecked) return { value: "", cannot: true };
    const chosen = this.inputs.find((input) => input.defaultChecked)?.value ?? "";
    return { value: this.typed ? this.typed.defaultValue.trim() : chosen, cannot: false };
  }

  /** The answer as it stands on the page: {value, cannot}. */
  read() {
    if (this.cannot?.checked) return { value: "", cannot: true };
    if (this.typed) return { value: this.#typedValue(), cannot: false };
    return { value: this.inputs.find((input) => input.checked)?.value ?? "", cannot: false };
  }

  write({ value, cannot }) {
    if (this.typed) this.typed.value = value;
    const chosen = cannot ? CANNOT : value;
    for (const input of this.inputs) if (input !== this.typed) input.checked = input.value === chosen;
  }

  #typedValue() {
    const text = this.typed.value.trim();
    return this.kind === "number" ? text.replace(",", ".") : text;
  }

  get changed() {
    const now = this.read();
    return now.value !== this.known.value || now.cannot !== this.known.cannot;
  }

  get answered() {
    return this.known.cannot || this.known.value !== "";
  }

  get open() {
    return this.required && !this.answered;
  }

  /** Why a number cannot be sent, as a sentence; empty when it can. */
  get problem() {
    if (this.kind !== "number" || this.cannot?.checked) return "";
    const text = this.#typedValue();
    if (text === "") return "";
    const { minimum, maximum } = this.element.dataset;
    const number = Number(text);
    if (Number.isNaN(number)) return word("no-number");
    if (minimum && number < Number(minimum)) return word("too-small", { minimum });
    return maximum && number > Number(maximum) ? word("too-large", { maximum }) : "";
  }

  optionFor(key) {
    const wanted = key.toLowerCase();
    return this.inputs.find((input) => input.dataset.keycap && input.dataset.keycap.toLowerCase() === wanted);
  }

  /** A line below the controls: what was wrong with the answer, and what to do. */
  complain(sentence) {
    const line = find(".field-error", this.element);
    line.textContent = sentence;
    line.hidden = sentence === "";
    for (const input of this.inputs) {
      if (sentence) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }

  /** The sign that this answer has reached the server; `title` says when. */
  tell(saved, title = "") {
    const sign = find(".told", this.element);
    sign.textContent = saved ? "✓" : "";
    sign.title = title;
  }
}

/* ------------------------------------------------------------------ one reading */

class Reading {
  constructor(root, box) {
    this.root = root;
    this.box = box;
    this.key = root.dataset.key;
    this.criteria = all(".criterion", root).map((element) => new Criterion(element));
    this.undoable = [];
    this.active = null;
    this.busy = false;
    this.posting = false;
    this.token = box.newToken();
    this.#restore();
    this.#adopt();
    this.#mark(this.criteria.find((criterion) => criterion.open) ?? null);
    this.refresh();
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
      criterion.write({ value: entry.body.value ?? "", cannot: entry.body.cannot_judge === "1" });
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
    criterion.complain(criterion.problem);
    if (!criterion.changed || criterion.problem) return;
    if (!undoing) this.#remember(criterion, settle);
    criterion.known = criterion.read();
    criterion.tell(false);
    this.#send(criterion, settle);
    this.refresh();
  }

  /** Typing into one field is one thing to undo, however many pauses it had. */
  #remember(criterion, settle) {
    const last = this.undoable.at(-1);
    if (last?.criterion === criterion && last.typing) return;
    this.undoable.push({ criterion, before: criterion.known, typing: settle === TYPING_PAUSE });
  }

  #send(criterion, settle) {
    const { value, cannot } = criterion.known;
    const { output, criterion: key } = criterion.element.dataset;
    const body = { output, criterion: key, made_at: new Date().toISOString(), display: this.#display() };
    if (cannot) body.cannot_judge = "1";
    else if (value === "") body.withdraw = "1";
    else body.value = value;
    this.box.put({ reading: this.key, field: criterion.field, url: this.root.dataset.rateUrl, body, settle });
  }

  #display() {
    const images = all("rs-viewer", this.root).map((viewer) => viewer.shown);
    return JSON.stringify({ ratio: devicePixelRatio, width: innerWidth, height: innerHeight, images });
  }

  choose(criterion, input) {
    input.checked = true;
    this.commit(criterion);
    this.moveOn(criterion);
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
    if (this.active) delete this.active.element.dataset.active;
    this.active = criterion;
    if (criterion) criterion.element.dataset.active = "";
  }

  /** To the next open criterion, or to the button when all are answered. */
  moveOn(from) {
    const at = this.criteria.indexOf(from);
    const ahead = [...this.criteria.slice(at + 1), ...this.criteria.slice(0, at)];
    const next = ahead.find((criterion) => criterion.open);
    this.activate(next ?? null, true);
    if (!next) find("[name=submit]", this.root).focus({ preventScroll: true });
  }

  step(by) {
    const at = this.active ? this.criteria.indexOf(this.active) : by > 0 ? -1 : this.criteria.length;
    const next = this.criteria[at + by];
    if (next) this.activate(next, true);
  }

  refresh() {
    const required = this.criteria.filter((criterion) => criterion.required);
    const open = required.filter((criterion) => criterion.open).length;
    const values = { n: open, total: required.length };
    find(".open", this.root).textContent = word(open ? "open" : "complete", values);
  }

  /** The first thing between this page and its submission, after going there; undefined when nothing is. */
  obstacle() {
    const wrong = this.criteria.find((criterion) => criterion.problem);
    const first = wrong ?? this.criteria.find((criterion) => criterion.open);
    if (!first) return undefined;
    this.activate(first, true);
    first.typed?.focus();
    say(find(".open", this.root).textContent);
    return first;
  }

  /* ---- leaving */

  async submit() {
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
    const body = new URLSearchParams({ token: this.token, submit: "1", csrfmiddlewaretoken: csrfToken() });
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
    const field = this.criteria.find((criterion) => criterion.kind === "free_text");
    if (!field) return false;
    this.activate(field);
    field.typed.focus();
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

/** Spoken politely, and shown in the footer for a while, in the place of the key hints. */
function say(text, { lasting = false } = {}) {
  const line = find(".rd-told");
  line.textContent = text;
  clearTimeout(say.timer);
  if (!lasting) say.timer = setTimeout(() => (line.textContent = ""), 8000);
}

function scrollPane(pane) {
  pane.scrollBy(0, pane.clientHeight * 0.85);
}

async function arrive(response) {
  const elsewhere = response.headers.get("HX-Redirect");
  if (elsewhere) {
    location.assign(elsewhere);
    return;
  }
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  const next = find("#reading", parsed);
  if (!next) {
    location.assign(response.url);
    return;
  }
  history.pushState(null, "", response.headers.get("HX-Push-Url") || response.url);
  find("#reading").replaceWith(document.adoptNode(next));
  document.title = next.dataset.title;
  begin();
  // with the frame that shows the case: focusing now would force a layout of its own
  requestAnimationFrame(() => {
    find("h1", next).focus({ preventScroll: true });
    reading.active?.element.scrollIntoView({ block: "nearest" });
  });
}

function begin() {
  const { box } = customElements.get("rs-outbox");
  const root = find("#reading");
  reading = new Reading(root, box);
  root.reading = reading;
  for (const button of all("[data-opens]", reading.root)) button.hidden = false;
  const separator = find(".rd-split", reading.root);
  const share = sessionStorage.getItem(SPLIT);
  if (separator && share) setSplit(separator.parentElement, separator, Number(share));
}

/* ---- mouse, touch and forms */

function onInput(event) {
  const criterion = reading.criterionOf(event.target);
  if (!criterion) return;
  if (event.target === criterion.typed && criterion.cannot) criterion.cannot.checked = false;
  const finished = event.type === "change" && event.target === criterion.typed;
  const pause = event.target === criterion.typed ? TYPING_PAUSE : CHOOSING_PAUSE;
  const atOnce = finished || event.target.type === "checkbox";
  reading.commit(criterion, { settle: atOnce ? 0 : pause });
}

/** A click on an option answers and moves on, like its key; arrow keys inside a scale only choose. */
function onClick(event) {
  if (event.target.closest("[data-opens]")) find("#help").showModal();
  if (event.target.closest("[data-previous]")) {
    event.preventDefault();
    reading.previous();
  }
  const input = event.target.closest("input[type=radio]");
  const criterion = input && reading.criterionOf(input);
  if (criterion && onClick.pointed) {
    onClick.pointed = false;
    reading.choose(criterion, input);
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

/* ---- the sheet of a tablet held upright */

function setSplit(body, separator, percent) {
  const share = Math.round(Math.min(80, Math.max(25, percent)));
  body.style.setProperty("--split", `${share}%`);
  separator.setAttribute("aria-valuenow", String(share));
  sessionStorage.setItem(SPLIT, String(share));
}

function onSplitDown(event) {
  const separator = event.target.closest(".rd-split");
  if (!separator) return;
  const body = separator.parentElement;
  const { top, height } = body.getBoundingClientRect();
  const move = ({ clientY }) => setSplit(body, separator, (100 * (clientY - top)) / height);
  separator.setPointerCapture(event.pointerId);
  separator.addEventListener("pointermove", move);
  const end = () => separator.removeEventListener("pointermove", move);
  separator.addEventListener("lostpointercapture", end, { once: true });
}

function onSplitKey(event) {
  const by = { ArrowUp: -5, ArrowDown: 5 }[event.key];
  if (!by || !event.target.matches?.(".rd-split")) return;
  event.preventDefault();
  event.stopPropagation();
  setSplit(event.target.parentElement, event.target, Number(event.target.getAttribute("aria-valuenow")) + by);
}

/* ---- answers of the outbox */

function onSaved({ detail: { entry, savedAt } }) {
  if (entry.reading !== reading?.key) return;
  const criterion = reading.criterion(entry.field);
  const later = reading.box.pending(reading.key).some((other) => other.field === entry.field);
  if (criterion && !later) criterion.tell(criterion.answered, word("saved", { time: savedAt }));
}

function onRefused({ detail: { entry } }) {
  if (entry.reading === reading?.key) reading.criterion(entry.field)?.complain(entry.refused);
  else {
    say(word("earlier-refused", { sentence: entry.refused }), { lasting: true });
    customElements.get("rs-outbox").box.drop(entry.token);
  }
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
  document.addEventListener("rs-outbox:saved", onSaved);
  document.addEventListener("rs-outbox:refused", onRefused);
  document.addEventListener("rs-outbox:say", ({ detail }) => (find("#reading-spoken").textContent = detail.text));
  addEventListener("popstate", () => location.reload());
}

start();
