// Draw the certificate as a picture that a long press saves. A name typed for it stays in the phone:
// its field has no name and belongs to no form.
for (const section of document.querySelectorAll("[data-certificate]")) {
  const paper = section.querySelector("svg");
  const picture = section.querySelector("img");
  const field = section.querySelector(".certificate__name");
  const name = field.querySelector("input");
  const buttons = section.querySelector(".buttons");
  const status = section.querySelector("[role=status]");

  function showPaper() {
    paper.querySelector("[data-holder]").textContent = name.value.trim();
    paper.removeAttribute("hidden");
    picture.hidden = true;
    buttons.hidden = false;
    status.textContent = "";
  }

  function draw() {
    const drawn = new Image();
    drawn.onload = () => {
      const canvas = document.createElement("canvas");
      canvas.width = paper.width.baseVal.value;
      canvas.height = paper.height.baseVal.value;
      canvas.getContext("2d").drawImage(drawn, 0, 0, canvas.width, canvas.height);
      picture.src = canvas.toDataURL("image/png");
      picture.hidden = false;
      paper.setAttribute("hidden", "");
      buttons.hidden = true;
      status.textContent = status.dataset.made;
    };
    drawn.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(paper))}`;
  }

  name.value = ""; // after "back", a browser may have kept it
  field.hidden = buttons.hidden = false;
  name.addEventListener("input", showPaper);
  buttons.querySelector("button").addEventListener("click", draw);
}
