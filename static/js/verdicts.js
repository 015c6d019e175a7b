/* The keyboard of the confirmation queue: each verdict's own digit presses its button, U goes back to the last one, and
   ? shows the map. Everything works by its buttons as well. The checkbox #single-keys switches single keys off
   (WCAG 2.1.4); it is the same choice as in the reading room, and this browser remembers it. */

const SWITCH = "readerstudy-single-keys";

const find = (selector) => document.querySelector(selector);

function isTyping(target) {
  return target.matches?.("textarea, select, input:not([type=checkbox])") ?? false;
}

function digitOf({ key, code, shiftKey }) {
  if (/^\d$/.test(key)) return key;
  const [, digit] = /^(?:Digit|Numpad)(\d)$/.exec(code) ?? [];
  return shiftKey ? undefined : digit;
}

function press(event) {
  if (event.key === "?") return find("#verdict-help")?.showModal();
  if (event.key.toLowerCase() === "u") return find("#undo")?.click();
  const digit = digitOf(event);
  const button = digit && find(`[data-key="${digit}"]`);
  if (!button || button.form.dataset.sent) return undefined;
  return button.click();
}

function isOurs(event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return false;
  return !isTyping(event.target) && !find("dialog[open]") && find("#single-keys")?.checked;
}

function remember(box) {
  box.checked = localStorage.getItem(SWITCH) !== "off";
  box.addEventListener("change", () => localStorage.setItem(SWITCH, box.checked ? "on" : "off"));
}

const form = find(".verdict-keys");
form?.addEventListener("submit", () => {
  form.dataset.sent = "yes"; // a key pressed twice gives one verdict
});
if (find("#single-keys")) remember(find("#single-keys"));
const help = find("#show-keys");
if (help) {
  help.hidden = false;
  help.addEventListener("click", () => find("#verdict-help").showModal());
}
find("#verdict-title")?.focus({ preventScroll: true });
document.addEventListener("keydown", (event) => {
  if (isOurs(event)) press(event);
});
