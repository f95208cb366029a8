"""The project's own content files (YAML), as an editor sends one in. Pure.

`importer` reads the whole folder for the command line and wants both languages; this reads one
file, of which the parts may be missing that a draft may lack, and says faults in codes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

import yaml

from question_bank import exporter
from question_bank.content import Question
from question_bank.entries import QUESTION_KEYS
from question_bank.formats import names
from question_bank.formats.columns import LOCALES, choice_key
from question_bank.formats.exchange import FaultCode, Loss, Parsed, Usual, Written
from question_bank.formats.reading import FORBIDDEN, Reading, UnreadableError, decode
from question_bank.formats.record import MAX_CHOICES, Record, read_record
from question_bank.formats.writing import Writing

# A list of questions, one of them, its choices, one of them; and a little slack.
MAX_DEPTH = 6
LISTS = ("audience", "cites")
TEXTS = ("stem", "explanation")
CHOICE_KEYS = {*LOCALES, "right"}
NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(slots=True)
class _Scalar:
    row: int
    value: str


@dataclass(slots=True)
class _List:
    row: int
    items: list["_Node"] = field(default_factory=list)


@dataclass(slots=True)
class _Map:
    row: int
    entries: dict[str, "_Node"] = field(default_factory=dict)
    repeated: list[_Scalar] = field(default_factory=list)


_Node = _Scalar | _List | _Map


class _Tree:
    """Builds lists and maps from YAML's events: no type but text, no alias, no recursion."""

    def __init__(self) -> None:
        self.roots: list[_Node] = []
        self.open: list[tuple[_List | _Map, list[_Scalar]]] = []

    def take(self, event: yaml.Event) -> None:
        row = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableError(FaultCode.YAML_ALIAS, row)
        if isinstance(event, yaml.ScalarEvent):
            is_null = event.implicit[0] and event.value in NULLS
            self._put(_Scalar(row, "" if is_null else event.value))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(self.open) >= MAX_DEPTH:
                raise UnreadableError(FaultCode.TOO_DEEP, row, limit=MAX_DEPTH)
            is_list = isinstance(event, yaml.SequenceStartEvent)
            self.open.append((_List(row) if is_list else _Map(row), []))
        elif isinstance(event, yaml.CollectionEndEvent):
            node, _keys = self.open.pop()
            self._put(node)

    def _put(self, node: _Node) -> None:
        if not self.open:
            self.roots.append(node)
            return
        parent, keys = self.open[-1]
        if isinstance(parent, _List):
            parent.items.append(node)
        elif keys:
            key = keys.pop()
            if key.value in parent.entries:
                parent.repeated.append(key)
            parent.entries[key.value] = node
        elif isinstance(node, _Scalar):
            keys.append(node)
        else:
            raise UnreadableError(FaultCode.YAML_SHAPE, node.row)


def read(data: bytes, usual: Usual) -> Parsed:
    """Read questions and faults; the row is the line, the topic `usual.topic_id`."""
    reading = Reading()
    try:
        for entry in _load(decode(data)):
            if isinstance(entry, _Map):
                _read_entry(entry, usual, reading)
            else:
                reading.fault(entry.row, "", FaultCode.YAML_SHAPE)
    except UnreadableError as error:
        reading.stop(error)
    return reading.parsed()


def _load(text: str) -> list[_Node]:
    if found := FORBIDDEN.search(text):
        row = text.count("\n", 0, found.start()) + 1
        raise UnreadableError(FaultCode.CHARACTER, row, character=f"U+{ord(found[0]):04X}")
    tree = _Tree()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            tree.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise UnreadableError(FaultCode.YAML_FORM, mark.line + 1 if mark else 0) from None
    if not tree.roots:
        return []
    root = tree.roots[0]
    if len(tree.roots) > 1 or not isinstance(root, _List):
        raise UnreadableError(FaultCode.YAML_SHAPE, tree.roots[-1].row)
    return root.items


def _read_entry(entry: _Map, usual: Usual, reading: Reading) -> None:
    before = reading.fault_count
    _check_keys(entry, QUESTION_KEYS, reading)
    values: dict[str, str] = {}
    rows: dict[str, int] = {}
    for key, text in _values(entry, reading):
        values[key], rows[key] = text.value, text.row
    if reading.fault_count == before:
        read_record(Record(entry.row, values, rows=rows), usual, reading)


def _check_keys(node: _Map, known: set[str], reading: Reading) -> None:
    for key, value in node.entries.items():
        if key not in known:
            reading.fault(value.row, "", FaultCode.KEY_UNKNOWN, value=key)
    for repeated in node.repeated:
        reading.fault(repeated.row, "", FaultCode.KEY_REPEATED, value=repeated.value)


def _values(entry: _Map, reading: Reading) -> Iterator[tuple[str, _Scalar]]:
    """Yield the values of a question by column key."""
    for key, node in entry.entries.items():
        if key == "choices":
            yield from _choices(node, reading)
        elif key in TEXTS:
            yield from _texts(f"{key}_", node, set(LOCALES), reading)
        elif key in LISTS and isinstance(node, _List):
            parts = [_scalar(item, key, reading).value for item in node.items]
            yield key, _Scalar(node.row, ";".join(parts))
        else:
            yield "right" if key == "answer" else key, _scalar(node, key, reading)


def _scalar(node: _Node, key: str, reading: Reading) -> _Scalar:
    if isinstance(node, _Scalar):
        return node
    reading.fault(node.row, "", FaultCode.YAML_SHAPE, value=key)
    return _Scalar(node.row, "")


def _texts(
    prefix: str, node: _Node, known: set[str], reading: Reading
) -> Iterator[tuple[str, _Scalar]]:
    if not isinstance(node, _Map):
        reading.fault(node.row, "", FaultCode.YAML_SHAPE, value=prefix.rstrip("_"))
        return
    _check_keys(node, known, reading)
    for locale in LOCALES:
        if locale in node.entries:
            yield f"{prefix}{locale}", _scalar(node.entries[locale], locale, reading)


def _choices(node: _Node, reading: Reading) -> Iterator[tuple[str, _Scalar]]:
    if not isinstance(node, _List):
        if not isinstance(node, _Scalar) or node.value:
            reading.fault(node.row, "", FaultCode.YAML_SHAPE, value="choices")
        return
    if len(node.items) > MAX_CHOICES:
        reading.fault(node.row, "", FaultCode.CHOICES_TOO_MANY, limit=MAX_CHOICES)
        return
    right = ""
    for index, item in enumerate(node.items):
        prefix = choice_key(index, "")
        yield from _texts(prefix, item, CHOICE_KEYS, reading)
        if isinstance(item, _Map) and "right" in item.entries:
            flag = _scalar(item.entries["right"], "right", reading)
            is_right = names.is_true(flag.value)
            if is_right is None:
                reading.fault(
                    flag.row, "", FaultCode.YES_NO_UNKNOWN, value=flag.value, field="right"
                )
            right += ascii_uppercase[index] if is_right else ""
    if right:
        yield "right", _Scalar(node.row, right)


def write(questions: Sequence[Question]) -> Written:
    """Write one content file; the folder it goes to says the topic."""
    writing = Writing((Loss.TOPIC,))
    return writing.written(exporter.to_yaml(writing.fit(questions)).encode())
