"""An editor's form in a real browser."""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from core.db import db
from outreach.organizers import service as organizers
from tests.browser.conftest import sign_in
from tests.builders import FUJIAN

pytestmark = pytest.mark.browser

QUESTION = "/bank/questions/auto-airbag-two-repairs"


@pytest.fixture
def editor(app: Flask, open_browser: Callable[..., BrowserContext]) -> Page:
    """Sign in somebody who writes questions."""
    with app.app_context():
        organizers.add("writer", "correct horse", FUJIAN, edits_questions=True)
        db.session.commit()
    page = open_browser(locale="en").new_page()
    sign_in(page, "writer")
    return page


def test_a_draft_is_previewed_while_one_writes_and_saved_after_a_look_in_another_tab(
    editor: Page,
) -> None:
    editor.goto(f"{QUESTION}/edit")
    editor.locator("#stem_en").fill("What may Teacher Lai ask for now?")
    expect(editor.locator("#preview")).to_contain_text("What may Teacher Lai ask for now?")

    with editor.context.expect_page() as tab:
        editor.get_by_role("button", name="Preview").click()
    expect(tab.value.locator("main h1")).to_have_text("As a phone shows it")
    tab.value.close()
    editor.locator("#reason").fill("shorter")
    editor.get_by_role("button", name="Save the draft").click()

    editor.wait_for_url(f"**{QUESTION}")
    expect(editor.locator("h1")).to_have_text("What may Teacher Lai ask for now?")
