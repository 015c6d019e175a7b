/* Telling the reader something for a while. */

import { find } from "./words.js";

/** Spoken politely, and shown in the footer for a while, in the place of the key hints. */
export function say(text, { lasting = false } = {}) {
  const line = find(".rd-told");
  line.textContent = text;
  clearTimeout(say.timer);
  if (!lasting) say.timer = setTimeout(() => (line.textContent = ""), 8000);
}
