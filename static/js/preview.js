// Show the question of a form as a phone will, while one writes it.
const PREVIEW_PAUSE_MS = 500;
for (const form of document.querySelectorAll("form[data-preview]")) {
  const panel = document.getElementById(form.dataset.panel);
  let waiting = 0;
  let latest = 0;

  async function refresh() {
    const mine = ++latest;
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form) });
      const html = await answer.text();
      if (mine === latest && (answer.ok || answer.status === 422)) panel.innerHTML = html;
    } catch {
      // No signal: the last preview stays, and saving works as before.
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, PREVIEW_PAUSE_MS);
  });
  refresh();
}
