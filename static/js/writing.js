/* What a writer types is kept while it is typed: each pause goes through the outbox, which survives a dead network, a
   reload and a closed tab, and finishing waits until nothing is on its way any more.

   <form id="writing" data-draft-url="…" data-writing="a name for this case">
     <textarea name="text"></textarea> <button name="finish"> <button name="keep">
   </form>
   <rs-outbox data-reading="the same name"></rs-outbox>

   Without this script both buttons work as plain HTML. */

const TYPING_PAUSE = 900;

async function start() {
  const form = document.getElementById("writing");
  if (!form) return;
  await customElements.whenDefined("rs-outbox");
  const { box } = customElements.get("rs-outbox");
  await box.ready;
  const { draftUrl, writing } = form.dataset;
  const kept = box.pending(writing).at(-1);
  if (kept) form.elements.text.value = kept.body.text;

  form.addEventListener("input", () => {
    const body = { text: form.elements.text.value };
    box.put({ reading: writing, field: "text", url: draftUrl, body, settle: TYPING_PAUSE });
  });
  form.addEventListener("submit", async (event) => {
    if (form.dataset.ready) return;
    event.preventDefault();
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    for (const refused of await box.drained(writing)) await box.drop(refused.token); // the page itself will say why
    form.dataset.ready = "yes";
    form.requestSubmit(button);
  });
}

start().catch(reportError);
