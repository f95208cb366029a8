// Read a question aloud where the browser has a voice: once more stops it. Buttons stay hidden without.
// What is read, its language and the buttons' words stand in data- attributes.
const synth = window.speechSynthesis;
const buttons = synth && window.SpeechSynthesisUtterance ? document.querySelectorAll("[data-speak]") : [];
let reading = null; // the button whose words are being read
let utterances = []; // kept: a browser may forget one that nobody holds, and its end with it

const label = (button, word) => (button.textContent = word || button.dataset.start);

function stop() {
  if (reading) label(reading);
  reading = null;
  utterances = [];
  synth.cancel();
}

function voiceOf(lang) {
  const named = (voice) => voice.lang.replace("_", "-").toLowerCase();
  const voices = synth.getVoices();
  const wanted = lang.toLowerCase();
  return voices.find((v) => named(v) === wanted) || voices.find((v) => named(v).split("-")[0] === wanted);
}

function read(button) {
  const { speak, speakAnswer, lang } = button.dataset;
  const answer = button.closest(".study").querySelector("details[open]") ? speakAnswer : "";
  reading = button;
  label(button, button.dataset.stop);
  // One utterance a sentence: some browsers fall silent within a long one.
  utterances = `${speak}\n${answer}`.split("\n").filter(Boolean).map((text) => {
    const utterance = new SpeechSynthesisUtterance(text);
    utterance.lang = lang;
    utterance.voice = voiceOf(lang) || null;
    return utterance;
  });
  const mine = utterances;
  for (const utterance of mine) {
    utterance.addEventListener("error", () => {
      if (mine !== utterances) return; // stopped by hand
      stop();
      label(button, button.dataset.failed);
      button.disabled = true;
    });
    synth.speak(utterance);
  }
  mine[mine.length - 1].addEventListener("end", () => mine === utterances && stop());
}

for (const button of buttons) {
  button.dataset.start = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const isSecond = reading === button;
    stop();
    if (!isSecond) read(button);
  });
}
if (buttons.length) addEventListener("pagehide", stop);
