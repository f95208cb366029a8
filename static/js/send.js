// Hand a paper in and say honestly how far it got. Without a signal it is sent again, by itself and on a
// button, until the server has said yes; the ticket makes sending it again harmless.
// Without this script, and wherever else the server has something to tell, the form is sent as any form.
const PREFIX = "sending:";
const PAUSES_S = [2, 4, 8, 15, 30, 60];
const PATIENCE_MS = 20000;
const LATER = [408, 425, 429]; // and whatever begins with 5: the server will have time soon

const memory = window.phoneMemory;
const ticketOf = (paper) => new URLSearchParams(paper).get("ticket");
const held = (key) => memory.read(key).papers || []; // by tickets: another tab may hold another one

function start(form) {
  const key = PREFIX + form.dataset.quiz;
  const panel = form.querySelector("[data-sending]");
  const again = panel.querySelector("button");
  const open = panel.querySelector("a");
  let paper = ""; // what is to be handed in, and not known to be there yet
  let isUnderWay = false;
  let isKept = true;
  let failures = 0;
  let timer = 0;
  let pressed = null; // event.submitter is unknown to older phones

  const others = () => held(key).filter((other) => ticketOf(other) !== ticketOf(paper));

  function tell(state) {
    panel.querySelector("p").textContent = panel.dataset[state];
    again.hidden = state !== "waiting" && state !== "unkept";
    open.hidden = state !== "done";
    panel.hidden = false;
    form.classList.add("quiz--sending");
  }

  function wait() {
    tell(isKept ? "waiting" : "unkept");
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
      const isOurs = !response.ok || response.redirected; // else a hotspot's greeting, not our server's word
      const isReceipt = response.ok && /json/.test(response.headers.get("Content-Type"));
      const receipt = (isReceipt && (await response.json()).receipt) || "";
      return { isLater: !isOurs || response.status >= 500 || LATER.includes(response.status), receipt };
    } catch {
      return { isLater: true, receipt: "" }; // no signal, or the reply was lost
    } finally {
      clearTimeout(end);
    }
  }

  async function send() {
    if (isUnderWay) return;
    clearTimeout(timer);
    isUnderWay = true;
    isKept = memory.write(key, { papers: [...others(), paper] });
    tell("now");
    const { isLater, receipt } = await ask();
    isUnderWay = false;
    if (!receipt && isLater) {
      wait();
      return;
    }
    const papers = others();
    if (receipt || papers.length) memory.write(key, { papers, receipt });
    else memory.forget(key);
    if (!receipt) {
      sendAsForm(); // the page that the server answers says what to do
    } else if (papers.length) {
      paper = papers[0];
      send();
    } else {
      paper = "";
      finish(receipt);
      location.assign(receipt);
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

  const { receipt } = memory.read(key);
  [paper = ""] = held(key); // of this visit or the last one: its ticket stands in it
  if (paper) send();
  else if (receipt) finish(receipt); // handed in, but its page never came
}

if (window.fetch && window.AbortController) {
  for (const form of document.querySelectorAll("form[data-quiz]")) start(form);
}
for (const done of document.querySelectorAll("[data-paper-done]")) {
  const key = PREFIX + done.dataset.paperDone;
  if (held(key).length) memory.write(key, { papers: held(key) });
  else memory.forget(key);
}
