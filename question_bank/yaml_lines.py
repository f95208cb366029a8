"""A content file -> its entries, each with its line, plus faults by line. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError

LINE = "__line__"
MAX_FILE_BYTES = 1024 * 1024
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """What is wrong, and where."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class _LineLoader(yaml.SafeLoader):
    """Remembers on which line each mapping begins; refuses what an author never means.

    That is aliases (YAML bombs), the same key twice, deep nesting, and values that PyYAML's own
    constructors stumble over.
    """

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.events.AliasEvent):
            raise ComposerError(None, None, "aliases are not used here", mark)
        if self.depth >= MAX_DEPTH:
            raise ComposerError(None, None, f"nested more than {MAX_DEPTH} deep", mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, AttributeError, OverflowError) as error:
            reason = f"cannot be read: {node.value}"[:80]
            raise ConstructorError(None, None, reason, node.start_mark) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        if len(mapping) < len(node.value):
            raise ConstructorError(None, None, "a key stands here twice", node.start_mark)
        mapping[LINE] = node.start_mark.line + 1
        return mapping


def entries(path: Path, name: str, faults: list[Fault]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield line and content of each entry of a file; what cannot be read is added to `faults`."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            faults.append(Fault(name, 1, f"larger than {MAX_FILE_BYTES} bytes: split it"))
            return
        loader = _LineLoader(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            faults.append(Fault(name, 1, "must be a list"))
            return
        for number, node in enumerate(root.value, 1):
            line = node.start_mark.line + 1
            entry = loader.construct_document(node)
            if isinstance(entry, dict):
                yield line, entry
            else:
                faults.append(Fault(name, line, f"entry {number} must have keys and values"))
    except (OSError, UnicodeDecodeError) as error:
        faults.append(Fault(name, 1, f"cannot be read: {error}"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        faults.append(Fault(name, mark.line + 1 if mark else 1, f"not YAML: {reason}"))
