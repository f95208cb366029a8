"""Flask-Login over sessions that can be ended: what it keeps names a live row, not an account."""

from flask import Flask, session
from flask_login import LoginManager, UserMixin, login_user

from outreach.organizers import service
from outreach.organizers.models import Organizer

TOKEN = "_user_id"  # noqa: S105 -- the key under which Flask-Login's session holds it


class SignedIn(UserMixin):
    """Somebody signed in, for Flask-Login; its id is the session's random token."""

    def __init__(self, token: str, organizer: Organizer) -> None:
        self.token, self.organizer = token, organizer

    def get_id(self) -> str:
        """Return what the signed cookie keeps."""
        return self.token

    @property
    def is_active(self) -> bool:
        """Tell whether the account is open."""
        return self.organizer.is_active


class Manager(LoginManager):
    """Flask-Login without a second cookie and away from the pages of participants.

    Its own `after_request` reads the session on every page, which would then vary by cookie. Its
    remember-me cookie would outlive the session's row; its session protection puts a hash of the
    address (from a raw header) and the browser's name into the cookie.
    """

    def __init__(self) -> None:
        super().__init__()
        self.session_protection = None
        self.user_loader(_load)

    def init_app(self, app: Flask, add_context_processor: bool = False) -> None:
        """Let the app find its manager; nothing runs but where somebody asks who is signed in."""
        assert not add_context_processor  # noqa: S101 -- templates know `g.actor`
        app.login_manager = self  # type: ignore[attr-defined]

    def _load_user_from_remember_cookie(self, _cookie: str) -> None:
        """Remember nobody: whatever a cookie of that name says, we did not set it."""


def _load(token: str) -> SignedIn | None:
    organizer = service.of_session(token)
    return SignedIn(token, organizer) if organizer else None


def keep(entry: service.Entry, organizer: Organizer) -> None:
    """Let the browser keep a session; what it kept before is forgotten."""
    session.clear()
    login_user(SignedIn(entry.token, organizer))
    del session["_id"]  # made of the address and the browser's name
