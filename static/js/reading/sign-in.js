/* Signing in again over the case, when the session has ended.

   <dialog id="sign-in" data-url="the sign-in page" data-done="the path it leads to"> with an <iframe> and a button.
   It opens by itself, but never under somebody's typing: then it waits until the field is left. Whoever closes it
   goes on with the case; it comes back with the button in the header, or with "next case". */

import { find } from "./words.js";

const FIELDS = "textarea, input:not([type=radio], [type=checkbox], [type=range])";

/** Where a frame is; nowhere while the browser shows an error of its own there. */
function pathOf(frame) {
  try {
    return frame.contentWindow.location.pathname;
  } catch {
    return "";
  }
}

export function watchForSignIn(signedIn) {
  const dialog = find("#sign-in");
  if (!dialog) return; // a page that saves nothing needs nobody signed in
  const frame = find("iframe", dialog);
  let declined = false;

  function open() {
    if (dialog.open) return;
    frame.src = dialog.dataset.url;
    dialog.showModal();
  }

  function offer({ detail: { asked } }) {
    if (!asked && declined) return;
    const field = document.activeElement;
    if (asked || !field?.matches(FIELDS)) open();
    else field.addEventListener("blur", open, { once: true });
  }

  frame.addEventListener("load", () => {
    if (pathOf(frame) === dialog.dataset.done) dialog.close("signed in");
  });
  dialog.addEventListener("close", () => {
    declined = dialog.returnValue !== "signed in";
    dialog.returnValue = "";
    frame.removeAttribute("src");
    if (!declined) signedIn();
  });
  document.addEventListener("rs-outbox:sign-in", offer);
}
