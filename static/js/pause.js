/* The pause: Escape stops here, as it does on the reading page. */

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.repeat) return;
  event.preventDefault();
  document.querySelector("#stop-form").requestSubmit();
});
