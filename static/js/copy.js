// Copy a text shown on the page; without JavaScript one selects it by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue; // only on https, or on the machine itself
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    } catch {
      button.hidden = true; // forbidden: the text still stands beside it
    }
  });
}
