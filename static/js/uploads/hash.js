/* SHA-256 of files of any size, away from the page's thread. This file is the module that pages import and the
   worker that it starts: the browser's own crypto.subtle wants HTTPS and the whole file in memory.

     const hasher = new Hasher((id, sha256) => …)   // sha256 is "" where the file cannot be read
     hasher.hash(id, file, size); hasher.forget(id)
     new Sha256().update(bytes).hex() */

const SLICE = 4 * 1024 * 1024;

// prettier-ignore
const ROUND = new Int32Array([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);
// prettier-ignore
const START = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const BLOCK = 64;

/** SHA-256 (FIPS 180-4) over bytes that come one piece after the other. */
export class Sha256 {
  #state = new Int32Array(START);
  #words = new Int32Array(64);
  #waiting = new Uint8Array(BLOCK);
  #filled = 0;
  #length = 0;

  update(bytes) {
    this.#length += bytes.length;
    let at = 0;
    if (this.#filled > 0) {
      at = Math.min(BLOCK - this.#filled, bytes.length);
      this.#waiting.set(bytes.subarray(0, at), this.#filled);
      this.#filled += at;
      if (this.#filled < BLOCK) return this;
      this.#digest(this.#waiting, 0);
    }
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.#digest(bytes, at);
    this.#waiting.set(bytes.subarray(at));
    this.#filled = bytes.length - at;
    return this;
  }

  /** Ends it: nothing may be added afterwards. */
  hex() {
    const length = this.#length;
    const end = new Uint8Array(this.#filled < BLOCK - 8 ? BLOCK : 2 * BLOCK);
    end.set(this.#waiting.subarray(0, this.#filled));
    end[this.#filled] = 0x80;
    const view = new DataView(end.buffer);
    view.setUint32(end.length - 8, Math.floor(length / 0x20000000));
    view.setUint32(end.length - 4, (length * 8) % 0x100000000);
    for (let at = 0; at < end.length; at += BLOCK) this.#digest(end, at);
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #digest(bytes, at) {
    const words = this.#words;
    const state = this.#state;
    for (let i = 0; i < 16; i += 1, at += 4) {
      words[i] = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    }
    for (let i = 16; i < 64; i += 1) {
      const x = words[i - 15];
      const y = words[i - 2];
      const low = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const high = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = (words[i - 16] + low + words[i - 7] + high) | 0;
    }
    let a = state[0];
    let b = state[1];
    let c = state[2];
    let d = state[3];
    let e = state[4];
    let f = state[5];
    let g = state[6];
    let h = state[7];
    for (let i = 0; i < 64; i += 1) {
      const high = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const first = (h + high + (g ^ (e & (f ^ g))) + ROUND[i] + words[i]) | 0;
      const low = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (low + ((a & b) ^ (c & (a ^ b)))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

/** Hashes files one after the other in a worker; `onHash` is told in the order in which they were given. */
export class Hasher {
  #worker = null;
  #open = new Set();

  constructor(onHash) {
    this.onHash = onHash;
  }

  get busy() {
    return this.#open.size > 0;
  }

  hash(id, file, size = file.size) {
    this.#open.add(id);
    this.#started().postMessage({ id, file, size });
  }

  forget(id) {
    if (this.#open.delete(id)) this.#worker.postMessage({ id, forget: true });
  }

  #started() {
    if (this.#worker) return this.#worker;
    this.#worker = new Worker(import.meta.url, { type: "module" });
    this.#worker.onmessage = ({ data }) => {
      if (this.#open.delete(data.id)) this.onHash(data.id, data.sha256);
    };
    this.#worker.onerror = () => {
      this.#worker = null; // it could not be loaded; the next file starts another
      for (const id of [...this.#open]) {
        this.#open.delete(id);
        this.onHash(id, "");
      }
    };
    return this.#worker;
  }
}

/* ------------------------------------------------------------------ within the worker */

async function sha256Of(file, size, isWanted) {
  const digest = new Sha256();
  for (let at = 0; at < size && isWanted(); at += SLICE) {
    const bytes = new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
    if (bytes.length !== Math.min(SLICE, size - at)) return "";
    digest.update(bytes);
  }
  return digest.hex();
}

function serve(scope) {
  const unwanted = new Set();
  let last = Promise.resolve();
  scope.onmessage = ({ data: { id, file, size, forget } }) => {
    if (forget) {
      unwanted.add(id);
      return;
    }
    last = last.then(async () => {
      // A file that was moved or changed since it was chosen cannot be read, or is shorter; the page tells that.
      const sha256 = await sha256Of(file, size, () => !unwanted.has(id)).catch(() => "");
      if (!unwanted.delete(id)) scope.postMessage({ id, sha256 });
    });
  };
}

if (typeof DedicatedWorkerGlobalScope !== "undefined" && self instanceof DedicatedWorkerGlobalScope) serve(self);
