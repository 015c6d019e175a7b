/* Uploads of many files: dropped folders, chosen files, zips. One request a file, three at a time.

   <form data-upload-url="…" method="post" enctype="multipart/form-data">
     <div class="drop"> <input type="file" name="file" multiple> … </div>
   </form>

   Inputs of the form, also one with `webkitdirectory`, and anything dropped on .drop are sent as
   multipart fields `file` and `path` (the path inside the dropped folder). The server answers 2xx
   {"fate": "received" | "known" | "duplicate", "sentence": "…"} or 4xx {"error": "…"}; anything else is tried again.
   A report is put after the form, and "rs-uploads:finished" {total, refused} bubbles from the form.
   Elements with data-needs-script are shown. Without this script the form posts as it is. */

const AT_ONCE = 3;
const RESTS = [2, 4, 8, 15, 30];

const WORDS = {
  waiting: "waiting",
  sending: "sending, {percent} %",
  received: "received",
  retry: "The connection failed; trying again in {seconds} s.",
  failed: "This file could not be sent. Check the connection, then press Try again.",
  refused: "The server did not accept this file.",
  signin: "You are signed out. Sign in in another tab, then press Try again.",
  progress: "{done} of {total} files sent. Not accepted: {refused}.",
  finished: "All {total} files are sent. Not accepted: {refused}.",
  again: "Try again",
};

function word(name, values = {}) {
  const said = document.getElementById("upload-words")?.content.querySelector(`[data-word="${name}"]`);
  return (said ? said.textContent : WORDS[name]).replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
}

function make(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/* ------------------------------------------------------------------ what was dropped */

function readBatch(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** Every file below a dropped entry, with its path inside what was dropped. */
async function* walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    yield { file, path: entry.fullPath.replace(/^\//, "") };
    return;
  }
  const reader = entry.createReader();
  for (let batch = await readBatch(reader); batch.length > 0; batch = await readBatch(reader)) {
    for (const inner of batch) yield* walk(inner);
  }
}

async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((dropped) => dropped.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries) for await (const file of walk(entry)) found.push(file);
  return found;
}

/* ------------------------------------------------------------------ sending one file */

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
function post(form, { file, path }, onProgress) {
  const body = new FormData();
  body.append("path", path);
  body.append("file", file, file.name);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.dataset.uploadUrl);
    request.setRequestHeader("X-CSRFToken", csrfToken(form));
    request.setRequestHeader("Accept", "application/json");
    request.upload.onprogress = ({ loaded, total }) => onProgress(Math.round((100 * loaded) / total));
    request.onload = () => resolve(request);
    request.onerror = () => resolve(request);
    request.send(body);
  });
}

/** "done", "refused", "signin" or "retry", with the server's sentence. */
function judge(request, form) {
  const { status, responseURL } = request;
  const answer = parsed(request.responseText);
  const asked = new URL(form.dataset.uploadUrl, location.href).pathname;
  const moved = responseURL && new URL(responseURL).pathname !== asked;
  if (moved || status === 401) return { kind: "signin" };
  if (status >= 200 && status < 300 && answer.fate) {
    return { kind: ["known", "duplicate"].includes(answer.fate) ? "known" : "done", sentence: answer.sentence || word("received") };
  }
  if (status === 403 && !answer.error) return { kind: "signin" };
  if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
    return { kind: "refused", sentence: answer.error || word("refused") };
  }
  return { kind: "retry" };
}

/* ------------------------------------------------------------------ the whole upload */

class Uploads {
  constructor(form) {
    this.form = form;
    this.queue = [];
    this.total = 0;
    this.done = 0;
    this.refused = 0;
    this.sending = 0;
    this.failed = [];
    this.#buildReport();
    this.#listen();
  }

  #buildReport() {
    const label = word("progress", { done: 0, total: 0, refused: 0 });
    this.progress = make("progress", { max: "1", value: "0", "aria-label": label });
    this.state = make("p", { role: "status", class: "under" });
    this.again = make("button", { type: "button", class: "button" }, word("again"));
    this.again.hidden = true;
    this.list = make("ul", { class: "files" });
    this.report = make("section", { class: "stack" }, this.progress, this.state, this.again, this.list);
    this.report.hidden = true;
    this.form.after(this.report);
  }

  #listen() {
    const { form } = this;
    for (const shown of form.querySelectorAll("[data-needs-script]")) shown.hidden = false;
    form.addEventListener("change", (event) => this.#chosen(event.target));
    form.addEventListener("submit", (event) => event.preventDefault());
    const place = form.querySelector(".drop") ?? form;
    place.addEventListener("dragover", (event) => this.#over(event, place));
    place.addEventListener("dragleave", () => delete place.dataset.over);
    place.addEventListener("drop", (event) => this.#drop(event, place));
    this.again.addEventListener("click", () => this.#tryAgain());
    addEventListener("online", () => this.#tryAgain());
    addEventListener("beforeunload", (event) => {
      if (this.sending > 0) event.preventDefault();
    });
  }

  #chosen(input) {
    if (input.type !== "file") return;
    this.add([...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name })));
    input.value = "";
  }

  #over(event, place) {
    event.preventDefault();
    place.dataset.over = "";
  }

  async #drop(event, place) {
    event.preventDefault();
    delete place.dataset.over;
    this.add(await droppedFiles(event.dataTransfer));
  }

  add(files) {
    for (const chosen of files) {
      const fate = make("span", { class: "fate" }, word("waiting"));
      const name = make("span", { class: "name", dir: "auto" }, chosen.path);
      const line = make("li", { "data-state": "queued" }, name, fate);
      this.list.append(line);
      this.queue.push({ ...chosen, line, fate });
    }
    this.total += files.length;
    this.report.hidden = this.total === 0;
    this.#tell();
    this.#pump();
  }

  #pump() {
    while (this.sending < AT_ONCE && this.queue.length > 0) {
      this.sending += 1;
      this.#send(this.queue.shift()).finally(() => {
        this.sending -= 1;
        this.#tell();
        this.#pump();
      });
    }
  }

  async #send(one) {
    for (const rest of [...RESTS, 0]) {
      this.#mark(one, "sending", word("sending", { percent: 0 }));
      const request = await post(this.form, one, (percent) => this.#mark(one, "sending", word("sending", { percent })));
      const { kind, sentence } = judge(request, this.form);
      if (kind !== "retry") {
        this.#settle(one, kind, sentence);
        return;
      }
      if (rest === 0) break;
      this.#mark(one, "waiting", word("retry", { seconds: rest }));
      await pause(rest);
    }
    this.#settle(one, "waiting", word("failed"));
  }

  #settle(one, kind, sentence) {
    if (kind === "signin" || kind === "waiting") {
      this.#mark(one, "waiting", sentence ?? word("signin"));
      this.failed.push(one);
      return;
    }
    this.done += 1;
    if (kind === "refused") this.refused += 1;
    this.#mark(one, kind, sentence);
  }

  #mark({ line, fate }, state, text) {
    line.dataset.state = state;
    fate.textContent = text;
  }

  #tryAgain() {
    this.queue.push(...this.failed.splice(0));
    this.#tell();
    this.#pump();
  }

  #tell() {
    const { total, done, refused } = this;
    this.progress.max = Math.max(total, 1);
    this.progress.value = done;
    this.again.hidden = this.failed.length === 0;
    const finished = total > 0 && done === total;
    this.state.textContent = word(finished ? "finished" : "progress", { total, done, refused });
    if (finished && this.told !== total) {
      this.told = total;
      this.form.dispatchEvent(new CustomEvent("rs-uploads:finished", { bubbles: true, detail: { total, refused } }));
    }
  }
}

for (const form of document.querySelectorAll("form[data-upload-url]")) new Uploads(form);
