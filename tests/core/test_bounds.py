"""What a request may hold at all: a text with a NUL is refused before any database sees it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.conftest import csrf_token

SignIn = Callable[..., FlaskClient]

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


@pytest.mark.parametrize("content_type", FORMS)
@pytest.mark.parametrize("field", ["title_zh", "region", "ti\0tle"])
def test_a_form_with_a_nul_is_refused(sign_in: SignIn, field: str, content_type: str) -> None:
    organizer = sign_in()
    path = "/organize/events/new"
    form = {"csrf_token": csrf_token(organizer.get(path).text), field: "a\0b"}

    response = organizer.post(path, data=form, content_type=content_type)

    assert response.status_code == 400
    assert "<h1>" in response.text


@pytest.mark.parametrize("query", ["q=%00", "q=a%00b", "%00=a", "q=a&q=%00"])
def test_a_query_with_a_nul_is_refused_where_it_is_read(sign_in: SignIn, query: str) -> None:
    assert sign_in().get(f"/organize/regions.json?{query}").status_code == 400


@pytest.mark.parametrize(
    "path", ["/learn/%00", "/q/ACDE%00346", "/r/%00", "/bank/questions/a%00b/edit"]
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_address_with_a_nul_is_unknown(client: FlaskClient, path: str, method: str) -> None:
    ask: Callable[..., Any] = getattr(client, method)

    assert ask(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "01", "١", "1.0", "9999999999", "9" * 5000])
def test_what_is_no_number_of_a_row_is_unknown(sign_in: SignIn, number: str) -> None:
    organizer = sign_in()

    assert organizer.get(f"/organize/events/{number}/edit").status_code == 404
    assert organizer.post(f"/organize/events/{number}/edit").status_code == 404
