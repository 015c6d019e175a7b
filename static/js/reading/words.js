/* Small helpers of the reading page: elements, and the words that the page carries in its language. */

export const CANNOT = "__cannot_judge__";

export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];

/** A word of #reading-words, with {name} replaced by values. */
export function word(name, values = {}) {
  const said = find(`[data-word="${name}"]`, find("#reading-words").content);
  return said.textContent.replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);
}

export function make(name, attributes = {}, text = "") {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
