// Let somebody who chooses a password read what they type.
for (const input of document.querySelectorAll("input[data-reveal]")) {
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  label.className = "field__option";
  label.append(box, ` ${input.dataset.reveal}`);
  input.after(label);
  box.addEventListener("change", () => (input.type = box.checked ? "text" : "password"));
  input.form.addEventListener("submit", () => (input.type = "password"));
}
