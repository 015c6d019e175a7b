/* The viewer's words, from <template id="viewer-words"> of the page, and two small tools every part uses. */

const WORDS = {
  viewer: "image viewer",
  help:
    "Arrow keys pan, plus and minus zoom, Shift with arrow keys sets the window, " +
    "Page Up and Page Down change the frame.",
  window: "Window",
  invert: "Invert",
  rotate: "Rotate",
  flip: "Flip",
  reset: "Reset",
  full: "Full",
  link: "Link",
  tools: "Image tools",
  presets: "Window presets",
  own: "Own",
  default: "Default",
  whole: "Whole range",
  frame: "Frame",
  frames: "Frame {n} of {total}",
  play: "Play",
  pause: "Pause",
  speed: "Speed",
  playing: "Playing, {speed}×.",
  "at-speed": "Speed {speed}×.",
  paused: "Paused at frame {n} of {total}.",
  overlay: "Overlay",
  "overlay-shown": "{label}: shown",
  "overlay-hidden": "{label}: hidden",
  "overlay-failed": "The overlay could not be loaded. Check the connection, then press O again.",
  box: "Box",
  point: "Point",
  length: "Length",
  polygon: "Outline",
  remove: "Remove",
  "tool-on":
    "{tool}: arrow keys move the cross, with Shift in larger steps, Enter sets a point, " +
    "Tab selects, Delete removes, Escape ends.",
  "tool-off": "The tool is put away.",
  at: "{x}, {y}",
  set: "Point set at {x}, {y}.",
  "more-corners": "An outline needs at least three corners. Set another one.",
  "no-area": "A box needs width and height. Move the cross to the opposite corner.",
  drawn: "{mark} drawn: {measure}.",
  selected: "{mark} {n} of {total}: {measure}.",
  removed: "{mark} removed.",
  "nothing-selected": "Select a mark first, with Tab or by a click on it.",
  cancelled: "The drawing is cancelled.",
  "unit-mm": "mm",
  "unit-detector": "mm at detector",
  "unit-px": "px",
  "area-mm": "mm²",
  "area-detector": "mm² at detector",
  "area-px": "px²",
  loading: "preview",
  fetching: "loading…",
  loaded: "full range",
  colour: "full quality",
  ready: "The image is loaded in full range.",
  failed: "Only the preview could be loaded.",
  again: "Try again",
};

/** A word or sentence of the viewer, with its {places} filled. */
export function word(name, values = {}) {
  const said = document.getElementById("viewer-words")?.content.querySelector(`[data-word="${name}"]`);
  const text = said ? said.textContent : WORDS[name];
  return text.replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

/** A number as the page's language writes it, with at most `digits` decimals. */
export function number(value, digits = 1) {
  const language = document.documentElement.lang || "en";
  return value.toLocaleString(language, { maximumFractionDigits: digits, useGrouping: false });
}

export function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
