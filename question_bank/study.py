"""How a question is shown for study: its choices in a neutral order, and read aloud. Pure."""

from question_bank.content import EMPHASIS, Choice, Kind, Question

LETTERS = "ABCDEFGH"


def neutral_choices(question: Question, locale: str) -> list[Choice]:
    """Return the choices in the order of their words, which says nothing about which is right.

    True and false, and choices whose order matters, stand as their author put them.
    """
    if question.is_ordered or question.kind is Kind.TRUE_FALSE:
        return list(question.choices)
    return sorted(question.choices, key=lambda choice: choice.text.in_(locale).lower())


def right_letters(question: Question, locale: str) -> str:
    """Return the letters of the right choices, such as "BD"."""
    choices = neutral_choices(question, locale)
    return "".join(LETTERS[n] for n, choice in enumerate(choices) if choice.is_right)


def spoken_question(question: Question, locale: str) -> list[str]:
    """Return the sentences that a voice reads: the stem, then each choice after its letter."""
    choices = neutral_choices(question, locale)
    lettered = [f"{LETTERS[n]}. {c.text.in_(locale)}" for n, c in enumerate(choices)]
    return [_plain(text) for text in (question.stem.in_(locale), *lettered)]


def spoken_answer(question: Question, locale: str) -> list[str]:
    """Return what a voice reads once the answer is unfolded: right choices and explanation."""
    choices = neutral_choices(question, locale)
    right = [
        f"{LETTERS[n]}. {choice.text.in_(locale)}"
        for n, choice in enumerate(choices)
        if choice.is_right
    ]
    return [_plain(text) for text in (*right, question.explanation.in_(locale))]


def _plain(text: str) -> str:
    return EMPHASIS.sub(r"\1", text)
