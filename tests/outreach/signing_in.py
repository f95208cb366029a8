"""Browsers of organizers who sign in step by step, and what a link of an invitation leads to."""

import re
from typing import Any

import pyotp
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.db import db
from outreach.organizers import service as organizers
from outreach.organizers.models import Role
from tests.builders import FUJIAN
from tests.conftest import csrf_token, give_authenticator

PASSWORD = "correct horse"
SIGN_IN = "/organize/sign-in"
CODE = "/organize/sign-in/code"
ACCOUNT = "/organize/account"
LINK = re.compile(r"https://zl\.example\.cn(/organize/(?:invitation|reset)/[\w-]{43})")


def browser(app: Flask, address: str = "192.0.2.1") -> FlaskClient:
    """Return a browser at an address."""
    client = app.test_client()
    client.environ_base |= {"HTTP_REFERER": "https://localhost/", "REMOTE_ADDR": address}
    return client


def send(client: FlaskClient, path: str, page: str | None = None, **form: Any) -> TestResponse:
    """Send a form with the token of a page: its own unless another is named."""
    token = csrf_token(client.get(page or path).text)
    return client.post(path, data={"csrf_token": token, **form})


def enter(
    client: FlaskClient, name: str, password: str = PASSWORD, query: str = ""
) -> TestResponse:
    """Fill in name and password."""
    return send(client, SIGN_IN + query, name=name, password=password)


def add(app: Flask, name: str, region: str = FUJIAN, **charge: Any) -> int:
    """Add an account and return its id."""
    with app.app_context():
        organizer = organizers.add(name, PASSWORD, region, **charge)
        db.session.commit()
        return organizer.id


def add_with_authenticator(app: Flask, name: str, **charge: Any) -> pyotp.TOTP:
    """Add an account with an authenticator, and return that."""
    add(app, name, **charge)
    with app.app_context():
        organizer = organizers.find(name)
        assert organizer
        secret = give_authenticator(organizer)
        db.session.commit()
    return pyotp.TOTP(secret)


def headquarters(app: Flask, name: str = "hq", region: str = FUJIAN) -> FlaskClient:
    """Return the browser of headquarters, signed in with both steps."""
    authenticator = add_with_authenticator(app, name, region=region, role=Role.HEADQUARTERS)
    client = browser(app)
    assert enter(client, name).headers["Location"] == CODE
    assert send(client, CODE, code=authenticator.now()).status_code == 303
    return client


def is_signed_in(client: FlaskClient) -> bool:
    """Tell whether a browser is let in."""
    return client.get(ACCOUNT).status_code == 200


def fresh_link(client: FlaskClient) -> str:
    """Return the path of the link that a browser was just shown."""
    found = LINK.search(client.get("/organize/people/link").text)
    assert found
    return found[1]
