"""Aiken, the plainest format: a line of question, choices `A) …`, and `ANSWER: B`. Pure."""

import re
from collections.abc import Sequence
from string import ascii_uppercase

from question_bank.content import Kind, Question
from question_bank.formats.exchange import FaultCode, Loss, Parsed, Usual, Written
from question_bank.formats.names import plain
from question_bank.formats.one_language import FULL, Answer, Draft, read_draft
from question_bank.formats.reading import LINE_END, Reading, UnreadableError, decode, join_lines
from question_bank.formats.writing import Writing, right_letters

# Full-width marks and 答案 are how Chinese files write it.
CHOICE = re.compile(r"([A-ZＡ-Ｚ])[.)．）、：]\s*(.*)")
ANSWER = re.compile(r"(?:ANSWER|答案|正确答案)\s*[:：]\s*(.*)", re.IGNORECASE)
RIGHT, WRONG = {"正确", "对", "true"}, {"错误", "错", "false"}
LACKS = (
    Loss.ID, Loss.TOPIC, Loss.STYLE, Loss.DIFFICULTY, Loss.AUDIENCE, Loss.CITATIONS, Loss.FAMILY,
    Loss.ORDER, Loss.EXPLANATION, Loss.LINE_BREAKS,
)  # fmt: skip


def read(data: bytes, usual: Usual) -> Parsed:
    """Read questions and faults; the row is the line. The texts are in the language `usual.locale`.

    Two choices that say right and wrong are a true/false question.
    """
    reading = Reading()
    try:
        text = LINE_END.sub("\n", decode(data))
        lines = [(n, line.strip()) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        _Reader(lines, usual, reading).read()
    except UnreadableError as error:
        reading.stop(error)
    return reading.parsed()


class _Reader:
    """Goes through the lines; `draft` is the question that has begun, if one has."""

    def __init__(self, lines: list[tuple[int, str]], usual: Usual, reading: Reading) -> None:
        self.lines, self.usual, self.reading = lines, usual, reading
        self.draft: Draft | None = None
        self.is_broken = False

    def read(self) -> None:
        following = [*(line for _row, line in self.lines), ""][1:]
        for (row, line), after in zip(self.lines, following, strict=True):
            if self.draft is None and self._begins_choices(after):
                self.draft = Draft(row, stem=line)
            elif found := ANSWER.fullmatch(line):
                self._end(row, found[1].strip())
            elif found := CHOICE.fullmatch(line):
                self._take_choice(row, found)
            else:
                self._take_stem(row, line)
        self._leave_unfinished()

    @staticmethod
    def _begins_choices(line: str) -> bool:
        found = CHOICE.fullmatch(line)
        return found is not None and _letter(found[1]) == "A"

    def _take_stem(self, row: int, line: str) -> None:
        if self.draft and self.draft.answers:
            self._leave_unfinished()
        if self.draft:
            self.draft.stem = join_lines(f"{self.draft.stem}\n{line}")
        else:
            self.draft = Draft(row, stem=line)

    def _take_choice(self, row: int, found: re.Match[str]) -> None:
        if self.draft is None:
            self.reading.fault(row, "", FaultCode.AIKEN_STRAY_LINE, value=found[0])
            return
        due = len(self.draft.answers)
        if due >= len(ascii_uppercase) or _letter(found[1]) != ascii_uppercase[due]:
            expected = ascii_uppercase[min(due, len(ascii_uppercase) - 1)]
            self.reading.fault(row, "", FaultCode.AIKEN_ORDER, value=found[0], letter=expected)
            self.is_broken = True
        self.draft.answers.append(Answer(found[2], 0.0, row=row))

    def _end(self, row: int, letters: str) -> None:
        draft, self.draft = self.draft, None
        is_broken, self.is_broken = self.is_broken, False
        if draft is None:
            self.reading.fault(row, "", FaultCode.AIKEN_STRAY_LINE, value=letters)
            return
        index = ascii_uppercase.find(_letter(letters)) if len(letters) == 1 else -1
        if index < 0:
            self.reading.fault(row, "", FaultCode.RIGHT_UNKNOWN, field="right", value=letters)
        elif index >= len(draft.answers):
            letter = ascii_uppercase[index]
            self.reading.fault(row, "", FaultCode.RIGHT_NOT_A_CHOICE, field="right", letter=letter)
        elif not is_broken:
            answers = enumerate(draft.answers)
            draft.answers = [Answer(a.text, FULL * (n == index), row=a.row) for n, a in answers]
            draft.is_true = _truth([plain(answer.text) for answer in draft.answers], index)
            read_draft(draft, self.usual, self.reading)

    def _leave_unfinished(self) -> None:
        if self.draft:
            value = self.draft.stem
            self.reading.fault(self.draft.row, "", FaultCode.AIKEN_NO_ANSWER, value=value)
        self.draft, self.is_broken = None, False


def _truth(said: list[str], right: int) -> bool | None:
    """Read choices that say right and wrong as a true/false question; None is another one."""
    if len(said) == len(("right", "wrong")) and set(said) & RIGHT and set(said) & WRONG:
        return said[right] in RIGHT
    return None


def _letter(written: str) -> str:
    upper = written.upper()
    return chr(ord(upper) - ord("Ａ") + ord("A")) if "Ａ" <= upper <= "Ｚ" else upper


def write(questions: Sequence[Question], locale: str = "zh") -> Written:
    """Write the single choice and true/false questions in one language."""
    writing = Writing(LACKS)
    kept = []
    for question in questions:
        if question.kind is Kind.MULTIPLE:
            writing.lose(Loss.LEFT_OUT_KIND, question)
        else:
            kept.append(question)
    blocks = []
    for question in writing.fit_language(kept, locale):
        lines = [_line(question.stem.in_(locale))]
        for letter, choice in zip(ascii_uppercase, question.choices, strict=False):
            lines.append(f"{letter}) {_line(choice.text.in_(locale))}")
        blocks.append("\n".join([*lines, f"ANSWER: {right_letters(question)}", ""]))
    return writing.written("\n".join(blocks).encode())


def _line(text: str) -> str:
    return join_lines(text).strip()
