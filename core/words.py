"""Words: marking what is translated later, and cleaning what people type. Pure."""


def N_(text: str) -> str:  # noqa: N802 -- gettext's usual name
    """Mark a sentence for the catalogs; whoever shows it translates it."""
    return text


def counted(number: int, one: str, several: str = "") -> str:
    """Write "1 question", "2 questions", for commands, which speak English; pages use ngettext."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def plain_line(text: str | None) -> str | None:
    """Return what was typed as one line: single spaces, nothing that cannot be seen."""
    if not text:
        return text
    seen = "".join(c if c.isprintable() or c.isspace() else "" for c in text)
    return " ".join(seen.split())
