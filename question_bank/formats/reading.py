"""Bounds of every file that is read, and the questions and faults found so far. Pure."""

import codecs
import re

from question_bank.content import Question
from question_bank.formats.exchange import FaultCode, FormatFault, Parsed

MAX_BYTES = 2 * 1024 * 1024
MAX_QUESTIONS = 2000
MAX_FAULTS = 1000
# Of one text, in characters; the bank's own check asks for far less.
MAX_TEXT = 4000
MAX_FACT = 60
# A file with fewer damaged than sound characters outside ASCII is damaged UTF-8, not GB 18030.
DAMAGED_SHARE = 0.2

# Controls (but tab and line feed), surrogates, private use, non-characters, the replacement of
# unreadable bytes, and the invisible marks that turn the direction of text.
FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ue000-\uf8ff\ufdd0-\ufdef\ufffd-\uffff"
    + "".join(
        f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0xF0000, 0x10000)
    )
    + "\U000f0000-\U0010ffff]"
)
LINE_END = re.compile(r"\r\n?")
BLANK = re.compile("[\t\xa0]")
# What pasting leaves behind: marks of byte order, joints without width.
UNSEEN = re.compile("[\ufeff\u200b\u2060]")
# Between characters of Chinese a line break is no space.
HAN = re.compile("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef\U00020000-\U0003ffff]")


class UnreadableError(Exception):
    """The rest of a file cannot be read."""

    def __init__(self, code: FaultCode, row: int = 0, column: str = "", **facts: object) -> None:
        super().__init__(code)
        self.code, self.row, self.column, self.facts = code, row, column, facts


class Reading:
    """The questions and faults of a file so far."""

    def __init__(self) -> None:
        self.fault_count = 0
        self._questions: list[Question] = []
        self._places: dict[str, int] = {}
        self._faults: list[FormatFault] = []

    def fault(self, row: int, column: str, code: FaultCode, **facts: object) -> None:
        """Note a fault.

        :raises UnreadableError: there are more than anybody would read
        """
        if self.fault_count >= MAX_FAULTS:
            raise UnreadableError(FaultCode.TOO_MANY_FAULTS, row, limit=MAX_FAULTS)
        self._note(row, column, code, facts)

    def stop(self, error: UnreadableError) -> None:
        """Note why the rest cannot be read."""
        self._note(error.row, error.column, error.code, error.facts)

    def _note(self, row: int, column: str, code: FaultCode, facts: dict[str, object]) -> None:
        self.fault_count += 1
        shown = {name: _shown(value) for name, value in facts.items()}
        self._faults.append(FormatFault(row, column, code, shown))

    def add(self, question: Question, row: int) -> None:
        """Keep a faultless question, unless its id came before.

        :raises UnreadableError: there are more questions or faults than one file may hold
        """
        if question.id in self._places:
            first = self._places[question.id]
            self.fault(row, "", FaultCode.ID_TAKEN, value=question.id, first=first)
            return
        if len(self._questions) >= MAX_QUESTIONS:
            raise UnreadableError(FaultCode.TOO_MANY_QUESTIONS, row, limit=MAX_QUESTIONS)
        self._places[question.id] = row
        self._questions.append(question)

    def parsed(self) -> Parsed:
        """Return what was found; a file without anything has a fault for that."""
        if not self._questions and not self._faults:
            self._note(0, "", FaultCode.NO_QUESTIONS, {})
        return Parsed(self._questions, self._places, self._faults)


def _shown(value: object) -> str:
    text = FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", str(value))
    return text if len(text) <= MAX_FACT else f"{text[: MAX_FACT - 1]}…"


def bounded(data: bytes) -> bytes:
    """Return a file that is small enough.

    :raises UnreadableError: it is not
    """
    if len(data) > MAX_BYTES:
        raise UnreadableError(FaultCode.FILE_TOO_LARGE, limit=MAX_BYTES // 1024 // 1024)
    return data


def decode(data: bytes) -> str:
    """Read text in UTF-8, in UTF-16 with a mark, or in GB 18030 as Chinese Excel and Notepad write.

    :raises UnreadableError: the file is too large or in no such encoding
    """
    bounded(data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(data, "utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(codecs.BOM_UTF8) or _is_damaged_utf8(data):
            raise _encoding_fault(data, error) from None
    return _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _encoding_fault(data, error) from None


def _is_damaged_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", errors="replace")
    foreign = sum(not character.isascii() for character in text)
    return text.count("\N{REPLACEMENT CHARACTER}") < DAMAGED_SHARE * foreign


def _encoding_fault(data: bytes, error: UnicodeDecodeError) -> UnreadableError:
    return UnreadableError(FaultCode.ENCODING, data.count(b"\n", 0, error.start) + 1)


def tidy(text: str) -> str:
    """Write line ends as line feeds, tabs and hard spaces as spaces; strip both ends."""
    return BLANK.sub(" ", LINE_END.sub("\n", UNSEEN.sub("", text))).strip()


def join_lines(text: str) -> str:
    """Join lines that were broken for the file only: with a space, but within Chinese without."""
    lines = text.split("\n")
    if len(lines) == 1:
        return text
    middle = [line.strip(" \t") for line in lines[1:-1]]
    joined = lines[0].rstrip(" \t")
    for line in [*middle, lines[-1].lstrip(" \t")]:
        is_chinese = joined and line and HAN.match(joined[-1]) and HAN.match(line)
        joined += line if is_chinese or not line else f" {line}"
    return joined


def text_fault(text: str) -> tuple[FaultCode, dict[str, object]] | None:
    """Tell what keeps a text out of the bank, if anything does."""
    if len(text) > MAX_TEXT:
        return FaultCode.TOO_LONG, {"length": len(text), "limit": MAX_TEXT}
    if found := FORBIDDEN.search(text):
        return FaultCode.CHARACTER, {"character": f"U+{ord(found[0]):04X}"}
    return None
