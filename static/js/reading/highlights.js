/* Passages of a text on the page. Places count code points of its textContent, as the server does.

   Highlights are painted with the browser's highlight registry, so that the text itself is never touched. A browser
   without one shows no colours; every passage also stands in words beside its question. */

const registry = globalThis.CSS?.highlights;

/** Code points before a place that counts UTF-16 units, and back. */
export const toPoints = (text, units) => [...text.slice(0, units)].length;
export const toUnits = (text, points) => [...text].slice(0, points).join("").length;

/** The DOM range of a passage {start, end} in code points; null where the text does not reach so far. */
export function rangeOf(element, { start, end }) {
  const text = element.textContent;
  const first = placeAt(element, toUnits(text, start), false);
  const last = placeAt(element, toUnits(text, end), true);
  if (!first || !last) return null;
  const range = new Range();
  range.setStart(...first);
  range.setEnd(...last);
  return range;
}

/** {start, end} of a DOM range within an element, without white space at its ends; null where nothing is left. */
export function passageOf(element, range) {
  if (!element.contains(range.startContainer) || !element.contains(range.endContainer)) return null;
  const before = new Range();
  before.selectNodeContents(element);
  before.setEnd(range.startContainer, range.startOffset);
  const text = element.textContent;
  const from = before.toString().length;
  const words = range.toString();
  const begin = from + words.length - words.trimStart().length;
  const end = from + words.trimEnd().length;
  return begin < end ? { start: toPoints(text, begin), end: toPoints(text, end) } : null;
}

export function wordsOf(element, { start, end }) {
  return [...element.textContent].slice(start, end).join("");
}

/** Paints these ranges under a name that the stylesheet knows, in place of what was painted under it before. */
export function paint(name, ranges) {
  if (!registry) return;
  const there = ranges.filter(Boolean);
  if (there.length) registry.set(name, new Highlight(...there));
  else registry.delete(name);
}

function placeAt(element, units, atEnd) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let left = units;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left < node.length || (atEnd && left === node.length)) return [node, left];
    left -= node.length;
  }
  return null;
}
