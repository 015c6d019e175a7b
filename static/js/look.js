/* One image at large: keys decide, frames that were seen are counted, boxes are drawn instead of typed.

   #look carries data-key, data-state (what the picture is now), data-frames, data-width and data-height. Elements with
   data-key-of="y" are what a key presses. Rows of #mask hold boxes in pixels of the image; they and the marks of
   the viewer follow each other. Without this script the page is plain forms and links.

   Y, N, M and U decide wherever the focus is. Other keys go to the viewer first while something is drawn or while it has
   the focus, then to the page, then to the viewer again. The checkbox #single-keys switches off every key that is a single character (WCAG 2.1.4); this browser
   remembers the choice, as on the reading page. */

const SWITCH = "readerstudy-single-keys";
const SEEN = "readerstudy-seen-";
const SIDES = ["left", "top", "width", "height"];

const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const look = find("#look");
const viewer = find("rs-viewer", look);
const decide = find("#decide");
const panel = find("#mask");
const total = Number(look.dataset.frames);

function word(name, values) {
  const text = find("#look-words").content.querySelector(`[data-word="${name}"]`).textContent;
  return text.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

/* ------------------------------------------------------------------ what was seen */

const seen = new Set();

/** Counts the frame that is on the screen in full range, and remembers that the image was opened large. */
function noteFrame() {
  const { frame } = viewer.shown;
  seen.add(frame);
  decide.elements.seen.value = String(countSeen());
  const told = find("#frames-seen");
  if (told) told.textContent = word("seen", { seen: countSeen(), total });
  localStorage.setItem(SEEN + look.dataset.key, look.dataset.state);
}

function countSeen() {
  return Math.min(total, Math.max(seen.size, viewer.shown.seen ?? 0, 1));
}

/** Stops a yes beside boxes that are not burned in. Asks once where frames were not seen; a second yes is meant. */
function askFirst(event) {
  if (event.submitter?.value !== "confirm") return;
  const hasBoxes = panel !== null && typedMarks().length > 0;
  find("#unburned").hidden = !hasBoxes;
  if (!hasBoxes && (decide.elements.sure || countSeen() >= total)) return;
  event.preventDefault();
  if (!hasBoxes) askOnce();
}

function askOnce() {
  const sure = Object.assign(document.createElement("input"), { type: "hidden", name: "sure", value: "on" });
  decide.append(sure);
  const asked = find("#asked");
  find("[data-asked]", asked).textContent = word("asked", { seen: countSeen(), total });
  asked.hidden = false;
}

/* ------------------------------------------------------------------ boxes */

const rowsOf = () => all("tbody tr", panel);
const fieldsOf = (row) => SIDES.map((side) => find(`[name="${side}"]`, row));

/** The boxes that are typed, as marks; rows that are not complete are left out. */
function typedMarks() {
  const { frame } = viewer.shown;
  return rowsOf().flatMap((row) => {
    const [left, top, width, height] = fieldsOf(row).map((field) => (field.value === "" ? NaN : Number(field.value)));
    const whole = [left, top, width, height].every(Number.isInteger) && width > 0 && height > 0;
    return whole ? [{ kind: "box", frame, points: [[left, top], [left + width, top + height]] }] : [];
  });
}

/** Whole pixels that cover the box and lie inside the image. */
function sidesOf({ points }) {
  const [[x0, y0], [x1, y1]] = points;
  const bound = (value, most) => Math.min(Math.max(value, 0), Number(most));
  const left = bound(Math.floor(Math.min(x0, x1)), look.dataset.width);
  const top = bound(Math.floor(Math.min(y0, y1)), look.dataset.height);
  const right = bound(Math.ceil(Math.max(x0, x1)), look.dataset.width);
  const bottom = bound(Math.ceil(Math.max(y0, y1)), look.dataset.height);
  return [left, top, right - left, bottom - top];
}

function makeRow(number) {
  const row = find("#box-row").content.firstElementChild.cloneNode(true);
  find("th", row).textContent = String(number);
  for (const field of fieldsOf(row)) field.setAttribute("aria-label", field.ariaLabel.replace("{n}", String(number)));
  return row;
}

/** One row for each box that is drawn, and an empty one. */
function fillRows(marks) {
  const rows = [...marks.map(sidesOf), ["", "", "", ""]].map((sides, index) => {
    const row = makeRow(index + 1);
    fieldsOf(row).forEach((field, side) => (field.value = String(sides[side])));
    return row;
  });
  find("tbody", panel).replaceChildren(...rows);
}

/** Takes up the box tool; once a box is there, goes on to the button that burns it in. */
function startMasking() {
  if (panel.open && typedMarks().length) {
    if (viewer.pen?.tool === "box") viewer.press("b", false);
    find("button[type=submit]", panel).focus();
    return true;
  }
  panel.open = true;
  if (viewer.pen?.tool !== "box") viewer.press("b", false);
  viewer.stage?.focus();
  return true;
}

function listenToBoxes() {
  const marks = typedMarks();
  if (marks.length) viewer.marks = marks;
  fillRows(marks);
  viewer.addEventListener("rs-viewer:marked", () => {
    panel.open = true;
    fillRows(viewer.marks.filter((mark) => mark.kind === "box"));
  });
  find("tbody", panel).addEventListener("change", () => {
    viewer.marks = typedMarks();
    if (rowsOf().every((row) => fieldsOf(row).some((field) => field.value))) {
      find("tbody", panel).append(makeRow(rowsOf().length + 1));
    }
  });
  panel.addEventListener("toggle", () => {
    if (!panel.open && viewer.pen?.tool === "box") viewer.press("b", false);
  });
}

/* ------------------------------------------------------------------ keys */

/** The key as this page means it: layouts without Latin letters work too. */
function keyOf({ key, code }) {
  const [, letter] = /^Key(\w)$/.exec(code) ?? [];
  if (letter && key.length === 1 && key > "~") return letter.toLowerCase();
  return key.length === 1 ? key.toLowerCase() : key;
}

function isTyping(target) {
  return target.matches?.("textarea, select, input:not([type=radio], [type=checkbox])") ?? false;
}

/** Presses the button or follows the link that the key stands for; true where there is one. */
function pressPage(key) {
  if (key === "m" && panel) return startMasking();
  if (key === "?") return Boolean(find("#keys").showModal() ?? true);
  const wanted = key === "Backspace" ? "ArrowLeft" : key;
  const button = all("[data-key-of]").find((each) => each.dataset.keyOf === wanted);
  button?.click();
  return Boolean(button);
}

function ownsKey(target, key) {
  return key.startsWith("Arrow") && target.matches("input[type=radio], input[type=range]");
}

function onKey(event) {
  const combined = event.ctrlKey || event.metaKey || event.altKey || event.isComposing;
  if (event.defaultPrevented || combined || find("dialog[open]") || isTyping(event.target)) return;
  const key = keyOf(event);
  const shifted = event.shiftKey && key !== "?";
  if (key.length === 1 && !find("#single-keys").checked) return;
  if (ownsKey(event.target, key)) return;
  const isFresh = !event.repeat && !shifted;
  const used = viewer.holds?.(key) ? viewer.press(key, shifted) : (isFresh && pressPage(key)) || viewer.press?.(key, shifted);
  if (used) event.preventDefault();
}

/** Letters that decide belong to the page also while the viewer has the focus. */
function onCapture(event) {
  const combined = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat;
  const key = keyOf(event);
  if (combined || !viewer.stage?.contains(event.target) || !["y", "n", "m", "u"].includes(key)) return;
  if (!find("#single-keys").checked || !pressPage(key)) return;
  event.preventDefault();
  event.stopPropagation();
}

function keepSwitch() {
  const box = find("#single-keys");
  box.checked = localStorage.getItem(SWITCH) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
}

/* ------------------------------------------------------------------ the page */

async function start() {
  for (const element of all("[data-needs-script]")) element.hidden = false;
  keepSwitch();
  decide.addEventListener("submit", askFirst);
  document.addEventListener("keydown", onCapture, true);
  document.addEventListener("keydown", onKey);
  find("[data-opens-keys]").addEventListener("click", () => find("#keys").showModal());
  viewer.addEventListener("rs-viewer:loaded", noteFrame);
  await customElements.whenDefined("rs-viewer");
  if (panel) listenToBoxes();
  await viewer.settled;
  if (viewer.isFull) noteFrame();
  if (panel?.open) startMasking();
}

start().catch(reportError);
