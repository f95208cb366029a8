"""Write down what browsers learned after Chrome 80 and iOS 13, for the lint of scripts and styles.

Reads the `data.json` of the npm package @mdn/browser-compat-data (CC0) and writes
tests/newer_features.json. Run it when phones older than these need no longer be served:

    npm pack @mdn/browser-compat-data && tar xzf mdn-browser-compat-data-*.tgz
    python tools/newer_features.py package/data.json
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests" / "newer_features.json"
OLDEST = {"chrome": (80,), "safari_ios": (13, 0)}
NEVER = (999,)
SYNTAX = ("operators", "statements", "classes", "functions", "grammar")

Node = dict[str, Any]


def added(node: Node, browser: str) -> tuple[int, ...]:
    """Return the version in which a browser learned something whole, without prefix or switch."""
    statements = node["__compat"]["support"].get(browser, [])
    found = [NEVER]
    for statement in statements if isinstance(statements, list) else [statements]:
        version = str(statement.get("version_added") or "").lstrip("≤")
        is_whole = not {"prefix", "alternative_name", "flags", "version_removed"} & statement.keys()
        if is_whole and version.replace(".", "").isdigit():
            found.append(tuple(map(int, version.split("."))))
    return min(found)


def is_newer(node: Node) -> bool:
    """Tell whether an oldest browser lacks it."""
    return any(added(node, browser) > version for browser, version in OLDEST.items())


def named(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield what stands directly below."""
    for name, below in node.items():
        if name != "__compat" and "__compat" in below:
            yield name, below


def newer(node: Node) -> list[str]:
    """List what is newer directly below."""
    return sorted(name for name, below in named(node) if is_newer(below))


def members(data: Node) -> tuple[list[str], list[str]]:
    """List globals that are newer, and names that are newer wherever they are a member."""
    old: set[str] = set()
    new: set[str] = set()
    objects: set[str] = set()
    builtins = data["javascript"]["builtins"]
    for family in (builtins, builtins["Intl"], data["api"]):
        for name, thing in named(family):
            if is_newer(thing):
                objects.add(name)
            for member, below in named(thing):
                plain = member.removesuffix("_static").removesuffix("_event")
                (new if is_newer(thing) or is_newer(below) else old).add(plain)
    return sorted(objects - old), sorted(name for name in new - old if name.isidentifier())


def statics(data: Node) -> list[str]:
    """List what is newer and called on the object itself, such as `AbortSignal.timeout`."""
    families = (data["javascript"]["builtins"], data["api"])
    return sorted(
        f"{name}.{member.removesuffix('_static')}"
        for family in families
        for name, thing in named(family)
        for member, below in named(thing)
        if member.endswith("_static") and is_newer(below)
    )


def main() -> None:
    """Read, sort out, write."""
    data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    css, script = data["css"], data["javascript"]
    objects, names = members(data)
    values = {name: found for name, node in named(css["properties"]) if (found := newer(node))}
    features = {
        "css": {
            "properties": newer(css["properties"]),
            "values": values,
            "at_rules": newer(css["at-rules"]),
            "media": newer(css["at-rules"]["media"]),
            "selectors": newer(css["selectors"]),
            "types": newer(css["types"]),
        },
        "js": {
            "objects": objects,
            "members": names,
            "statics": statics(data),
            "syntax": {part: newer(script[part]) for part in SYNTAX},
        },
    }
    OUT.write_text(json.dumps(features, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
