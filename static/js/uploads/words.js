/* What the upload list says. Pages bring translations in <template id="upload-words">; these are the English ones. */

const WORDS = {
  waiting: "waiting",
  sending: "sending, {percent} %",
  checking: "sent, being checked",
  received: "received",
  known: "The same file is already in this study; it is kept once.",
  paused: "paused",
  cancelled: "not sent",
  retry: "The connection failed; trying again in {seconds} s.",
  failed: "This file could not be sent. Check the connection, then press Try again.",
  unreadable: "This file could not be read. Choose it again.",
  refused: "The server did not accept this file.",
  signin: "You are signed out. Sign in in another tab, then press Try again.",
  progress: "{done} of {total} files sent. Not accepted: {refused}.",
  finished: "All files are sent ({total}). Not accepted: {refused}.",
  bytes: "{sent} of {size}",
  left: "{sent} of {size}, about {time} left",
  more: "{n} more: {waiting} waiting, {done} received, {known} already here.",
  again: "Try again",
  pause: "Pause",
  resume: "Go on",
  cancel: "Do not send",
  cancelOne: "Do not send {name}",
};

export function word(name, values = {}) {
  const said = document.getElementById("upload-words")?.content.querySelector(`[data-word="${name}"]`);
  return (said ? said.textContent : WORDS[name]).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

function amount(value, unit, digits = 0) {
  const options = { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits };
  return new Intl.NumberFormat(document.documentElement.lang || "en", options).format(value);
}

/** Bytes as people read them. */
export function told(bytes) {
  if (bytes < 1e6) return amount(bytes / 1e3, "kilobyte");
  return bytes < 1e9 ? amount(bytes / 1e6, "megabyte") : amount(bytes / 1e9, "gigabyte", 2);
}

/** Seconds as people read them: never more exact than anybody could know. */
export function time(seconds) {
  if (seconds < 60) return amount(Math.max(5, 5 * Math.round(seconds / 5)), "second");
  return seconds < 5400 ? amount(Math.round(seconds / 60), "minute") : amount(seconds / 3600, "hour", 1);
}
