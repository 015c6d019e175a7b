/* One request of the outbox, and what its answer means. */

import { word } from "./words.js";

const PATIENCE = 20_000;
const MOST_KEPT_ALIVE = 8000; // browsers allow 64 kB for all requests that may outlive their page

export function newToken() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // plain http has no randomUUID
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** The token of the cookie is the fresh one after signing in again in another tab. */
function csrfToken() {
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  return cookie ? cookie[1] : (document.querySelector('input[name="csrfmiddlewaretoken"]')?.value ?? "");
}

async function errorOf(response) {
  try {
    const { error } = await response.json();
    return typeof error === "string" ? error : "";
  } catch {
    return ""; // not JSON: a proxy's or a framework's own page, which has no sentence for the reader
  }
}

/** {kind: "saved" | "refused" | "sign-in" | "waiting", savedAt, elsewhere, error, missing} for one request. */
export async function send(entry) {
  const age = Math.max(0, Date.now() - (entry.made ?? Date.now())); // the server's clock is the one that counts
  const about = { token: entry.token, based_on: entry.basis ?? "", age, csrfmiddlewaretoken: csrfToken() };
  const body = new URLSearchParams({ ...entry.body, ...about });
  const response = await fetch(entry.url, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": csrfToken(), Accept: "application/json" },
    redirect: "manual",
    keepalive: body.toString().length < MOST_KEPT_ALIVE,
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (response.ok) {
    const { saved_at: savedAt, elsewhere } = await response.json();
    return { kind: "saved", savedAt, elsewhere };
  }
  if (response.type === "opaqueredirect" || response.status === 401) return { kind: "sign-in" };
  if (response.status >= 500 || [408, 425, 429].includes(response.status)) return { kind: "waiting" };
  const error = await errorOf(response);
  const missing = [403, 404, 410].includes(response.status);
  if (error) return { kind: "refused", error, missing };
  return response.status === 403 ? { kind: "sign-in" } : { kind: "refused", error: word("missing"), missing };
}
