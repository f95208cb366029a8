// Hand a paper in and say honestly how far it got. Without a signal it is sent again, by itself and on a
// button, until the server has said yes; the ticket makes sending it again harmless.
// Without this script, and wherever else the server has something to tell, the form is sent as any form.
const PREFIX = "sending:";
const PAUSES_S = [2, 4, 8, 15, 30, 60];
const PATIENCE_MS = 20000;
const LATER = [429, 502, 503, 504]; // the server will have time soon

const memory = window.phoneMemory;

function start(form) {
  const key = PREFIX + form.dataset.quiz;
  const panel = form.querySelector("[data-sending]");
  const again = panel.querySelector("button");
  const open = panel.querySelector("a");
  let paper = ""; // what is to be handed in, and not known to be there yet
  let isUnderWay = false;
  let failures = 0;
  let timer = 0;
  let pressed = null; // event.submitter is unknown to older phones

  function tell(state) {
    panel.querySelector("p").textContent = panel.dataset[state];
    again.hidden = state !== "waiting";
    open.hidden = state !== "done";
    panel.hidden = false;
    form.classList.add("quiz--sending");
  }

  function wait() {
    tell("waiting");
    const pause = PAUSES_S[Math.min(failures, PAUSES_S.length - 1)];
    failures += 1;
    timer = setTimeout(send, pause * 1000 * (1 + Math.random() / 4)); // a hall must not knock all at once
  }

  async function ask() {
    const patience = new AbortController();
    const end = setTimeout(() => patience.abort(), PATIENCE_MS);
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new URLSearchParams(paper),
        headers: { Accept: "application/json" },
        credentials: "same-origin",
        signal: patience.signal,
      });
      const isReceipt = response.ok && /json/.test(response.headers.get("Content-Type"));
      return { status: response.status, receipt: isReceipt ? (await response.json()).receipt : "" };
    } catch {
      return { status: 0, receipt: "" }; // no signal, or the reply was lost
    } finally {
      clearTimeout(end);
    }
  }

  async function send() {
    if (isUnderWay) return;
    clearTimeout(timer);
    isUnderWay = true;
    memory.write(key, { paper });
    tell("now");
    const { status, receipt } = await ask();
    isUnderWay = false;
    if (receipt) {
      paper = "";
      memory.write(key, { receipt });
      finish(receipt);
      location.assign(receipt);
    } else if (!status || LATER.includes(status)) {
      wait();
    } else {
      memory.forget(key);
      sendAsForm(); // the page that the server answers says what to do
    }
  }

  function sendAsForm() {
    const plain = document.createElement("form");
    plain.method = "post";
    plain.action = form.action;
    for (const [name, value] of new URLSearchParams(paper)) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      plain.append(field);
    }
    document.body.append(plain);
    plain.submit();
  }

  function finish(receipt) {
    open.href = receipt;
    tell("done");
  }

  function resume() {
    if (paper && !document.hidden) send();
  }

  document.addEventListener("click", ({ target }) => (pressed = target.closest("button")));
  form.addEventListener("submit", (event) => {
    const button = event.submitter || pressed;
    if (event.defaultPrevented || (button && button.name)) return; // incomplete, or asked for other letters
    event.preventDefault();
    paper = new URLSearchParams(new FormData(form)).toString();
    send();
  });
  again.addEventListener("click", send);
  addEventListener("online", resume);
  addEventListener("pageshow", resume);
  document.addEventListener("visibilitychange", resume);

  const before = memory.read(key);
  if (before.receipt) finish(before.receipt); // handed in, but its page never came
  else if (before.paper) {
    paper = before.paper; // of this visit or the last one: its ticket stands in it
    send();
  }
}

if (window.fetch && window.AbortController) {
  for (const form of document.querySelectorAll("form[data-quiz]")) start(form);
}
for (const done of document.querySelectorAll("[data-paper-done]")) memory.forget(PREFIX + done.dataset.paperDone);
