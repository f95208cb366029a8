"""The codes that are printed: short, typable, unguessable. Pure."""

import secrets
import unicodedata

# No character that looks like another one in print or handwriting: no 0 O 1 I L, 2 Z, 5 S, 8 B,
# 6 G, U V.
ALPHABET = "34679ACDEFHJKMNPQRTWXY"
CODE_LENGTH = 8


def new_code() -> str:
    """Draw a code: one of 22^8, about 5 x 10^10."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def normal(typed: str) -> str | None:
    """Return the code that a person typed, or None if it cannot be one.

    Case, spaces, dashes and full-width letters don't matter; a whole link is understood too, with
    whatever WeChat hangs on to it (`?from=singlemessage`).
    """
    link = unicodedata.normalize("NFKC", typed).partition("#")[0].partition("?")[0]
    last = link.strip().rstrip("/").rsplit("/", 1)[-1]
    code = "".join(c for c in last if not c.isspace() and unicodedata.category(c) != "Pd").upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else None


def spaced(code: str) -> str:
    """Write a code in two groups of four, as it is easier to type from a poster."""
    return f"{code[: CODE_LENGTH // 2]} {code[CODE_LENGTH // 2 :]}"
