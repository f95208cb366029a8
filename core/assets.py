"""One stylesheet and one script per page, joined from small files when the server starts.

A scan may cost three requests: the paper, a stylesheet, a script. The files stay one component
or behaviour each; `SHEETS` and `SCRIPTS` say which page family gets which, in order.
"""

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, url_for

SHEETS = {
    "phone": ["tokens", "base", "button", "field", "quiz", "result"],
    "board": ["tokens", "board"],
    "styleguide": ["styleguide"],
    "site": [
        "tokens",
        "base",
        "button",
        "quiz",
        "result",
        "card",
        "calendar",
        "table",
        "counts",
        "charts",
        "field",
        "poster",
        "editor",
        "study",
        "share",
        "desk",
        "knowledge",
        "figures",
        "people",
    ],
}
SCRIPTS = {
    "phone": ["once", "display", "memory", "quiz", "send", "notice", "certificate"],
    "board": ["board"],
    "site": [
        "once",
        "display",
        "print",
        "suggest",
        "preview",
        "speak",
        "progress",
        "notice",
        "copy",
        "reveal",
    ],
}
FOR_EVER = "public, max-age=31536000, immutable"
MIME = {"css": "text/css", "js": "text/javascript"}

bp = Blueprint("assets", __name__)


def _join(folder: Path, name: str) -> str:
    stem, kind = name.rsplit(".", 1)
    parts = (SHEETS if kind == "css" else SCRIPTS)[stem]
    texts = [(folder / kind / f"{part}.{kind}").read_text(encoding="utf-8") for part in parts]
    if kind == "js":  # each behaviour keeps its names to itself, as it would in a file of its own
        texts = [f"{{\n{text}}}\n" for text in texts]
    return "".join(texts)


@bp.get("/assets/<version>/<name>")
def file(version: str, name: str) -> Response:
    """Serve a joined file; its address changes with its content, so it may be kept for ever."""
    bundles: dict[str, tuple[str, str]] = current_app.extensions["assets"]
    if name not in bundles or bundles[name][0] != version:
        abort(404)
    response = Response(bundles[name][1], mimetype=MIME[name.rsplit(".", 1)[1]])
    response.headers["Cache-Control"] = FOR_EVER
    return response


def asset_url(name: str) -> str:
    """Return the address of a joined file such as `phone.css` or `site.js`."""
    return url_for("assets.file", version=current_app.extensions["assets"][name][0], name=name)


def init_app(app: Flask) -> None:
    """Join the files and let templates name them."""
    folder = Path(app.static_folder or "static")
    bundles = {}
    for name in [f"{k}.css" for k in SHEETS] + [f"{k}.js" for k in SCRIPTS]:
        text = _join(folder, name)
        bundles[name] = (hashlib.sha256(text.encode()).hexdigest()[:12], text)
    app.extensions["assets"] = bundles
    app.jinja_env.globals["asset_url"] = asset_url
    app.register_blueprint(bp)
