// Send a form once, however often its button is pressed.
// Heard at the document: another script of the form may hold the sending back, and then nothing was sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const goesElsewhere = event.submitter && event.submitter.formTarget; // the form stays open for more
  if (event.defaultPrevented || goesElsewhere || !form.matches("form[data-once]")) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
addEventListener("pageshow", () => { // the visitor came back
  for (const form of document.querySelectorAll("form[data-once]")) delete form.dataset.sent;
});
