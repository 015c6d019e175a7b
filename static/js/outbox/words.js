/* What the outbox says, in the page's language; English where a page has no words for it. */

const WORDS = {
  saved: "saved {time}",
  saving: "saving…",
  waiting: "waiting for the network ({n})",
  "sign-in": "sign in again to save",
  refused: "not accepted ({n})",
  dry: "nothing is saved here",
  missing: "This is no case of whoever is signed in now. Sign in as yourself; what you typed is kept until then.",
};

export function word(name, values = {}) {
  const said = document.getElementById("reading-words")?.content.querySelector(`[data-word="${name}"]`);
  return (said ? said.textContent : WORDS[name]).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}
