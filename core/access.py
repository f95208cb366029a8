"""Who may do what: the guard of every page that is not public."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, Protocol, TypeVar

from flask import abort, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

P = ParamSpec("P")
R = TypeVar("R", bound=ResponseReturnValue)


class Actor(Protocol):
    """Somebody signed in; `region_code` names the region that they answer for."""

    @property
    def id(self) -> int:
        """Key of the account."""

    @property
    def name(self) -> str:
        """Name of the account."""

    @property
    def region_code(self) -> str:
        """Six-digit code."""

    def may(self, right: str) -> bool:
        """Tell whether this person holds a right at all; where, the object's query says."""


def current_actor() -> Actor | None:
    """Return who asks, or None for a stranger."""
    actor: Actor | None = g.get("actor")
    return actor


def signed_in() -> Actor:
    """Return who asks; only behind `requires`."""
    actor = current_actor()
    if actor is None:
        abort(403)
    return actor


def requires(right: str) -> Callable[[Callable[P, R]], Callable[P, ResponseReturnValue]]:
    """Close a view to all who do not hold `right`.

    A stranger is sent to the page named by the setting `SIGN_IN_ENDPOINT`; somebody signed in
    without the right gets 403.
    """

    def guard(view: Callable[P, R]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            actor = current_actor()
            if actor is None:
                back = request.full_path.rstrip("?") if request.method == "GET" else None
                return redirect(url_for(current_app.config["SIGN_IN_ENDPOINT"], next=back), 303)
            if not actor.may(right):
                abort(403)
            return view(*args, **kwargs)

        guarded.action = right  # type: ignore[attr-defined]
        return guarded

    return guard
