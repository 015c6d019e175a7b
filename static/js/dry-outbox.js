/* <rs-outbox> of a page that saves nothing: the tutorial and the previews. It answers as outbox.js does, keeps nothing,
   and says so. */

import { word } from "./outbox/words.js";

const box = {
  ready: Promise.resolve(),
  reason: null,
  put() {},
  pending: () => [],
  drained: async () => [],
  drop: async () => {},
  rest: () => new Promise(() => {}),
  reached() {},
  wake() {},
  newToken: () => "",
};

class DryOutbox extends HTMLElement {
  static box = box;

  connectedCallback() {
    this.textContent = word("dry");
  }
}

customElements.define("rs-outbox", DryOutbox);
