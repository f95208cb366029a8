// Larger letters at once, without a new page: a paper stays where it is, signal or no signal. The
// server only remembers the choice.
for (const button of document.querySelectorAll("button[name=display]")) {
  button.addEventListener("click", (event) => {
    event.preventDefault();
    document.documentElement.classList.toggle("elder", button.value === "elder");
    document.querySelector(`button[name=display]:not([value=${button.value}])`).focus();
    fetch(button.dataset.keep, {
      method: "POST",
      body: new URLSearchParams({ display: button.value }),
      redirect: "manual",
      keepalive: true,
    }).catch(() => {}); // no signal: the letters are large all the same
  });
}
