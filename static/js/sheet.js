/* The contact sheet by keyboard: arrow keys move from picture to picture, letters decide about the one in focus.

   <ul data-sheet> holds <li class="tile" data-state="open | confirmed | left-out | masked" data-key data-shown data-frames
   data-settle="URL"> with a link around the picture. A letter posts to data-settle; the answer is the tile as it now
   is and the foot of the form (data-foot). Buttons with form="undo" do the same as U. Letters work only while a picture has the
   focus. Without this script the sheet is one form. */

const SEEN = "readerstudy-seen-";
const DEEDS = { y: "confirm", n: "leave_out" };
const BACK = { confirmed: "unconfirm", "left-out": "take_back" };

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const form = find("#sheet-form");
let asked = ""; // the key of the image about which was asked once more

function word(name, values = {}) {
  const text = find("#sheet-words").content.querySelector(`[data-word="${name}"]`).textContent;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

function say(sentence) {
  const said = find("#sheet-said");
  if (!said) return;
  said.textContent = sentence;
  said.hidden = sentence === "";
}

const linkOf = (tile) => find("a", tile);
const codeOf = (tile) => find("strong", tile).textContent;

/** One picture of each list is reached with Tab; arrow keys reach the others. */
function makeReachable(list, tile) {
  for (const link of all(".tile > a", list)) link.tabIndex = -1;
  const first = tile ?? find(".tile", list);
  if (first) linkOf(first).tabIndex = 0;
}

function markSeen(tile) {
  const mark = find("[data-seen]", tile);
  if (mark) mark.hidden = localStorage.getItem(SEEN + tile.dataset.key) !== tile.dataset.shown;
}

/* ------------------------------------------------------------------ moving */

function columnsOf(tiles) {
  const top = tiles[0].offsetTop;
  const next = tiles.findIndex((tile) => tile.offsetTop > top);
  return next === -1 ? tiles.length : next;
}

/** The tile to which a key leads from this one; the same at the edges. */
function neighbour(tile, key) {
  const tiles = all(".tile", tile.parentElement);
  const onwards = document.documentElement.dir === "rtl" ? -1 : 1;
  const steps = { ArrowRight: onwards, ArrowLeft: -onwards, ArrowDown: columnsOf(tiles), ArrowUp: -columnsOf(tiles) };
  const ends = { Home: 0, End: tiles.length - 1 };
  const at = key in ends ? ends[key] : tiles.indexOf(tile) + (steps[key] ?? NaN);
  return Number.isNaN(at) ? null : (tiles[at] ?? tile);
}

function moveTo(tile) {
  makeReachable(tile.parentElement, tile);
  linkOf(tile).focus();
}

/* ------------------------------------------------------------------ deciding */

/** How many images of the form wait once this one is decided, or waits again. */
function leftAfter(tile, deed) {
  const open = form ? all('.tile[data-state="open"]', form).filter((each) => each !== tile).length : 0;
  const isInForm = form?.contains(tile) ?? false;
  return open + (isInForm && BACK[tile.dataset.state] === deed ? 1 : 0);
}

async function post(tile, deed) {
  const body = new URLSearchParams({ deed, state: tile.dataset.shown, seen: "1", left: String(leftAfter(tile, deed)) });
  if (asked === tile.dataset.key) body.set("sure", "on");
  const token = find('#undo [name="csrfmiddlewaretoken"]').value;
  const headers = { "HX-Request": "true", "X-CSRFToken": token };
  return fetch(tile.dataset.settle, { method: "POST", body, headers, redirect: "error" });
}

async function settle(tile, deed) {
  if (tile.hasAttribute("aria-busy")) return;
  tile.setAttribute("aria-busy", "true");
  const response = await post(tile, deed).catch(() => null);
  tile.removeAttribute("aria-busy");
  const told = response?.headers.get("Content-Type") ?? "";
  if (response?.ok) replace(tile, await response.text());
  else if (told.includes("json")) refuse(tile, await response.json());
  else say(word("failed"));
}

function replace(tile, html) {
  const parts = document.createRange().createContextualFragment(html);
  const fresh = find(".tile", parts);
  const foot = find("[data-foot]", parts);
  const hadFocus = tile.contains(document.activeElement);
  const isInForm = form?.contains(tile) ?? false;
  tile.replaceWith(fresh);
  if (isInForm) find("[data-foot]", form)?.replaceWith(foot);
  prepare(fresh);
  makeReachable(fresh.parentElement, fresh);
  if (hadFocus) linkOf(fresh).focus();
  asked = "";
  say(word(fresh.dataset.state, { code: codeOf(fresh) }));
}

function refuse(tile, { ask, error }) {
  asked = ask ? tile.dataset.key : "";
  say(ask ? word("again", { sentence: ask }) : error);
}

/** What a letter means for the tile in its present state; empty where nothing. */
function deedOf(tile, key) {
  if (key === "u") return BACK[tile.dataset.state] ?? "";
  return tile.dataset.state === "open" ? (DEEDS[key] ?? "") : "";
}

/* ------------------------------------------------------------------ events */

function onKey(event) {
  const tile = event.target.closest?.(".tile");
  const combined = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
  if (!tile || combined || !event.target.matches(".tile > a")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const next = neighbour(tile, key);
  const deed = event.repeat ? "" : deedOf(tile, key);
  if (next) moveTo(next);
  else if (deed) settle(tile, deed).catch(reportError);
  else if (key === " ") linkOf(tile).click();
  else if (key === "m") location.assign(`${linkOf(tile).href}?mask=1`);
  else return;
  event.preventDefault();
}

function onClick(event) {
  const button = event.target.closest?.('.tile button[form="undo"]');
  if (!button) return;
  event.preventDefault();
  settle(button.closest(".tile"), button.value).catch(reportError);
}

function prepare(tile) {
  markSeen(tile);
  linkOf(tile).addEventListener("focus", () => makeReachable(tile.parentElement, tile));
}

function start() {
  for (const tile of all(".tile")) prepare(tile);
  for (const list of all("[data-sheet]")) {
    makeReachable(list);
    list.addEventListener("keydown", onKey);
    list.addEventListener("click", onClick);
  }
  const keys = find("#sheet-keys");
  if (keys) keys.hidden = false;
  addEventListener("pageshow", () => all(".tile").forEach(markSeen));
}

start();
