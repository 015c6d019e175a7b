/** Fills the screen with an element, or gives the screen back. */
export async function toggleFullScreen(element) {
  if (document.fullscreenElement === element) return document.exitFullscreen();
  if (element.hasAttribute("data-wide")) return element.removeAttribute("data-wide");
  try {
    return await element.requestFullscreen();
  } catch {
    return element.setAttribute("data-wide", ""); // a browser without the power fills its own window instead
  }
}
