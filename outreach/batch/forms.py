"""What an organizer may send to plan many events at once."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField
from wtforms.validators import DataRequired


class UploadForm(FlaskForm):
    """A sheet of events."""

    file = FileField(
        _l("Your filled-in file (.xlsx or .csv)"), [FileRequired(_l("Choose a file."))]
    )


class MakeForm(FlaskForm):
    """A sheet that was checked, kept in the page and signed."""

    kept = HiddenField(validators=[DataRequired()])
