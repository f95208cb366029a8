"""Participation by region for programs and spreadsheets, and the document that describes it.

Scripts of every site may read these figures. The address alone and `Accept-Language` say what they
get, never a cookie, so that whoever is given a link sees the same as whoever gave it.
"""

import hashlib

from flask import Blueprint, Response, abort, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import force_locale
from flask_babel import gettext as _

from core import clock
from core.config import Settings
from core.i18n import LOCALES, requested_locale
from core.security import open_to_every_site
from outreach.campaigns import service as campaigns
from outreach.tally import open_data, openapi, parts, service
from outreach.tally.service import Look

bp = Blueprint("open_data", __name__)


@bp.get("/participation.json", endpoint="json")
@bp.get("/participation/<region_code>.json", endpoint="region_json")
@open_to_every_site
def as_json(region_code: str | None = None) -> ResponseReturnValue:
    """Return a region's numbers for programs.

    The tag leaves out `as_of`: 304 says that the numbers still stand as they were then.
    """
    with force_locale(_language()):
        seen, code = _look(region_code, *parts.WAYS)
        body = open_data.as_json(service.table_of(seen, code), parts.of(seen, code))
    numbers = {name: value for name, value in body.items() if name != "as_of"}
    return _figures(jsonify(body), current_app.json.dumps(numbers))


@bp.get("/participation.csv", endpoint="csv")
@bp.get("/participation/<region_code>.csv", endpoint="region_csv")
@open_to_every_site
def as_csv(region_code: str | None = None) -> ResponseReturnValue:
    """Return the same numbers for spreadsheets: UTF-8 with a byte order mark."""
    with force_locale(_language()):
        table = service.table_of(*_look(region_code))
        body = open_data.as_csv(table)
    response = Response(body, content_type="text/csv; charset=utf-8")
    name = f"participation-{table.total.code}-{table.as_of:%Y%m%dT%H%MZ}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return _figures(response, body.decode())


@bp.get("/api/openapi.json")
@open_to_every_site
def document() -> ResponseReturnValue:
    """Describe all that there is for programs."""
    settings: Settings = current_app.config["SETTINGS"]
    body = openapi.document(settings.public_url)
    return _answer(Response(body, content_type="application/json"), body)


def _language() -> str:
    asked = request.args.get("lang")
    if asked is None:
        return requested_locale()
    if asked not in LOCALES:
        abort(400, _("“lang” is zh, zh_Hant or en."))
    return asked


def _look(region_code: str | None, *ways: tuple[str, ...]) -> tuple[Look, str]:
    """Return the numbers of now, and the code of the region that was asked for."""
    campaign = campaigns.current(clock.local_day(clock.now()))
    if campaign is None:
        abort(404, _("No campaign has been set up yet."))
    code = region_code or campaign.province_code
    try:
        return service.look(campaign, code, *ways, is_public=True), code
    except service.OutsideCampaignError:
        abort(
            404,
            _("No region of this code takes part. /participation.json lists those that do."),
        )


def _figures(response: Response, content: str) -> ResponseReturnValue:
    response.headers["Vary"] = "Accept-Language"
    return _answer(response, content)


def _answer(response: Response, content: str) -> ResponseReturnValue:
    """Let whoever holds this content keep it; the tag is weak, for packed copies share it."""
    response.set_etag(hashlib.sha256(content.encode()).hexdigest()[:20], weak=True)
    response.headers["Cache-Control"] = "no-cache"
    return response.make_conditional(request)
