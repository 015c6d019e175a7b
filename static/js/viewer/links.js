/* Images of one case move together: the viewers that have the same parent. */

let linked = true;

export function peersOf(viewer) {
  const all = viewer.parentElement?.querySelectorAll(":scope > rs-viewer") ?? [];
  return [...all].filter((other) => other !== viewer);
}

/** The height of the tools below an image or below one beside it, whichever is more. */
export function tallestTools(viewer) {
  return Math.max(...[viewer, ...peersOf(viewer)].map((each) => each.chrome?.height ?? 0));
}

export function areLinked() {
  return linked;
}

export function toggleLink(viewer) {
  linked = !linked;
  for (const each of [viewer, ...peersOf(viewer)]) each.draw();
}

/** Lets linked images show the same part, at the same size relative to their panes; `whole` is the zoom that fits. */
export function lead(viewer, whole) {
  if (!linked) return;
  const { zoom, x, y, turn, flip, fit } = viewer.view;
  const { width, height } = viewer.meta;
  const part = { times: zoom / whole, x: x / width, y: y / height, turn, flip, fit };
  for (const other of peersOf(viewer)) other.follow(part);
}
