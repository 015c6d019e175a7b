/* Scrolling a text within its pane. */

export function scrollPane(pane) {
  pane.scrollBy(0, pane.clientHeight * 0.85);
}

/** Brings a range of the text into sight within its pane, and moves nothing else. */
export function scrollTo(range, pane) {
  const [inner, outer] = [range.getBoundingClientRect(), pane.getBoundingClientRect()];
  if (inner.top < outer.top) pane.scrollBy(0, inner.top - outer.top - 12);
  else if (inner.bottom > outer.bottom) pane.scrollBy(0, inner.bottom - outer.bottom + 28);
}
