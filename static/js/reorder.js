/* Questions are put in order by dragging their handles. Up and down buttons do the same without this script.

   Contract: <ol data-reorder="URL" data-asked="phase"> of <li data-number="id">; a drop posts `order` (all numbers in the
   new order) and `asked` as an ordinary form, so that the answer is the page with whatever the study says to it. */

const words = document.querySelector("#reorder-words");

/* Above which line a drop at this height puts a line; null is the end. */
function lineBelow(list, y) {
  return (
    [...list.children].find((line) => {
      const box = line.getBoundingClientRect();
      return y < box.top + box.height / 2;
    }) ?? null
  );
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

function showDrop(list, below) {
  for (const line of list.children) delete line.dataset.drop;
  if (below) below.dataset.drop = "before";
  else list.lastElementChild.dataset.drop = "after";
}

function drag(list, line, handle, event) {
  const steps = new AbortController();
  const { signal } = steps;
  handle.setPointerCapture(event.pointerId);
  line.dataset.lifted = "";
  const end = (y) => {
    steps.abort();
    for (const each of list.children) {
      delete each.dataset.drop;
      delete each.dataset.lifted;
    }
    if (y === null) return;
    const below = lineBelow(list, y);
    if (below === line || below === line.nextElementSibling) return;
    list.insertBefore(line, below);
    post(list);
  };
  handle.addEventListener("pointermove", (moved) => showDrop(list, lineBelow(list, moved.clientY)), { signal });
  handle.addEventListener("pointerup", (dropped) => end(dropped.clientY), { signal });
  handle.addEventListener("pointercancel", () => end(null), { signal });
  document.addEventListener("keydown", (key) => key.key === "Escape" && end(null), { signal });
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
