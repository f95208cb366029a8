// Move the bar of a file that is being made; once it is finished, load the page anew.
const PAUSE_MS = 1500;

const bar = document.querySelector("[data-progress]");

async function look() {
  try {
    const answer = await fetch(bar.dataset.progress, { headers: { Accept: "application/json" } });
    if (answer.ok) {
      const job = await answer.json();
      if (job.is_finished || job.is_stuck) {
        location.reload();
        return;
      }
      if (job.total) {
        bar.max = job.total;
        bar.value = job.done;
      }
    }
  } catch {
    // No signal: the next look may have one.
  }
  setTimeout(look, PAUSE_MS);
}

if (bar) setTimeout(look, PAUSE_MS);
