"""Headers, cookies, forms and proxies: what keeps others out."""

import re
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask, jsonify, request
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.security import local_path
from tests.builders import a_poster, an_event
from tests.conftest import csrf_token
from tests.phone import Phone

CODE = "ABCDEFGH"
SITE = "https://zl.example.cn"
SIGN_IN = "/organize/sign-in"
WHO = {"name": "chen", "password": "correct horse"}
EVERY_KIND = [
    ("/", 200),
    ("/learn", 200),
    ("/participation", 200),
    ("/participation.json", 200),
    ("/participation.csv", 200),
    ("/organize/sign-in", 200),
    ("/healthz", 200),
    ("/readyz", 200),
    ("/static/img/seal.svg", 200),
    ("/static/css/base.css", 200),
    ("/organize/", 303),
    ("/organize", 308),
    ("/no-such-page", 404),
    ("/no-such-page.json", 404),
    ("/static/no-such-file", 404),
    (f"/q/{CODE}", 404),
    ("/r/1-none", 404),
    ("/locale", 405),
]


def policy(response: TestResponse) -> dict[str, list[str]]:
    """Return the content policy, directive by directive."""
    parts = (part.split() for part in response.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def assert_protected(response: TestResponse) -> None:
    """Check what every answer must carry."""
    headers = response.headers
    assert policy(response)["default-src"] == ["'none'"]
    assert policy(response)["frame-ancestors"] == ["'none'"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"same-origin", "strict-origin-when-cross-origin"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "max-age=" in headers["Strict-Transport-Security"]
    assert "camera=()" in headers["Permissions-Policy"]
    if response.mimetype == "text/html":
        assert headers["Cache-Control"] == "no-store"


def set_cookies(response: TestResponse) -> dict[str, Any]:
    """Return the cookies that an answer sets, by name."""
    cookies: dict[str, Any] = {}
    for line in response.headers.getlist("Set-Cookie"):
        cookies |= SimpleCookie(line)
    return cookies


@pytest.fixture
def seen(database_url: str, make_app: Callable[..., Flask]) -> Callable[..., Any]:
    """Ask an app behind so many proxies how it sees who asks."""

    def view() -> Any:
        return jsonify(address=request.remote_addr, scheme=request.scheme, host=request.host)

    def seen(proxies: int, **headers: str) -> Any:
        app = make_app(database_url, trusted_proxies=proxies)
        app.add_url_rule("/probe", "probe", view)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return app.test_client().get("/probe", base_url="http://localhost", headers=sent).json

    return seen


@pytest.mark.parametrize(("path", "status"), EVERY_KIND)
def test_every_kind_of_answer_is_protected(client: FlaskClient, path: str, status: int) -> None:
    with client.get(path) as response:
        assert response.status_code == status
        assert_protected(response)


@pytest.mark.parametrize("name", ["phone.css", "phone.js", "site.css", "site.js"])
def test_joined_files_are_protected(client: FlaskClient, app: Flask, name: str) -> None:
    with app.test_request_context():
        path = app.jinja_env.globals["asset_url"](name)

    response = client.get(path)

    assert response.status_code == 200
    assert_protected(response)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"])
def test_whatever_the_method_the_answer_is_protected(client: FlaskClient, method: str) -> None:
    assert_protected(client.open("/", method=method))


def test_an_unchanged_file_is_answered_briefly_and_protected(client: FlaskClient) -> None:
    with client.get("/static/img/seal.svg") as first:
        known = {"If-None-Match": first.headers["ETag"]}

    with client.get("/static/img/seal.svg", headers=known) as again:
        assert again.status_code == 304
        assert_protected(again)


def test_a_crash_is_answered_protected(database_url: str, make_app: Callable[..., Flask]) -> None:
    app = make_app(database_url, testing=False)
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)

    response = app.test_client().get("/crash")

    assert response.status_code == 500
    assert_protected(response)


def test_a_body_that_is_too_large_is_answered_protected(client: FlaskClient) -> None:
    response = client.post("/locale", data={"next": "x" * 3_000_000})

    assert response.status_code == 413
    assert_protected(response)


def test_the_participants_path_is_protected(
    save: Callable[..., Any], phone: Callable[..., Phone]
) -> None:
    poster = save(a_poster(an_event()))
    visitor = phone()
    page = visitor.client.get(f"/q/{poster.code}")
    incomplete = visitor.send(visitor.scan(poster.code), {})
    handed_in = visitor.send(visitor.scan(poster.code))
    result = visitor.client.get(handed_in.headers["Location"])

    answers = [page, incomplete, handed_in, result]

    assert [answer.status_code for answer in answers] == [200, 422, 303, 200]
    for answer in answers:
        assert_protected(answer)


def test_an_organizers_pages_and_codes_are_protected(
    save: Callable[..., Any], sign_in: Callable[..., FlaskClient]
) -> None:
    poster = save(a_poster(an_event()))
    organizer = sign_in()

    for path in (
        "/organize/",
        "/organize/regions.json?q=fuzhou",
        f"/organize/posters/{poster.code}/print",
        f"/organize/posters/{poster.code}.svg",
        f"/organize/posters/{poster.code}.png",
    ):
        response = organizer.get(path)
        assert response.status_code == 200
        assert_protected(response)


def test_what_only_an_organizer_may_see_stays_out_of_shared_caches(
    save: Callable[..., Any], sign_in: Callable[..., FlaskClient]
) -> None:
    poster = save(a_poster(an_event()))
    organizer = sign_in()

    for path in (f"/organize/posters/{poster.code}.svg", f"/organize/posters/{poster.code}.png"):
        control = organizer.get(path).headers.get("Cache-Control", "")
        assert "private" in control or "no-store" in control, path


def test_the_content_policy_allows_nothing_inline_and_no_other_host(client: FlaskClient) -> None:
    found = policy(client.get("/"))

    sources = {source for listed in found.values() for source in listed}
    assert sources == {"'none'", "'self'"}
    assert found["base-uri"] == ["'none'"]
    assert found["form-action"] == ["'self'"]


def test_browsers_are_told_to_keep_to_https_only_where_people_come_by_https(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    secure = make_app(database_url, public_url="https://zl.example.cn").test_client().get("/")
    plain = make_app(database_url, public_url="http://192.168.1.5:5000").test_client().get("/")

    assert "Strict-Transport-Security" in secure.headers
    assert "Strict-Transport-Security" not in plain.headers


def test_cookies_of_an_https_site_are_bound_to_it_and_hidden_from_scripts(
    save: Callable[..., Any], client: FlaskClient
) -> None:
    poster = save(a_poster(an_event()))

    answers = [
        client.get(f"/q/{poster.code}"),
        client.post("/locale", data={"locale": "en"}),
        client.get("/organize/sign-in"),
    ]

    cookies: dict[str, Any] = {}
    for answer in answers:
        cookies |= set_cookies(answer)
    assert set(cookies) == {"__Host-paper", "__Host-device", "__Host-locale", "__Host-session"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert cookie["secure"]
        assert cookie["samesite"] == "Lax"
        assert cookie["path"] == "/"
        assert cookie["domain"] == ""


def test_cookies_of_a_plain_http_site_work_and_are_hidden_from_scripts(
    database_url: str, make_app: Callable[..., Flask]
) -> None:
    client = make_app(database_url, public_url="http://192.168.1.5:5000").test_client()

    cookies = set_cookies(client.post("/locale", data={"locale": "en"}))
    cookies |= set_cookies(client.get("/organize/sign-in"))

    assert set(cookies) == {"locale", "session"}
    for cookie in cookies.values():
        assert cookie["httponly"]
        assert not cookie["secure"]
        assert cookie["samesite"] == "Lax"


@pytest.mark.parametrize("path", ["/", "/learn", "/participation", "/participation.json"])
def test_public_pages_set_no_cookie(client: FlaskClient, path: str) -> None:
    assert set_cookies(client.get(path)) == {}


@pytest.mark.parametrize(
    "path",
    ["/", "/learn", "/q/ABCD-EFGH", "/participation?page=2", "/organize/events/1#counts", "/质量"],
)
def test_a_path_on_this_site_is_local(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "learn",
        "?next=/",
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "\\/evil.example",
        "/a\\..\\evil",
        "/\t/evil.example",
        "/\r\n/evil.example",
        "/\x00",
        "/\x7f",
        " //evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
    ],
)
def test_anything_else_is_not_local(target: str | None) -> None:
    assert local_path(target, "/organize/") == "/organize/"


@pytest.mark.parametrize(
    "path",
    [
        "/organize/sign-in",
        "/organize/sign-out",
        "/organize/events/new",
        "/organize/events/1/edit",
        "/organize/events/1/posters",
        f"/organize/posters/{CODE}/withdraw",
        f"/organize/posters/{CODE}/restore",
    ],
)
def test_a_form_without_its_token_is_refused(
    sign_in: Callable[..., FlaskClient], path: str
) -> None:
    response = sign_in().post(path, data=WHO)

    assert response.status_code == 400


def test_a_form_with_anothers_token_is_refused(
    client: FlaskClient, add_organizer: Callable[..., int], app: Flask
) -> None:
    add_organizer()
    stolen = csrf_token(app.test_client().get(SIGN_IN).text)
    client.get(SIGN_IN)

    response = client.post(SIGN_IN, data=WHO | {"csrf_token": stolen})

    assert response.status_code == 400


@pytest.mark.parametrize(
    ("referer", "status"),
    [
        ({"Referer": f"{SITE}/organize/sign-in"}, 303),
        ({"Referer": "https://evil.example/"}, 400),
        ({"Referer": f"{SITE}.evil.example/"}, 400),
        ({}, 400),
    ],
)
def test_over_https_a_form_is_taken_from_our_own_pages_only(
    client: FlaskClient, add_organizer: Callable[..., int], referer: dict[str, str], status: int
) -> None:
    add_organizer()
    token = csrf_token(client.get(SIGN_IN, base_url=SITE).text)

    response = client.post(
        SIGN_IN, base_url=SITE, data=WHO | {"csrf_token": token}, headers=referer
    )

    assert response.status_code == status


def test_a_refused_form_signs_nobody_out(sign_in: Callable[..., FlaskClient]) -> None:
    organizer = sign_in()

    organizer.post("/organize/sign-out")

    assert organizer.get("/organize/").status_code == 200


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.9", "127.0.0.1"),
        (0, "203.0.113.9, 198.51.100.7", "127.0.0.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (2, "10.9.9.9, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "203.0.113.9", "127.0.0.1"),
    ],
)
def test_the_visitors_address_is_what_the_trusted_proxies_say(
    seen: Callable[..., Any], proxies: int, forwarded: str, address: str
) -> None:
    assert seen(proxies, X_Forwarded_For=forwarded)["address"] == address


@pytest.mark.parametrize("name", ["Forwarded", "X_Real_IP", "True_Client_IP", "Client_IP"])
def test_no_other_header_tells_the_visitors_address(seen: Callable[..., Any], name: str) -> None:
    assert seen(1, **{name: "203.0.113.9"})["address"] == "127.0.0.1"


@pytest.mark.parametrize(("proxies", "scheme"), [(0, "http"), (1, "https")])
def test_the_scheme_is_what_the_trusted_proxies_say(
    seen: Callable[..., Any], proxies: int, scheme: str
) -> None:
    assert seen(proxies, X_Forwarded_Proto="https")["scheme"] == scheme


def test_a_forwarded_host_is_ignored_without_proxies(seen: Callable[..., Any]) -> None:
    assert seen(0, X_Forwarded_Host="evil.example")["host"] == "localhost"


def test_a_foreign_host_reaches_no_link_of_a_page(
    save: Callable[..., Any], sign_in: Callable[..., FlaskClient]
) -> None:
    poster = save(a_poster(an_event()))
    organizer = sign_in()

    for path in ("/", "/learn", f"/q/{poster.code}", f"/organize/posters/{poster.code}/print"):
        page = organizer.get(
            path, headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        )
        assert "evil.example" not in page.text
        assert "evil.example" not in page.headers.get("Location", "")


def test_no_page_asks_anything_of_another_host(
    save: Callable[..., Any], client: FlaskClient
) -> None:
    poster = save(a_poster(an_event()))

    for path in ("/", "/learn", "/participation", f"/q/{poster.code}", "/organize/sign-in"):
        loaded = re.findall(
            r'<(?:link|script|img|form|iframe)[^>]*?(?:src|href|action)="([^"]*)"',
            client.get(path).text,
        )
        assert loaded
        assert all(local_path(address, "") for address in loaded), loaded
