/* The list of files that are sent: of thousands it shows what matters now, so that the page stays quick.

     const lines = new Lines({onCancel: (one) => …}); section.append(lines.list, lines.rest); lines.show(all)

   `all` are {path, state, text, changed, isWhole} in the order in which they were chosen; state is "queued", "sending", "done",
   "known", "refused", "waiting" (until somebody presses Try again) or "cancelled". */

import { make, word } from "./words.js";

const MOST = 200;
const MOST_PROBLEMS = 120;
const MOST_QUEUED = 20;
const PROBLEMS = ["refused", "waiting"];
const OPEN = ["queued", "sending", "waiting"];

/** At most MOST of them: problems first, then what is being sent, what comes next, and the latest that ended. */
export function chosen(all) {
  if (all.length <= MOST) return all;
  const groups = { problem: [], sending: [], queued: [], ended: [] };
  for (const one of all) {
    const { state } = one;
    groups[PROBLEMS.includes(state) ? "problem" : state in groups ? state : "ended"].push(one);
  }
  const ended = groups.ended.sort((one, other) => other.changed - one.changed);
  const shown = [...groups.problem.slice(-MOST_PROBLEMS).reverse(), ...groups.sending, ...groups.queued.slice(0, MOST_QUEUED)];
  return [...shown, ...ended].slice(0, MOST);
}

export class Lines {
  #lines = new Map();

  constructor({ onCancel }) {
    this.onCancel = onCancel;
    this.list = make("ul", { class: "files sent", tabindex: "-1" });
    this.rest = make("p", { class: "under" });
    this.rest.hidden = true;
  }

  show(all) {
    const shown = chosen(all);
    const wanted = new Set(shown);
    const hadFocus = this.list.contains(document.activeElement);
    for (const [one, line] of this.#lines) {
      if (wanted.has(one)) continue;
      line.element.remove();
      this.#lines.delete(one);
    }
    shown.forEach((one, place) => this.#put(one, place));
    if (hadFocus && !this.list.contains(document.activeElement)) this.list.focus();
    this.#tellRest(all, wanted);
  }

  #put(one, place) {
    const line = this.#lines.get(one) ?? this.#make(one);
    const here = this.list.children[place];
    if (here !== line.element) this.list.insertBefore(line.element, here ?? null);
    if (line.element.dataset.state !== one.state) line.element.dataset.state = one.state;
    if (line.fate.textContent !== one.text) line.fate.textContent = one.text;
    const mayStop = OPEN.includes(one.state) && !one.isWhole; // what is sent as a whole may be received already
    if (line.cancel.hidden === mayStop) line.cancel.hidden = !mayStop;
  }

  #make(one) {
    const name = make("span", { class: "name", dir: "auto" }, one.path);
    const fate = make("span", { class: "fate" });
    const label = word("cancelOne", { name: one.path });
    const cancel = make("button", { type: "button", class: "button quiet", "aria-label": label }, word("cancel"));
    cancel.addEventListener("click", () => this.onCancel(one));
    const line = { element: make("li", {}, name, fate, cancel), fate, cancel };
    this.#lines.set(one, line);
    return line;
  }

  #tellRest(all, shown) {
    const counts = { n: 0, waiting: 0, done: 0, known: 0 };
    for (const one of all) {
      if (shown.has(one)) continue;
      counts.n += 1;
      if (OPEN.includes(one.state)) counts.waiting += 1;
      else if (one.state in counts) counts[one.state] += 1;
    }
    this.rest.hidden = counts.n === 0;
    if (counts.n > 0) this.rest.textContent = word("more", counts);
  }
}
