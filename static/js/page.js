/* What every page does: the theme changes without a reload, menus close by themselves, and a form that is on its way
   is not sent again by a second click.

   Contract: buttons with form="theme-form" name="theme" post the choice; the server keeps it in a
   cookie. Menus are <details class="menu">. Without this script both work as plain HTML. */

function applyTheme(theme) {
  const root = document.documentElement;
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  for (const button of document.querySelectorAll('button[form="theme-form"]')) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

async function keepTheme(form, theme) {
  const body = new URLSearchParams(new FormData(form));
  body.set("theme", theme);
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (cookie) body.set("csrfmiddlewaretoken", cookie[1]);
  const response = await fetch(form.action, { method: "POST", body, redirect: "manual" });
  if (response.status >= 400) throw new Error(`the theme was answered with ${response.status}`);
}

document.addEventListener("submit", (event) => {
  if (event.target.id !== "theme-form" || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  applyTheme(theme);
  closeMenus();
  keepTheme(event.target, theme).catch(reportError);
});

const PATIENCE = 15000; // milliseconds; then the first sending was given up, and a second is meant
let onTheirWay = new WeakMap();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.getAttribute("method")?.toLowerCase() !== "post") return;
  const now = performance.now();
  if (now - (onTheirWay.get(form) ?? -PATIENCE) < PATIENCE) event.preventDefault();
  else onTheirWay.set(form, now);
});

addEventListener("pageshow", () => {
  onTheirWay = new WeakMap(); // back on the page, its forms may be sent once more
});

document.addEventListener("click", (event) => {
  if (event.target instanceof Element) closeMenus(event.target.closest("details"));
});

document.addEventListener(
  "keydown",
  (event) => {
    const open = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const within = open.contains(document.activeElement);
    closeMenus();
    if (within) open.querySelector("summary").focus();
  },
  true,
);
