/* Fetches and decodes pictures, and keeps what the current and the next case need. */

import { DECODER } from "./decode.js";

const MOST_BYTES = 768 * 1024 * 1024;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A request that is repeated twice, because a dropped connection is common and soon over. */
async function persist(request) {
  for (const rest of [1000, 3000]) {
    const response = await request().catch(() => null);
    if (response && response.status < 500) return accepted(response);
    await pause(rest);
  }
  return accepted(await request());
}

function accepted(response) {
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}

function bytesOf({ levels, bitmap }) {
  if (levels) return levels.reduce((sum, level) => sum + level.raw.byteLength, 0);
  return bitmap ? bitmap.width * bitmap.height * 4 : 0;
}

export class Pictures {
  #kept = new Map(); // url -> {picture, bytes}, what was used last stands last
  #asked = new Map();
  #worker = null;

  /** The decoded picture at `url`: {levels, low, high} or {bitmap}; a JSON document as it is. */
  get(url, priority = "high") {
    const kept = this.#kept.get(url) ?? this.#begin(url, priority);
    this.#kept.delete(url);
    this.#kept.set(url, kept);
    return kept.picture;
  }

  has(url) {
    return this.#kept.has(url);
  }

  keepOnly(urls) {
    for (const url of this.#kept.keys()) if (!urls.has(url)) this.#kept.delete(url);
  }

  /** The picture at `url` as the browser decodes it, not kept here. */
  async bitmap(url) {
    const response = await persist(() => fetch(url, { priority: "low", credentials: "same-origin" }));
    return createImageBitmap(await response.blob());
  }

  #begin(url, priority) {
    const kept = { picture: this.#load(url, priority), bytes: 0 };
    kept.picture
      .then((picture) => this.#weigh(kept, picture))
      .catch(() => {
        if (this.#kept.get(url) === kept) this.#kept.delete(url); // whoever asked hears of it; the next try is new
      });
    return kept;
  }

  /** Lets go of what was not used for longest, so that long stacks do not fill the memory. */
  #weigh(kept, picture) {
    kept.bytes = bytesOf(picture);
    let sum = [...this.#kept.values()].reduce((bytes, other) => bytes + other.bytes, 0);
    for (const [url, other] of this.#kept) {
      if (sum <= MOST_BYTES) return;
      if (other === kept || other.bytes === 0) continue;
      sum -= other.bytes;
      this.#kept.delete(url);
    }
  }

  async #load(url, priority) {
    const response = await persist(() => fetch(url, { priority, credentials: "same-origin" }));
    const type = response.headers.get("Content-Type") ?? "";
    if (type.includes("json")) return response.json();
    const buffer = await response.arrayBuffer();
    const grey = type.includes("png") ? await this.#decode(buffer.slice(0)) : null;
    return grey ?? { bitmap: await createImageBitmap(new Blob([buffer], { type })) };
  }

  #decode(buffer) {
    const id = crypto.getRandomValues(new Uint32Array(1))[0];
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      this.#ready().postMessage({ id, buffer }, [buffer]);
    });
  }

  #ready() {
    if (this.#worker) return this.#worker;
    this.#worker = new Worker(DECODER, { type: "module" });
    this.#worker.onmessage = ({ data: { id, grey, problem } }) => {
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (problem) asked.reject(new Error(problem));
      else asked.resolve(grey);
    };
    this.#worker.onerror = () => {
      for (const asked of this.#asked.values()) asked.reject(new Error("the decoder stopped"));
      this.#asked.clear();
      this.#worker = null;
    };
    return this.#worker;
  }
}
