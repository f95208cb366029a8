"""The styleguide: tokens, components and marks on one living page, while one develops."""

from flask import Blueprint, Flask, abort, current_app, render_template
from flask.typing import ResponseReturnValue

bp = Blueprint("styleguide", __name__)


@bp.get("/styleguide")
def page() -> ResponseReturnValue:
    """Show everything that pages are made of; only in debug mode."""
    if not current_app.debug:
        abort(404)
    return render_template("styleguide.html")


def init_app(app: Flask) -> None:
    """Answer at /styleguide."""
    app.register_blueprint(bp)
