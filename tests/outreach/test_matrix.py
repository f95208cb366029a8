"""Every page of an event or a poster × every role × own and other."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from core.db import db
from outreach.campaigns.models import Body
from outreach.events.models import Event, Team
from outreach.organizers import service as organizers
from outreach.organizers.models import RIGHTS_OF_ROLE, Role
from outreach.posters.models import Poster
from tests.builders import BODY_ID, FUJIAN, FUZHOU, JINJIANG, MINHOU, QUANZHOU, a_poster, an_event
from tests.outreach.test_rights import OF_SOMETHING, ask

Save = Callable[..., Any]
SignIn = Callable[..., FlaskClient]

GUANGDONG = "440000"
# Which account, and what it answers for: "own" and "other" are the two events below.
ROLES: dict[str, dict[str, Any]] = {
    "headquarters": {"role": Role.HEADQUARTERS, "region_code": FUJIAN},
    "headquarters of another province": {"role": Role.HEADQUARTERS, "region_code": GUANGDONG},
    "prefecture": {"role": Role.REGION, "region_code": QUANZHOU},
    "county": {"role": Role.REGION, "region_code": JINJIANG},
    "another prefecture": {"role": Role.REGION, "region_code": FUZHOU},
    "body": {"role": Role.BODY, "region_code": FUJIAN, "body_slug": "own"},
    "body in another prefecture": {"role": Role.BODY, "region_code": FUZHOU, "body_slug": "own"},
    "another body": {"role": Role.BODY, "region_code": FUJIAN, "body_slug": "other"},
    "helper": {"role": Role.HELPER, "region_code": JINJIANG, "event_id": "own"},
    "another event's helper": {"role": Role.HELPER, "region_code": MINHOU, "event_id": "other"},
    "editor": {"role": Role.NONE, "region_code": FUJIAN, "edits_questions": True},
}
REACHES_OWN = {"headquarters", "prefecture", "county", "body", "helper"}
REACHES_OTHER = {"headquarters", "another prefecture", "another body", "another event's helper"}
# Their address or form names something of the first event, too.
NAMES_OWN = {"teams.remove", "repointing.move"}


@pytest.fixture
def events(app: Flask, save: Save) -> dict[str, tuple[Event, Poster]]:
    """One event in Jinjiang by one body, another in Minhou by another body, with a poster each."""
    made = {}
    for name, region_code, body_id in (("own", JINJIANG, BODY_ID), ("other", MINHOU, BODY_ID + 1)):
        event = an_event(region_code=region_code, body_id=body_id)
        poster = a_poster(event)
        save(event, poster, Team(event=event, name="二班"))
        made[name] = (event, poster)
    return made


@pytest.fixture
def holder(
    app: Flask, sign_in: SignIn, events: dict[str, tuple[Event, Poster]]
) -> Callable[[str], FlaskClient]:
    """Return the browser of somebody in a role."""

    def holder(name: str) -> FlaskClient:
        charge = dict(ROLES[name])
        with app.app_context():
            if "body_slug" in charge:
                body_id = events[charge["body_slug"]][0].body_id
                charge["body_slug"] = db.session.get_one(Body, body_id).slug
            if "event_id" in charge:
                charge["event_id"] = events[charge["event_id"]][0].id
            region_code = charge.pop("region_code")
            organizers.add("lin", "correct horse", region_code, **charge)
            db.session.commit()
        return sign_in("lin", add=False)

    return holder


@pytest.mark.parametrize("name", ROLES)
def test_a_role_opens_what_it_answers_for_and_nothing_else(
    app: Flask,
    events: dict[str, tuple[Event, Poster]],
    holder: Callable[[str], FlaskClient],
    name: str,
) -> None:
    client = holder(name)
    rights = RIGHTS_OF_ROLE[ROLES[name]["role"]]
    wrong = {}

    for endpoint in OF_SOMETHING:
        right = app.view_functions[endpoint].action  # type: ignore[attr-defined]
        for whose, reaching in (("other", REACHES_OTHER), ("own", REACHES_OWN)):
            if whose == "other" and endpoint in NAMES_OWN:
                continue
            event, poster = events[whose]
            status = ask(client, endpoint, event.id, poster.code).status_code
            if right not in rights:
                is_right = status == 403
            elif name not in reaching:
                is_right = status == 404
            else:
                is_right = status in {200, 303, 400, 409, 422}
            if not is_right:
                wrong[endpoint, whose] = status

    assert wrong == {}
