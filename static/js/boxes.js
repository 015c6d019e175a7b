/* Shows the boxes that one text's source drew, over the images of the case.

   <button data-boxes='[{"image": 0, "frame": 0, "points": [[x, y], [x, y]]}]' aria-pressed="false">Boxes (1)</button>

   `image` counts the <rs-viewer> elements of the page, points are corners in pixels of that image. One text's boxes are
   shown at a time; what the reader has drawn stays. */

const same = (mark, box) =>
  mark.kind === "box" && mark.frame === box.frame && JSON.stringify(mark.points) === JSON.stringify(box.points);

const buttons = () => [...document.querySelectorAll("[data-boxes]")];
const viewers = () => [...document.querySelectorAll("rs-viewer")];
const boxesOf = (button) => JSON.parse(button.dataset.boxes);

/** Draws these boxes and takes away all others that a text's source drew. */
function draw(boxes) {
  const given = buttons().flatMap(boxesOf);
  for (const [place, viewer] of viewers().entries()) {
    const here = (box) => box.image === place;
    const own = viewer.marks.filter((mark) => !given.filter(here).some((box) => same(mark, box)));
    const shown = boxes.filter(here).map(({ frame, points }) => ({ kind: "box", frame, points }));
    viewer.marks = [...own, ...shown];
    viewer.draw();
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-boxes]");
  if (!button) return;
  const on = button.getAttribute("aria-pressed") !== "true";
  for (const each of buttons()) each.setAttribute("aria-pressed", String(on && each === button));
  draw(on ? boxesOf(button) : []);
});

/* A case that is shown again has forgotten which text's boxes were on. */
const page = document.getElementById("reading")?.parentElement;
if (page) {
  new MutationObserver(() => {
    if (buttons().length) customElements.whenDefined("rs-viewer").then(() => draw([]));
  }).observe(page, { childList: true });
}
