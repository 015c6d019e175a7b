/* The sheet of a tablet held upright: how much of the screen the image has, by finger or by arrow keys. */

import { find } from "./words.js";

const SPLIT = "readerstudy-split";
const SMALLEST = 25;
const LARGEST = 80;
const STEP = { ArrowUp: -5, ArrowDown: 5 };

function setSplit(separator, percent) {
  const share = Math.round(Math.min(LARGEST, Math.max(SMALLEST, percent)));
  separator.parentElement.style.setProperty("--split", `${share}%`);
  separator.setAttribute("aria-valuenow", String(share));
  sessionStorage.setItem(SPLIT, String(share));
}

/** A case that has just come onto the page gets the share that the reader chose. */
export function recallSplit(root) {
  const separator = find(".rd-split", root);
  const share = sessionStorage.getItem(SPLIT);
  if (separator && share) setSplit(separator, Number(share));
}

export function onSplitDown(event) {
  const separator = event.target.closest(".rd-split");
  if (!separator) return;
  const { top, height } = separator.parentElement.getBoundingClientRect();
  const move = ({ clientY }) => setSplit(separator, (100 * (clientY - top)) / height);
  separator.setPointerCapture(event.pointerId);
  separator.addEventListener("pointermove", move);
  const end = () => separator.removeEventListener("pointermove", move);
  separator.addEventListener("lostpointercapture", end, { once: true });
}

export function onSplitKey(event) {
  const by = STEP[event.key];
  if (!by || !event.target.matches?.(".rd-split")) return;
  event.preventDefault();
  event.stopPropagation();
  setSplit(event.target, Number(event.target.getAttribute("aria-valuenow")) + by);
}
