"""Write the catalog in Traditional Chinese from the Chinese one: part of `make strings`.

    python tools/traditional_catalog.py            # writes translations/zh_Hant
    python tools/traditional_catalog.py --check    # names what is not current, and fails

What reads wrong is mended in translations/zh_Hant/terms.csv, never in the catalog.
"""

import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from babel.messages import pofile  # noqa: E402 -- the tree is put on the path first
from babel.messages.catalog import Catalog, Message  # noqa: E402

from core.traditional import Usage, traditional  # noqa: E402

SOURCE, TARGET = (
    ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po" for locale in ("zh", "zh_Hant")
)
HEADER = "# Made from the Chinese catalog by tools/traditional_catalog.py: mend terms.csv instead."


def read(path: Path) -> Catalog:
    """Read a catalog, or an empty one if there is none."""
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return pofile.read_po(file)


def in_traditional(message: Message) -> str | tuple[str, ...]:
    """Return a message's translation in Traditional characters."""
    if isinstance(message.string, tuple):
        return tuple(traditional(text, Usage.INTERFACE) for text in message.string)
    return traditional(message.string, Usage.INTERFACE)


def convert(source: Catalog) -> Catalog:
    """Return a catalog with the same messages in Traditional characters."""
    made = Catalog(
        locale="zh_Hant",
        header_comment=HEADER,
        creation_date=source.creation_date,
        revision_date=source.revision_date,
        fuzzy=False,
    )
    for message in source:
        if message.id:
            made.add(
                message.id, in_traditional(message), flags=message.flags, context=message.context
            )
    return made


def stale(made: Catalog, kept: Catalog) -> list[str]:
    """Name the messages that differ."""

    def strings(catalog: Catalog) -> dict[tuple[object, object], object]:
        return {(m.context, m.id): m.string for m in catalog if m.id}

    wanted, found = strings(made), strings(kept)
    return sorted(str(key[1]) for key in wanted.keys() | found if wanted.get(key) != found.get(key))


def main() -> int:
    """Write the catalog, or check it."""
    made = convert(read(SOURCE))
    if "--check" in sys.argv[1:]:
        differing = stale(made, read(TARGET))
        for name in differing:
            print(f"not current: {name}", file=sys.stderr)
        return bool(differing)
    text = io.BytesIO()
    pofile.write_po(text, made, sort_output=True)
    TARGET.write_bytes(text.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main())
