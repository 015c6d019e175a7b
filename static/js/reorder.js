/* Questions are put in order by dragging their handles. Up and down buttons do the same without this script.

   Contract: <ol data-reorder="URL" data-asked="phase"> of <li data-number="id">; a drop posts `order` (all numbers in the
   new order) and `asked` as an ordinary form, so that the answer is the page with whatever the study says to it. */

const words = document.querySelector("#reorder-words");

function lineAt(list, y) {
  return [...list.children].find((line) => {
    const box = line.getBoundingClientRect();
    return y < box.top + box.height / 2;
  });
}

function post(list) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = list.dataset.reorder;
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const fields = [["csrfmiddlewaretoken", token], ["asked", list.dataset.asked]];
  for (const line of list.children) fields.push(["order", line.dataset.number]);
  for (const [name, value] of fields) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}

function orderOf(list) {
  return [...list.children].map((line) => line.dataset.number).join();
}

function drag(list, line, handle, event) {
  const before = orderOf(list);
  const next = line.nextElementSibling;
  const steps = new AbortController();
  const { signal } = steps;
  handle.setPointerCapture(event.pointerId);
  line.dataset.lifted = "";
  handle.addEventListener("pointermove", (moved) => list.insertBefore(line, lineAt(list, moved.clientY) ?? null), { signal });
  const end = (isDropped) => {
    steps.abort();
    delete line.dataset.lifted;
    if (!isDropped) list.insertBefore(line, next);
    else if (orderOf(list) !== before) post(list);
  };
  handle.addEventListener("pointerup", () => end(true), { signal });
  handle.addEventListener("pointercancel", () => end(false), { signal });
  document.addEventListener("keydown", (key) => key.key === "Escape" && end(false), { signal });
}

for (const list of document.querySelectorAll("[data-reorder]")) {
  if (list.children.length < 2) continue;
  for (const line of list.children) {
    const handle = document.createElement("span");
    handle.dataset.handle = "";
    handle.title = words?.dataset.drag ?? "";
    handle.setAttribute("aria-hidden", "true");
    handle.textContent = "⠿";
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      drag(list, line, handle, event);
    });
    line.prepend(handle);
  }
}
