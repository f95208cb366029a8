"""The log in sentences: one for each action that the product knows."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from core.audit import COMMAND_LINE, STRANGER, AuditEntry
from core.words import N_

MAX_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Deed:
    """An action by name, and as a sentence with holes for who did it and to what."""

    name: str
    sentence: str


DEEDS = {
    "organizer.sign_in": Deed(N_("Signed in"), N_("%(who)s signed in.")),
    "organizer.sign_in_failed": Deed(
        N_("Sign-in failed"), N_("Somebody tried to sign in as “%(what)s” with a wrong password.")
    ),
    "organizer.code_failed": Deed(
        N_("Code refused"), N_("Somebody knew the password of “%(what)s” but gave a wrong code.")
    ),
    "organizer.recovery_code": Deed(
        N_("Recovery code used"), N_("“%(what)s” signed in with a recovery code.")
    ),
    "organizer.password": Deed(N_("Password changed"), N_("%(who)s changed the own password.")),
    "organizer.session_end": Deed(
        N_("Sign-ins ended"), N_("%(who)s signed out on another machine.")
    ),
    "organizer.totp_on": Deed(
        N_("Second step switched on"), N_("%(who)s set up an authenticator.")
    ),
    "organizer.totp_off": Deed(
        N_("Second step switched off"), N_("%(who)s switched the authenticator off.")
    ),
    "organizer.totp_reset": Deed(
        N_("Second step taken off"), N_("%(who)s took the authenticator of “%(what)s” off.")
    ),
    "organizer.recovery_renew": Deed(
        N_("New recovery codes"), N_("%(who)s made new recovery codes.")
    ),
    "organizer.add": Deed(N_("Account added"), N_("%(who)s added the account “%(what)s”.")),
    "organizer.password_set": Deed(
        N_("Password set"), N_("%(who)s set a new password for “%(what)s”.")
    ),
    "organizer.charge": Deed(
        N_("Account given another task"), N_("%(who)s changed what the account “%(what)s” is for.")
    ),
    "organizer.deactivate": Deed(
        N_("Account closed"), N_("%(who)s closed the account “%(what)s”.")
    ),
    "organizer.reactivate": Deed(
        N_("Account opened again"), N_("%(who)s opened the account “%(what)s” again.")
    ),
    "organizer.reset_offer": Deed(
        N_("Link to a new password"), N_("%(who)s made a link to a new password for “%(what)s”.")
    ),
    "organizer.reset": Deed(
        N_("New password by link"), N_("“%(what)s” chose a new password by a link.")
    ),
    "invitation.make": Deed(N_("Invited"), N_("%(who)s invited “%(what)s”.")),
    "invitation.withdraw": Deed(
        N_("Invitation withdrawn"), N_("%(who)s withdrew the invitation of “%(what)s”.")
    ),
    "invitation.accept": Deed(
        N_("Invitation accepted"), N_("“%(what)s” made an account by an invitation.")
    ),
    "campaign.create": Deed(N_("Campaign added"), N_("%(who)s added the campaign “%(what)s”.")),
    "campaign.change": Deed(N_("Campaign changed"), N_("%(who)s changed the campaign “%(what)s”.")),
    "campaign.copy": Deed(
        N_("Campaign copied"), N_("%(who)s made the campaign “%(what)s” from an earlier one.")
    ),
    "campaign.load": Deed(
        N_("Campaign loaded from a file"), N_("%(who)s loaded the campaign “%(what)s” from a file.")
    ),
    "body.add": Deed(N_("Bodies added"), N_("%(who)s added bodies to “%(what)s”.")),
    "body.change": Deed(N_("Body changed"), N_("%(who)s changed a body of “%(what)s”.")),
    "body.move": Deed(
        N_("Order of bodies changed"), N_("%(who)s changed the order of the bodies of “%(what)s”.")
    ),
    "body.remove": Deed(N_("Body removed"), N_("%(who)s removed a body from “%(what)s”.")),
    "campaign.archive": Deed(
        N_("Campaign archived"), N_("%(who)s wrote the attempts of “%(what)s” into an archive.")
    ),
    "campaign.archive_remove": Deed(
        N_("Archived attempts removed"),
        N_("%(who)s removed the archived attempts of “%(what)s”. Their numbers stay."),
    ),
    "campaign.archive_restore": Deed(
        N_("Archived attempts restored"),
        N_("%(who)s put the archived attempts of “%(what)s” back."),
    ),
    "event.plan": Deed(N_("Event planned"), N_("%(who)s planned the event “%(what)s”.")),
    "event.copy": Deed(N_("Event copied"), N_("%(who)s planned “%(what)s” after another event.")),
    "event.import": Deed(
        N_("Events imported"), N_("%(who)s planned events from a spreadsheet: “%(what)s”.")
    ),
    "event.change": Deed(N_("Event changed"), N_("%(who)s changed the event “%(what)s”.")),
    "event.teams": Deed(N_("Teams changed"), N_("%(who)s changed the teams of “%(what)s”.")),
    "event.team-remove": Deed(N_("Team removed"), N_("%(who)s removed a team of “%(what)s”.")),
    "event.until": Deed(N_("Closing time changed"), N_("%(who)s changed when “%(what)s” closes.")),
    "event.close": Deed(N_("Event closed early"), N_("%(who)s closed “%(what)s” early.")),
    "event.reopen": Deed(N_("Event opened again"), N_("%(who)s opened “%(what)s” again.")),
    "event.cancel": Deed(N_("Event cancelled"), N_("%(who)s cancelled “%(what)s”.")),
    "event.restore": Deed(
        N_("Event takes place after all"), N_("%(who)s took back the cancelling of “%(what)s”.")
    ),
    "poster.add": Deed(N_("Poster made"), N_("%(who)s made the poster “%(what)s”.")),
    "poster.withdraw": Deed(N_("Poster withdrawn"), N_("%(who)s withdrew the poster “%(what)s”.")),
    "poster.restore": Deed(
        N_("Poster in use again"), N_("%(who)s put the poster “%(what)s” into use again.")
    ),
    "poster.rename": Deed(N_("Poster renamed"), N_("%(who)s renamed the poster “%(what)s”.")),
    "poster.print": Deed(N_("Posters printed"), N_("%(who)s asked for posters: “%(what)s”.")),
    "poster.repoint": Deed(
        N_("Poster re-pointed"), N_("%(who)s let the poster “%(what)s” lead to another event.")
    ),
    "quiz.compose": Deed(N_("Quiz composed"), N_("%(who)s composed the quiz “%(what)s”.")),
    "quiz.change": Deed(N_("Quiz changed"), N_("%(who)s changed the quiz “%(what)s”.")),
    "quiz.withdraw": Deed(N_("Quiz withdrawn"), N_("%(who)s withdrew the quiz “%(what)s”.")),
    "quiz.offer": Deed(N_("Quiz offered again"), N_("%(who)s offered the quiz “%(what)s” again.")),
    "report.ask": Deed(N_("Report asked for"), N_("%(who)s asked for a report: “%(what)s”.")),
    "offline.enter": Deed(
        N_("Paper or spoken count entered"),
        N_("%(who)s entered participation on paper or by voice: “%(what)s”."),
    ),
    "offline.withdraw": Deed(
        N_("Paper or spoken count withdrawn"),
        N_("%(who)s withdrew an entry of participation on paper or by voice: “%(what)s”."),
    ),
    "offline.restore": Deed(
        N_("Paper or spoken count restored"),
        N_("%(who)s restored an entry of participation on paper or by voice: “%(what)s”."),
    ),
}


def name(action: str) -> str:
    """Name an action; one without a name is shown as it is."""
    return str(_(DEEDS[action].name)) if action in DEEDS else action


def who(entry: AuditEntry) -> str:
    """Name who did it."""
    if entry.actor_id is None and entry.actor_name == COMMAND_LINE:
        return str(_("The server's operator"))
    return str(_("Somebody")) if entry.actor_name == STRANGER else entry.actor_name


def sentence(entry: AuditEntry) -> str:
    """Say what happened."""
    deed = DEEDS.get(entry.action)
    if deed is None:
        return f"{who(entry)}: {entry.action} “{entry.label}”"
    return str(_(deed.sentence, who=who(entry), what=entry.label))


def detail(entry: AuditEntry) -> str:
    """Write the plain values kept with an entry, as they are."""
    parts = [f"{key}: {_plain(value)}" for key, value in entry.detail.items()]
    text = " · ".join(parts)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return str(value)
