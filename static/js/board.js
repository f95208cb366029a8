// Keep a big screen up to date for as long as it hangs: ask for the numbers, say plainly when they
// are old, and never leave the page, which would be lost if the network failed just then.
const PATIENCE_MS = 10_000;
const LONGEST_PAUSE_MS = 60_000;
const SPREAD = 0.2; // so that many screens do not ask at the same instant
const STALE_MS = 30_000;

const language = document.documentElement.lang;
const script = language === "zh-Hant" ? "zh_hant" : language.slice(0, 2);
const said = (words) => (words ? words[script] || words.zh : "");
const plain = new Intl.NumberFormat(language);
const percent = new Intl.NumberFormat(language, { style: "percent" });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

let board = document.querySelector("[data-board]");
let tag = board.dataset.tag;
let pause = Number(board.dataset.pause) * 1000;
let faults = 0;
let answeredAt = new Date();
let timer = 0;
let isAsking = false;

const find = (name, within = board) => within.querySelector(`[data-${name}]`);
const fill = (words, values) => words.replace(/\{(\w+)\}/g, (hole, name) => (name in values ? values[name] : hole));

function write(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

function tell() {
  const status = find("status");
  const is_old = faults > 0 && Date.now() - answeredAt > Math.min(STALE_MS, pause * 2);
  const state = !navigator.onLine ? "offline" : is_old ? "stale" : "live";
  board.classList.toggle("board--old", state !== "live");
  write(status, fill(status.dataset[state], { time: clock.format(answeredAt) }));
}

// What changes the page itself: it is fetched anew and put in place.
function hasOtherShape(shown) {
  const { state, join, title, teams, raceBy } = board.dataset;
  const ids = shown.race.teams.map((team) => team.id).sort((a, b) => a - b).join(" ");
  return shown.state !== state || (shown.join ? shown.join.code : "") !== join || said(shown.event.title) !== title || ids !== teams || shown.race.by !== raceBy;
}

async function renew(signal) {
  const answer = await fetch(location.href, { signal, cache: "no-store" });
  if (!answer.ok) throw new Error(answer.status);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-board]");
  board.replaceWith(document.adoptNode(fresh));
  board = fresh;
}

function race(shown) {
  const list = find("race");
  if (!list) return;
  const words = find("words").dataset;
  const most = Math.max(1, ...shown.race.teams.map((team) => team.attempts));
  const isByRoster = shown.race.by === "roster";
  shown.race.teams.forEach((team, place) => {
    const line = list.querySelector(`[data-team="${team.id}"]`);
    if (list.children[place] !== line) list.insertBefore(line, list.children[place]);
    const isKnown = team.share !== null;
    const isOver = isKnown && team.share > 1;
    const share = isOver ? `>${percent.format(1)}` : isKnown ? percent.format(team.share) : "–";
    write(find("figure", line), isByRoster ? share : plain.format(team.attempts));
    const length = isByRoster ? Math.min(team.share || 0, 1) : team.attempts / most;
    find("fill", line).setAttribute("width", (length * 100).toFixed(1));
    const sentence = !isByRoster ? words.plain : !isKnown ? words.unknown : isOver ? words.over : words.of;
    write(find("note", line), fill(sentence, { devices: plain.format(team.devices), roster: plain.format(team.roster_size || 0) }));
  });
}

function show(shown) {
  for (const number of board.querySelectorAll("[data-number]")) {
    write(number, plain.format(shown[number.dataset.number]));
  }
  race(shown);
  const lesson = find("lesson");
  if (!lesson) return;
  lesson.hidden = !shown.missed;
  board.classList.toggle("board--lesson", Boolean(shown.missed));
  if (!shown.missed) return;
  write(find("topic"), said(shown.missed.topic));
  write(find("why"), said(shown.missed.explanation));
  write(find("of-ten", lesson), fill(find("words").dataset.ofTen, { number: shown.missed.of_ten }));
}

async function ask() {
  if (isAsking) return;
  isAsking = true;
  clearTimeout(timer);
  const patience = new AbortController();
  const { signal } = patience;
  const givingUp = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const headers = tag ? { "If-None-Match": `W/"${tag}"` } : {};
    const answer = await fetch(board.dataset.board, { headers, signal, cache: "no-store" });
    if (answer.status !== 304) {
      if (!answer.ok) throw new Error(answer.status);
      const shown = await answer.json();
      if (hasOtherShape(shown)) await renew(signal);
      show(shown);
      pause = shown.pause_seconds * 1000;
      [, tag] = /"(\w+)/.exec(answer.headers.get("ETag")) || [null, ""];
    }
    faults = 0;
    answeredAt = new Date();
  } catch {
    faults += 1; // no signal, or the server is away: look again, later and later
  }
  clearTimeout(givingUp);
  isAsking = false;
  tell();
  const next = Math.min(pause * 2 ** faults, Math.max(LONGEST_PAUSE_MS, pause));
  timer = setTimeout(ask, next * (1 + SPREAD * (Math.random() - 0.5)));
}

// A screen that goes dark tells nobody anything.
async function stayAwake() {
  try {
    if (navigator.wakeLock && document.visibilityState === "visible") await navigator.wakeLock.request("screen");
  } catch {
    // Not allowed here: the operator sets the screen.
  }
}

addEventListener("online", ask);
addEventListener("offline", tell);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") ask();
  stayAwake();
});
stayAwake();
timer = setTimeout(ask, pause);
