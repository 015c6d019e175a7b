/* Shows the boxes that one text's source drew, over the images of the case.

   <button data-boxes='[{"image": 0, "frame": 0, "points": [[x, y], [x, y]]}]' aria-pressed="false">Boxes (1)</button>

   `image` counts the <rs-viewer> elements of the page, points are corners in pixels of that image. One text's boxes are
   shown at a time; what the reader has drawn stays. data-label names whose boxes they are where that is no text. */

const same = (mark, box) =>
  mark.kind === "box" && mark.frame === box.frame && JSON.stringify(mark.points) === JSON.stringify(box.points);

const buttons = () => [...document.querySelectorAll("[data-boxes]")];
const viewers = () => [...document.querySelectorAll("rs-viewer")];
/** With the letter of their text, which tells them from what the reader draws. */
const boxesOf = (button) => {
  const label = button.dataset.label ?? button.closest("[data-output]")?.dataset.output;
  return JSON.parse(button.dataset.boxes).map((box) => ({ ...box, label }));
};

/** Draws these boxes and takes away all others that a text's source drew. */
function draw(boxes) {
  const given = buttons().flatMap(boxesOf);
  for (const [place, viewer] of viewers().entries()) {
    const here = (box) => box.image === place;
    const own = viewer.marks.filter((mark) => !given.filter(here).some((box) => same(mark, box)));
    const shown = boxes.filter(here).map(({ frame, points, label }) => ({ kind: "box", frame, points, label }));
    viewer.marks = [...own, ...shown];
    viewer.draw();
  }
}

function press(button, on) {
  for (const each of buttons()) each.setAttribute("aria-pressed", String(on && each === button));
  draw(on ? boxesOf(button) : []);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-boxes]");
  if (button) press(button, button.getAttribute("aria-pressed") !== "true");
});

/* The boxes of the next text, and after the last one none. */
document.addEventListener("rs-boxes:next", () => {
  const able = buttons().filter((button) => !button.disabled);
  const next = able.findIndex((button) => button.getAttribute("aria-pressed") === "true") + 1;
  if (able.length) press(able[next] ?? able[0], next < able.length);
});

/* A case that is shown again has forgotten which text's boxes were on. */
const page = document.getElementById("reading")?.parentElement;
if (page) {
  new MutationObserver(() => {
    if (buttons().length) customElements.whenDefined("rs-viewer").then(() => draw([]));
  }).observe(page, { childList: true });
}
