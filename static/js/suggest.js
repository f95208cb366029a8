// Suggest regions or events while one types; without JavaScript the server finds the name all the same.
const PAUSE_MS = 150;
for (const input of document.querySelectorAll("input[data-suggest]")) {
  const list = document.createElement("datalist");
  list.id = `${input.id}-list`;
  input.after(list);
  input.setAttribute("list", list.id);
  let waiting = 0;
  let asked = "";
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      asked = input.value.trim();
      if (!asked) return;
      const mine = asked;
      try {
        const answer = await fetch(`${input.dataset.suggest}?q=${encodeURIComponent(mine)}`);
        const found = await answer.json();
        if (mine !== asked) return; // a later question is under way
        list.textContent = "";
        list.append(...(found.regions || found.names).map((name) => new Option(name, name)));
      } catch {
        list.textContent = ""; // no signal: typing on still works
      }
    }, PAUSE_MS);
  });
}
