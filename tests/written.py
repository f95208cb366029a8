"""What script a text is written in, told without the program that converts it."""


def not_traditional(text: str) -> set[str]:
    """Return the Chinese characters of a text that Traditional Chinese does not have.

    Big5 is the judge: it was made for what is written in Taiwan, and has no Simplified ones.
    """
    chinese = {character for character in text if "\u3400" <= character <= "\u9fff"}
    return {character for character in chinese if not character.encode("big5", errors="ignore")}
