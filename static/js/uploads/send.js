/* How a file reaches the server: small ones in one request, large ones in parts that survive a lost connection.

     await send(one, {form, onProgress, signal})   → {kind, sentence}
     await askKnown(form, files)                   → {kind: "done", known: Set} or another kind
     await giveUp(one, form)                       forgets what was sent of a large file

   `one` is {file, path, size, sha256}. The form has data-upload-url, data-transfers-url and data-known-url. kind is "done",
   "known", "refused", "later", "signin", "retry" or, after an abort, "stopped". The parts speak tus 1.0.0; where a
   large file went on is kept in localStorage by its hash and size, so that it goes on after a reload as well. */

import { word } from "./words.js";

const LARGE = 16 * 1024 * 1024;
const PART = 8 * 1024 * 1024;
const DAY = 24 * 3600 * 1000;
const PLACE = "readerstudy-transfer:";
const BUSY = 423; // the server has the last part of the file in hand
const PATIENCE_OF_GIVING_UP = [0.5, 1, 2, 4, 8];
const TUS = { "Tus-Resumable": "1.0.0" };

function csrfToken(form) {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  return cookie ? cookie[1] : form.elements.csrfmiddlewaretoken.value;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {}; // a page of a proxy or a sign-in form: there is no sentence in it for the person
  }
}

/** XMLHttpRequest, because fetch does not tell how much of a large file has gone. */
function ask(method, url, { form, headers = {}, body = null, onProgress, signal }) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const end = () => {
      signal?.removeEventListener("abort", stop);
      const moved = request.responseURL && new URL(request.responseURL).pathname !== new URL(url, location.href).pathname;
      resolve({
        status: moved ? 401 : request.status,
        header: (name) => request.getResponseHeader(name),
        answer: parsed(request.responseText),
        stopped: signal?.aborted ?? false,
      });
    };
    request.open(method, url);
    request.setRequestHeader("X-CSRFToken", csrfToken(form));
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    if (onProgress) request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onloadend = end;
    signal?.addEventListener("abort", stop);
    request.send(body);
    if (signal?.aborted) stop();
  });
}

/** What an answer means that did not say what became of the file. */
function judge({ status, header, answer, stopped }) {
  if (stopped) return { kind: "stopped" };
  if (status === 401 || (status === 403 && !answer.error)) return { kind: "signin" };
  if (status === 413 && header("Retry-After")) return { kind: "later", sentence: answer.error };
  if (status >= 400 && status < 500 && ![408, 423, 425, 429].includes(status)) {
    return { kind: "refused", sentence: answer.error || word("refused") };
  }
  return { kind: "retry" };
}

/** What became of the file, or what the answer means where it does not say. */
function fateOf(response) {
  const { fate, reason, sentence, error } = response.answer;
  if (!fate || (response.status >= 300 && fate !== "refused")) return judge(response);
  if (fate === "refused") return { kind: "refused", sentence: error || reason || word("refused") };
  if (fate === "duplicate") return { kind: "known", sentence: sentence || reason || word("known") };
  return { kind: "done", sentence: sentence || reason || word("received") };
}

/** Which of these files the server has; it notes their names, by which a table may call them. The caller sends the others. */
export async function askKnown(form, files) {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ sha256: files.map((one) => one.sha256), path: files.map((one) => one.path) });
  const response = await ask("POST", form.dataset.knownUrl, { form, headers, body });
  if (response.status !== 200 || !Array.isArray(response.answer.known)) return judge(response);
  return { kind: "done", known: new Set(response.answer.known) };
}

/** Whether a file goes in parts, so that stopping it loses nothing. */
export function isLarge({ size }) {
  return size > LARGE;
}

export async function send(one, options) {
  const answer = await (isLarge(one) ? sendParts(one, options) : sendWhole(one, options));
  if (answer.kind !== "retry" || (await isReadable(one))) return answer;
  return { kind: "refused", sentence: word("unreadable") };
}

/** A file that was moved or changed since it was chosen fails like a connection, but trying again is no use. */
async function isReadable({ file, size }) {
  const last = await file.slice(Math.max(0, size - 1), size).arrayBuffer().catch(() => null);
  return last !== null && last.byteLength === Math.min(1, size);
}

async function sendWhole({ file, path }, { form, onProgress, signal }) {
  const body = new FormData();
  body.append("path", path);
  body.append("file", file, file.name);
  return fateOf(await ask("POST", form.dataset.uploadUrl, { form, body, onProgress, signal }));
}

/* ------------------------------------------------------------------ in parts */

async function sendParts(one, { form, onProgress, signal }) {
  const begun = await begin(one, form, signal);
  if (!begun.url) return begun;
  let { offset } = begun;
  const { url } = begun;
  while (offset < one.size) {
    const from = offset;
    onProgress(from);
    const response = await patch(one, url, from, { form, signal, onProgress: (loaded) => onProgress(from + loaded) });
    const goesOn = ["204", "409"].includes(String(response.status)) ? response.header("Upload-Offset") : null;
    if (goesOn === null) return lost(one, form, response);
    offset = Number(goesOn);
    if (response.status === 204 && offset === from) return { kind: "retry" }; // the file gave no bytes
  }
  onProgress(offset);
  return finish(one, url, { form, signal });
}

function patch({ file }, url, offset, options) {
  const headers = { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" };
  return ask("PATCH", url, { ...options, headers, body: file.slice(offset, offset + PART) });
}

/** Where a large file goes on, or a new transfer; {url, offset} or what the answer means. */
async function begin(one, form, signal) {
  const url = remembered(one, form);
  if (url) {
    const response = await ask("HEAD", url, { form, headers: TUS, signal });
    if (response.status === 200) return { url, offset: Number(response.header("Upload-Offset")) };
    if (![404, 410].includes(response.status)) return judge(response);
    forget(one, form);
  }
  const headers = { ...TUS, "Upload-Length": String(one.size), "Upload-Metadata": `path ${base64(one.path)}` };
  const response = await ask("POST", form.dataset.transfersUrl, { form, headers, signal });
  if (response.status !== 201) return judge(response);
  remember(one, form, response.header("Location"));
  return { url: response.header("Location"), offset: Number(response.header("Upload-Offset")) };
}

/** Asks what became of a file that has arrived; a server that died just then is told to look at it again. */
async function finish(one, url, { form, signal }) {
  let response = await ask("GET", url, { form, signal });
  if (response.status === 200 && !response.answer.fate) {
    const checked = await patch(one, url, one.size, { form, signal });
    if (checked.status !== 204) return judge(checked);
    response = await ask("GET", url, { form, signal });
  }
  const fate = fateOf(response);
  if (["done", "known", "refused"].includes(fate.kind)) forget(one, form);
  return fate;
}

/** A transfer that is gone begins anew with the next try. */
function lost(one, form, response) {
  if (![404, 410].includes(response.status)) return judge(response);
  forget(one, form);
  return { kind: "retry" };
}

export async function giveUp(one, form) {
  const url = remembered(one, form);
  forget(one, form);
  for (const rest of url ? PATIENCE_OF_GIVING_UP : []) {
    const { status } = await ask("DELETE", url, { form, headers: TUS });
    if (status !== BUSY) return;
    await new Promise((resolve) => setTimeout(resolve, rest * 1000));
  }
}

/** UTF-8 in base64, as tus wants metadata. */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/* ------------------------------------------------------------------ where large files go on */

const begunHere = new Map(); // also serves where the browser keeps nothing

function placeOf({ sha256, size }, form) {
  return `${PLACE}${form.dataset.transfersUrl}:${sha256}:${size}`;
}

function remember(one, form, url) {
  begunHere.set(one, url);
  if (one.sha256) withStorage((storage) => storage.setItem(placeOf(one, form), JSON.stringify({ url, at: Date.now() })));
}

function remembered(one, form) {
  if (begunHere.has(one)) return begunHere.get(one);
  const kept = one.sha256 ? withStorage((storage) => storage.getItem(placeOf(one, form))) : null;
  return kept ? parsed(kept).url : undefined;
}

function forget(one, form) {
  begunHere.delete(one);
  withStorage((storage) => storage.removeItem(placeOf(one, form)));
}

/** Forgets what the server has forgotten by now. */
export function forgetOld() {
  withStorage((storage) => {
    for (const place of Object.keys(storage).filter((name) => name.startsWith(PLACE))) {
      if (!(parsed(storage.getItem(place)).at > Date.now() - DAY)) storage.removeItem(place);
    }
  });
}

function withStorage(work) {
  try {
    return work(localStorage);
  } catch {
    return null; // a private window may refuse it, or it is full; then a reload begins anew
  }
}
