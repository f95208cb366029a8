"""A participant's phone, as far as the server can see one: a client with its own cookies."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

TICKET = re.compile(r'name="ticket" value="([^"]*)"')
FIELD = re.compile(r'type="(radio|checkbox)" name="(q\d+)" value="(\d+)"[^>]*?(checked)?>')


@dataclass
class Paper:
    """A paper as it stands on the page."""

    code: str
    ticket: str
    choices: dict[str, list[str]]
    checked: dict[str, list[str]]
    html: str

    def answers(self, place: int = 0) -> dict[str, list[str]]:
        """Choose the choice at one place for every question (two for checkboxes)."""
        return {name: [values[place % len(values)]] for name, values in self.choices.items()}


def read_paper(code: str, html: str) -> Paper:
    """Read a paper page."""
    choices: dict[str, list[str]] = {}
    checked: dict[str, list[str]] = {}
    for _kind, name, value, is_checked in FIELD.findall(html):
        choices.setdefault(name, []).append(value)
        if is_checked:
            checked.setdefault(name, []).append(value)
    found = TICKET.search(html)
    return Paper(code, unescape(found[1]) if found else "", choices, checked, html)


@dataclass
class Phone:
    """Opens papers and hands them in."""

    app: Flask
    headers: dict[str, str] = field(default_factory=dict)
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def scan(self, code: str) -> Paper:
        """Open the paper behind a code, which must be open."""
        response = self.client.get(f"/q/{code}", headers=self.headers)
        assert response.status_code == 200, response.text
        return read_paper(code, response.text)

    def send(
        self, paper: Paper, answers: dict[str, Any] | None = None, **more: Any
    ) -> TestResponse:
        """Hand a paper in; by default with the first choice of every question."""
        form = {"ticket": paper.ticket} | (paper.answers() if answers is None else answers) | more
        return self.client.post(f"/q/{paper.code}", data=form, headers=self.headers)

    def take(self, code: str, answers: dict[str, Any] | None = None) -> str:
        """Scan, answer, and return the path of the receipt."""
        response = self.send(self.scan(code), answers)
        assert response.status_code == 303, response.text
        return str(response.headers["Location"])
