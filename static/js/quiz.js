// A paper one question at a time, its answers kept in the phone until the server has said yes.
// Without this script the paper is one form, all questions in a column.
const PREFIX = "paper:";
const ADVANCE_MS = 260;
const SWIPE_PX = 60;
const EDGE_PX = 24; // a swipe from the screen's edge is the browser's own "back"

const memory = window.phoneMemory;

function start(form) {
  const key = PREFIX + form.dataset.quiz;
  const ticket = form.elements.ticket.value;
  const questions = [...form.querySelectorAll(".question:not(.place)")];
  const end = form.querySelector(".quiz__end");
  const place = form.querySelector(".place"); // online: where somebody lives
  const steps = [...(place ? [place] : []), ...questions, end];
  const bar = form.querySelector(".progress");
  const review = end.querySelector(".review"); // all questions by number, before handing in
  const buttons = form.querySelector(".quiz__steps");
  const [back, next] = buttons.querySelectorAll("button");
  let current = 0;
  let isSwitchingLanguage = false; // event.submitter is unknown to older phones

  const numberOf = (question) => question.id.slice(1); // "q3", as its heading says
  const isAnswered = (step) =>
    Boolean(step.querySelector("input:checked")) ||
    [...step.querySelectorAll("select")].some((select) => select.value);

  function keep() {
    const answers = [...new FormData(form)].filter(([name]) => name !== "ticket" && name !== "show_in");
    memory.write(key, { ticket, answers });
  }

  function restore() {
    const kept = memory.read(key);
    if (kept.ticket !== ticket) return;
    for (const [name, value] of kept.answers || []) {
      for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
        if (field.type === "radio" || field.type === "checkbox") {
          if (field.value === value) field.checked = true;
        } else {
          field.value = value;
        }
      }
    }
  }

  function count() {
    const missing = questions.filter((question) => !isAnswered(question));
    const answered = questions.length - missing.length;
    bar.querySelector(".progress__bar").value = answered;
    bar.querySelector(".progress__text").textContent = bar.dataset.words
      .replace("{answered}", answered)
      .replace("{total}", questions.length);
    const state = end.querySelector("[data-state]");
    const words = [];
    if (place && !isAnswered(place)) words.push(state.dataset.place);
    if (missing.length) {
      words.push(state.dataset.missing.replace("{numbers}", missing.map(numberOf).join(state.dataset.comma)));
    }
    state.textContent = words.join(" ") || state.dataset.ready;
    questions.forEach((question, n) => {
      const isOpen = missing.includes(question);
      const button = review.children[n].firstChild;
      button.classList.toggle("review__number--open", isOpen);
      button.setAttribute("aria-label", (isOpen ? review.dataset.open : review.dataset.answered).replace("{number}", numberOf(question)));
    });
  }

  function fillReview() {
    for (const question of questions) {
      const item = document.createElement("li");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "review__number";
      button.textContent = numberOf(question);
      button.addEventListener("click", () => show(steps.indexOf(question)));
      item.append(button);
      review.append(item);
    }
    review.hidden = false;
  }

  // A finger that moves sideways turns to the next question, as the buttons do.
  function listenToSwipes() {
    let begun = null;
    form.addEventListener("touchstart", ({ touches }) => {
      const { clientX: x, clientY: y } = touches[0];
      const isEnlarged = window.visualViewport && window.visualViewport.scale > 1; // it moves the page
      begun = touches.length === 1 && !isEnlarged && x > EDGE_PX && x < innerWidth - EDGE_PX ? { x, y } : null;
    }, { passive: true });
    form.addEventListener("touchend", ({ changedTouches }) => {
      if (!begun) return;
      const across = changedTouches[0].clientX - begun.x;
      const down = changedTouches[0].clientY - begun.y;
      begun = null;
      if (Math.abs(across) >= SWIPE_PX && Math.abs(across) > 2 * Math.abs(down)) show(current - Math.sign(across));
    });
    form.addEventListener("touchcancel", () => (begun = null));
  }

  function show(index, { focus = true } = {}) {
    form.classList.toggle("quiz--back", index < current);
    current = Math.max(0, Math.min(index, steps.length - 1));
    steps.forEach((step, n) => step.classList.toggle("question--current", n === current));
    back.disabled = current === 0;
    next.hidden = current === steps.length - 1;
    count();
    if (focus) {
      form.classList.add("quiz--moved");
      steps[current].focus({ preventScroll: true });
      form.scrollIntoView({ block: "start" });
    }
  }

  function showTarget() {
    const target = steps.findIndex((step) => step.id && `#${step.id}` === location.hash);
    if (target >= 0) show(target);
  }

  const firstUnanswered = () => steps.findIndex((step) => step !== end && !isAnswered(step));

  form.noValidate = true; // a hidden question could not show the browser's own bubble
  form.classList.add("quiz--stepped");
  bar.hidden = buttons.hidden = false;
  steps.forEach((step) => step.setAttribute("tabindex", "-1"));
  fillReview();
  listenToSwipes();
  restore();
  if (steps.some(isAnswered)) keep(); // also what the server filled in, under a fresh ticket

  form.addEventListener("change", () => {
    keep();
    count();
  });
  form.addEventListener("click", (event) => {
    // A finger on the row of a single choice leads on; arrow keys only move between choices. The click
    // that a row passes on to its box counts no taps on iPhones, so the row's own click is asked too.
    const row = event.detail > 0 && event.target.closest(".choice");
    if (!row || row.querySelector("input").type !== "radio") return;
    const question = row.closest(".question");
    setTimeout(() => steps[current] === question && show(current + 1), ADVANCE_MS);
  });
  back.addEventListener("click", () => show(current - 1));
  next.addEventListener("click", () => show(current + 1));
  form.addEventListener("submit", (event) => {
    if (isSwitchingLanguage) return;
    const missing = firstUnanswered();
    if (missing < 0) return;
    event.preventDefault();
    show(missing);
  });
  for (const button of document.querySelectorAll("button[name=show_in]")) {
    button.addEventListener("click", () => (isSwitchingLanguage = true));
  }
  addEventListener("hashchange", showTarget);

  const firstMissing = firstUnanswered();
  show(firstMissing < 0 ? steps.length - 1 : firstMissing, { focus: false });
  if (location.hash) showTarget();
}

for (const form of document.querySelectorAll("form[data-quiz]")) start(form);
for (const done of document.querySelectorAll("[data-paper-done]")) memory.forget(PREFIX + done.dataset.paperDone);
