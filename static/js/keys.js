/* The keyboard of the reading page. It acts through the property `reading` of #reading.

   An answer's own keys (data-keycap of the active criterion) come first, wherever the focus is; then
   the keys of the focused control or viewer; then those that a viewer holds while something is drawn on it; then the
   commands. viewer/commands.js has the table of the viewer's own keys. While typing only Escape and, in a
   field of one line, Enter mean more than themselves. The checkbox #single-keys switches off every
   key that is a single character (WCAG 2.1.4); this browser remembers the choice. */

const SWITCH = "readerstudy-single-keys";
const REPEATABLE = ["+", "-", "=", "PageUp", "PageDown", "[", "]"];

const find = (selector, within = document) => within.querySelector(selector);
const current = () => find("#reading")?.reading;

const LETTERS = {
  j: (reading) => reading.step(1),
  k: (reading) => reading.step(-1),
  u: (reading) => reading.undo(),
  n: (reading) => reading.note(),
  v: () => document.dispatchEvent(new CustomEvent("rs-boxes:next")),
  "?": () => find("#help").showModal(),
};

const NAMED = {
  ArrowDown: (reading) => reading.step(1),
  ArrowUp: (reading) => reading.step(-1),
  Backspace: (reading) => reading.previous(),
  Enter: (reading) => reading.submit(),
  Escape: (reading) => reading.stop(),
};

/** The key as this page means it: layouts without Latin letters or with shifted digits (AZERTY) work too. */
function keyOf({ key, code, shiftKey }) {
  if (/^\d$/.test(key)) return key;
  const [, kind, sign] = /^(Digit|Key)(\w)$/.exec(code) ?? [];
  if (kind === "Digit" && !shiftKey) return sign;
  if (kind === "Key" && key.length === 1 && key > "~") return sign.toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

/** Signs such as ? and > are what they are, with whatever keys a layout makes them. */
function isShifted(event, key) {
  return event.shiftKey && !/^[^a-z ]$/.test(key);
}

function isTyping(target) {
  return target.matches?.("textarea, input:not([type=radio], [type=checkbox], [type=range])") ?? false;
}

/** Controls that have a use of their own for arrows and letters. */
function ownsKey(target, key) {
  if (target.matches?.("select, input[type=range]")) return true;
  return key.startsWith("Arrow") && (target.matches?.(".rd-text, .clinical") ?? false);
}

function isPressable(target) {
  return target.matches?.("a, button, summary, [role=separator]") ?? false;
}

function isOurs(event) {
  const written = event.getModifierState?.("AltGraph"); // [ and ] need AltGr on many keyboards
  const combined = ((event.ctrlKey || event.altKey) && !written) || event.metaKey || event.isComposing;
  return Boolean(current()) && !combined && !find("dialog[open]");
}

function singleKeys() {
  return find("#single-keys").checked;
}

/* ------------------------------------------------------------------ answers */

/** What the key meant to the active question: see reading/criterion.js. */
function answer(event) {
  const reading = current();
  const key = keyOf(event);
  if (!reading.active || reading.posting || (key.length === 1 && !singleKeys())) return "";
  if (key.startsWith("Arrow") && ownsArrows(event.target, key)) return "";
  return reading.press(key, isShifted(event, key));
}

/** Arrows stay with what has the focus: an image, a scale, a text that scrolls, the sheet of a tablet. */
function ownsArrows(target, key) {
  const inScale = target.matches?.("input[type=radio]") ?? false;
  const inViewer = target.closest?.("rs-viewer, [role=separator]") ?? null;
  return inScale || inViewer !== null || isHeld(key, target);
}

function onCapture(event) {
  if (!isOurs(event) || isTyping(event.target) || (event.repeat && !event.key.startsWith("Arrow"))) return;
  const outcome = answer(event);
  if (outcome && outcome !== "typed") event.preventDefault();
  if (outcome) event.stopPropagation();
}

/* ------------------------------------------------------------------ commands */

function pressViewer(event, key) {
  const viewer = customElements.get("rs-viewer")?.current;
  if (!viewer || (key.length === 1 && !singleKeys())) return false;
  if (event.repeat && !event.shiftKey && !viewer.holds(key) && !REPEATABLE.includes(key)) return false;
  return viewer.press(key, isShifted(event, key));
}

/** Goes back a case with the arrow that points to where one came from. */
function isBack(key, target) {
  const back = document.documentElement.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  return key === back && !target.matches?.("input, [role=separator]");
}

/** Whether the viewer that is drawn on takes a key before the page does; the way out by Tab stays the page's. */
function isHeld(key, target) {
  return key !== "Tab" && !isPressable(target) && (customElements.get("rs-viewer")?.current?.holds(key) ?? false);
}

/** Acts on a key that is not an answer; true when it did. */
function command(event) {
  const { target } = event;
  const reading = current();
  const key = keyOf(event);
  if (isHeld(key, target)) return pressViewer(event, key);
  if (ownsKey(target, key) || ((key === "Enter" || key === " ") && isPressable(target))) return false;
  if (event.repeat || isShifted(event, key)) return pressViewer(event, key);
  if (isBack(key, target)) return reading.previous();
  if (key === " " && !target.matches?.("input")) return reading.scrollText() ?? true;
  const act = NAMED[key] ?? (singleKeys() ? LETTERS[key] : undefined);
  return act ? (act(reading) ?? true) : pressViewer(event, key);
}

function onBubble(event) {
  if (event.defaultPrevented || !isOurs(event)) return;
  if (isTyping(event.target)) leaveField(event);
  else if (command(event)) event.preventDefault();
}

function leaveField(event) {
  const reading = current();
  const criterion = reading.criterionOf(event.target);
  const isReason = event.target.matches("[data-late]");
  if (event.key === "Escape" || (event.key === "Enter" && isReason)) {
    event.preventDefault();
    (criterion ?? reading.active ?? reading.criteria[0])?.element.focus();
  } else if (event.key === "Enter" && criterion && event.target.matches("input")) {
    event.preventDefault();
    reading.commit(criterion);
    if (!criterion.problem) reading.moveOn(criterion);
  }
}

function keepSwitch() {
  const box = find("#single-keys");
  box.checked = localStorage.getItem(SWITCH) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
}

keepSwitch();
document.addEventListener("keydown", onCapture, true);
document.addEventListener("keydown", onBubble);
