/* What the outbox tells of answers, and answers that meet those of another window or another device. */

import { say } from "./say.js";
import { word } from "./words.js";

/** Two windows or devices have answered one question: the answer given last stands, and the reader is told. */
function meet(reading, criterion, { token, answer, given_at: time, stands }) {
  if (stands) {
    criterion.adopt(answer, token);
    reading.refresh();
  }
  say(word(stands ? "elsewhere-stands" : "elsewhere-replaced", { question: criterion.question, time }), LASTING);
}

/** Another window of this browser has saved an answer to this case: this one shows it too. */
function follow(reading, { field, token, body }, savedAt) {
  const criterion = reading.criterion(field);
  if (!criterion || isPending(reading, field)) return;
  const { value = "", cannot_judge: cannot, reason = "" } = body;
  criterion.adopt({ value, cannot: cannot === "1", reason }, token);
  criterion.tell(criterion.answered, word("saved", { time: savedAt }));
  reading.refresh();
  say(word("other-window", { question: criterion.question, time: savedAt }), LASTING);
}

const LASTING = { lasting: true };

function isPending(reading, field) {
  return reading.box.pending(reading.key).some((entry) => entry.field === field);
}

function onSaved(reading, { entry, savedAt, elsewhere }) {
  const criterion = entry.reading === reading?.key && reading.criterion(entry.field);
  if (!criterion) return;
  const later = isPending(reading, entry.field);
  criterion.basis = entry.token;
  if (elsewhere && !later) meet(reading, criterion, elsewhere);
  if (!later) criterion.tell(criterion.answered, word("saved", { time: savedAt }));
}

function onRefused(reading, entry) {
  if (entry.reading === reading?.key) reading.criterion(entry.field)?.complain(entry.refused);
  else {
    say(word("earlier-refused", { sentence: entry.refused }), LASTING);
    customElements.get("rs-outbox").box.drop(entry.token);
  }
}

/** Listens to the outbox for as long as the page lives; `current` gives the case on the screen. */
export function watchOutbox(current) {
  document.addEventListener("rs-outbox:saved", ({ detail }) => onSaved(current(), detail));
  document.addEventListener("rs-outbox:refused", ({ detail }) => onRefused(current(), detail.entry));
  document.addEventListener("rs-outbox:other-tab", ({ detail: { entry, savedAt } }) => {
    if (entry.reading === current()?.key) follow(current(), entry, savedAt);
  });
}
