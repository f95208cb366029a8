"""The booklet of a topic: everything in it, answers apart from questions, no glyph missing."""

import datetime as dt
import re
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import pypdfium2
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from question_bank import printing, service
from question_bank.booklet import Booklet, Imprint
from question_bank.content import EMPHASIS, Kind, Question, Text
from question_bank.printing import BOOKLETS_IN_MEMORY, PLACES, PressBusyError
from question_bank.study import LETTERS, neutral_choices
from tests.conftest import PUBLIC_URL
from tests.question_bank.samples import SHIPPED_ON, a_question, edition_of, shipped_edition

ZH, EN = {"Accept-Language": "zh-CN"}, {"Accept-Language": "en"}
NOON = dt.datetime(2026, 11, 22, 4, 0, tzinfo=dt.UTC)
LARGEST, SMALLEST, LAWLESS = "food-safety", "food-waste", "quality-methods"
ANSWER = re.compile(r"(\d+)\.([A-E]+)(正确|错误|True|False)?$")
# pdfium writes a hyphen at the end of a line as a control character.
NOISE = re.compile(r"[\s\u00a0\ufffe\x02-]")
CPU_SECONDS = 4


@pytest.fixture(autouse=True)
def on_the_day_the_bank_was_written() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def squeezed(text: str, locale: str = "zh") -> str:
    """Return a text as both sides of a comparison have it: without stress, spaces, hyphens."""
    plain = NOISE.sub("", EMPHASIS.sub(r"\1", text))
    return plain.translate(str.maketrans("“”‘’", "\"\"''")) if locale == "en" else plain


def drawable(topic_id: str) -> list[Question]:
    return [q for q in shipped_edition().drawable(SHIPPED_ON) if q.topic_id == topic_id]


def read_pages(file: bytes) -> list[str]:
    with closing(pypdfium2.PdfDocument(file)) as document:
        return [page.get_textpage().get_text_range() for page in document]


def fetch(client: FlaskClient, topic_id: str, locale: str) -> bytes:
    headers = EN if locale == "en" else ZH
    response = client.get(f"/learn/{topic_id}/booklet.pdf", headers=headers)
    assert response.status_code == 200
    assert response.mimetype == "application/pdf"
    return response.data


BOTH = pytest.mark.parametrize("locale", ["zh", "en"])


@BOTH
@pytest.mark.parametrize("topic_id", [LARGEST, SMALLEST, LAWLESS, "intellectual-property"])
def test_a_booklet_holds_every_question_with_its_choices_and_answer(
    client: FlaskClient, topic_id: str, locale: str
) -> None:
    topic = shipped_edition().topics_by_id[topic_id]
    name = squeezed(topic.name.in_(locale), locale)

    pages = [squeezed(text, locale) for text in read_pages(fetch(client, topic_id, locale))]
    text = "".join(page.removeprefix(name) for page in pages)

    assert name in pages[0]
    for question in drawable(topic_id):
        choices = neutral_choices(question, locale)
        lettered = [
            LETTERS[n] + squeezed(c.text.in_(locale), locale) for n, c in enumerate(choices)
        ]
        assert squeezed(question.stem.in_(locale), locale) in text
        assert all(choice in text for choice in lettered)
        before, after = text.split(squeezed(question.explanation.in_(locale), locale), 1)
        answer = ANSWER.search(before[-20:])
        assert answer, before[-20:]
        right = [choice for n, choice in enumerate(choices) if LETTERS[n] in answer[2]]
        assert {choice for choice in choices if choice.is_right} == set(right)
        if question.kind is Kind.TRUE_FALSE:
            assert answer[3] == right[0].text.in_(locale)
        for citation in question.citations:
            cited = shipped_edition().statutes[citation.statute_id].cite(citation, locale)
            assert squeezed(cited, locale) in after[:600]


def test_answers_stand_after_all_questions(client: FlaskClient) -> None:
    pages = [squeezed(text) for text in read_pages(fetch(client, SMALLEST, "zh"))]

    questions = drawable(SMALLEST)
    with_stem = [n for q in questions for n, p in enumerate(pages) if squeezed(q.stem.zh) in p]
    with_reason = [
        n for q in questions for n, p in enumerate(pages) if squeezed(q.explanation.zh) in p
    ]
    assert len(with_stem) == len(with_reason) == len(questions)
    assert max(with_stem) < min(with_reason)


@BOTH
def test_a_question_and_an_answer_are_never_torn_over_two_pages(
    client: FlaskClient, locale: str
) -> None:
    pages = [squeezed(t, locale) for t in read_pages(fetch(client, LARGEST, locale))]

    for question in drawable(LARGEST):
        texts = [question.stem, neutral_choices(question, locale)[-1].text]
        whole = [squeezed(text.in_(locale), locale) for text in texts]
        assert any(all(text in page for text in whole) for page in pages)
        assert any(squeezed(question.explanation.in_(locale), locale) in page for page in pages)


def test_the_cover_tells_edition_day_and_address(client: FlaskClient) -> None:
    [cover, inside, *_rest] = read_pages(fetch(client, LARGEST, "en"))

    assert f"{len(drawable(LARGEST))} questions" in cover
    assert "edition 1, published on" in cover
    assert "22 Nov 2026" in cover
    assert f"{PUBLIC_URL}/learn/{LARGEST}" in cover
    assert f"{PUBLIC_URL}/learn/{LARGEST}" in inside


def test_pages_are_numbered_and_the_contents_point_at_the_right_ones(client: FlaskClient) -> None:
    file = fetch(client, SMALLEST, "en")
    pages = read_pages(file)

    contents = dict(re.findall(r"(Questions|Answers and reasons|Statutes)\s+(\d+)", pages[1]))

    assert set(contents) == {"Questions", "Answers and reasons", "Statutes"}
    for name, number in contents.items():
        assert len(re.findall(name, pages[int(number) - 1])) >= 2  # running head and heading
    for number, text in enumerate(pages[1:], 2):
        assert text.split()[-1] == str(number) or str(number) in text.split()
    with closing(pypdfium2.PdfDocument(file)) as document:
        outline = [bookmark.get_title() for bookmark in document.get_toc()]
    assert outline == list(contents)


def test_the_statutes_are_listed_with_the_articles_cited(client: FlaskClient) -> None:
    cited = {(c.statute_id, c.article) for q in drawable(SMALLEST) for c in q.citations}

    pages = read_pages(fetch(client, SMALLEST, "en"))
    last = squeezed(pages[-1], "en").removesuffix(str(len(pages))) + "."

    for statute_id, article in cited:
        statute = shipped_edition().statutes[statute_id]
        after = last.split(squeezed(statute.title.en, "en"), 1)[1]
        assert re.search(rf"\D{article}\D", after)


def test_a_topic_without_laws_has_no_list_of_laws(client: FlaskClient) -> None:
    text = "".join(read_pages(fetch(client, LAWLESS, "en")))

    assert "Statutes" not in text
    assert "article of law" not in text


def test_a_statute_that_ends_says_when(client: FlaskClient) -> None:
    text = "".join(read_pages(fetch(client, "intellectual-property", "en")))

    assert "until 31 Dec 2026" in text


@BOTH
def test_no_glyph_is_missing(app: Flask, locale: str) -> None:
    edition, topics = shipped_edition(), shipped_edition().topics
    headers = EN if locale == "en" else ZH
    imprint = Imprint(SHIPPED_ON, SHIPPED_ON, PUBLIC_URL)

    with app.test_request_context(headers=headers):
        for topic in topics[::4]:
            booklet = Booklet(edition, topic, drawable(topic.id), imprint, locale)
            booklet.make()
            missing = [font.missing_glyphs for font in booklet.pages.fonts.values()]  # type: ignore[union-attr]
            assert missing == [[], []]


def test_a_question_longer_than_a_page_goes_on_on_the_next(app: Flask) -> None:
    long = Text("这是很长的题干，" * 125, "This is a very long stem. " * 40)
    question = a_question(stem=long, explanation=long)
    edition = edition_of([question])
    imprint = Imprint(SHIPPED_ON, SHIPPED_ON, PUBLIC_URL)

    with app.test_request_context(headers=ZH):
        file = Booklet(edition, edition.topics[0], [question], imprint, "zh").make()

    assert squeezed(long.zh)[:500] in squeezed("".join(read_pages(file)))
    with closing(pypdfium2.PdfDocument(file)) as document:
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_charbox(place) for place in range(text.count_chars())]
            assert min((bottom for _left, bottom, _right, top in boxes if top), default=99) > 20


def test_the_largest_booklet_takes_about_a_second(client: FlaskClient) -> None:
    start = time.process_time()
    file = fetch(client, LARGEST, "zh")

    assert time.process_time() - start < CPU_SECONDS
    assert len(file) < 1_000_000


@BOTH
def test_the_same_booklet_has_the_same_bytes_in_every_process(
    make_app: object, database_url: str, locale: str
) -> None:
    files = set()
    for _process in range(2):
        app = make_app(database_url)  # type: ignore[operator]
        files.add(fetch(app.test_client(), SMALLEST, locale))

    assert len(files) == 1


def test_a_booklet_is_made_once_for_a_language_and_a_day(app: Flask) -> None:
    with app.test_request_context(headers=ZH):
        edition = service.latest()
        assert edition
        topic = edition.topics_by_id[SMALLEST]
        days = [SHIPPED_ON, SHIPPED_ON, SHIPPED_ON + dt.timedelta(days=1)]
        files = [printing.booklet(edition, topic, day, "zh") for day in days]

    assert files[0] is files[1]
    assert files[0] is not files[2]


def test_memory_holds_a_bounded_number_of_booklets(app: Flask) -> None:
    made = app.extensions["press"].made
    made |= {(0, str(n), "zh", SHIPPED_ON): b"" for n in range(BOOKLETS_IN_MEMORY)}

    fetch(app.test_client(), SMALLEST, "zh")

    assert len(made) == BOOKLETS_IN_MEMORY
    assert (0, "0", "zh", SHIPPED_ON) not in made


def test_a_retired_statute_changes_the_booklet_on_its_day(client: FlaskClient) -> None:
    before = fetch(client, "intellectual-property", "zh")
    with time_machine.travel(dt.datetime(2027, 1, 1, 4, 0, tzinfo=dt.UTC), tick=False):
        after = fetch(client, "intellectual-property", "zh")

    old, new = (squeezed("".join(read_pages(file))) for file in (before, after))
    for question in shipped_edition().questions.values():
        if question.id.startswith("ip-tm19-"):
            assert squeezed(question.stem.zh) in old
            assert squeezed(question.explanation.zh) not in new


def test_while_others_wait_a_reader_is_asked_to_come_back(app: Flask) -> None:
    press, client = app.extensions["press"], app.test_client()
    for _place in range(PLACES):
        assert press.places.acquire(blocking=False)

    busy = client.get(f"/learn/{SMALLEST}/booklet.pdf", headers=ZH)
    for _place in range(PLACES):
        press.places.release()
    served = client.get(f"/learn/{SMALLEST}/booklet.pdf", headers=ZH)

    assert busy.status_code == 503
    assert int(busy.headers["Retry-After"]) > 0
    assert served.status_code == 200


def test_places_are_given_back_after_a_fault(app: Flask) -> None:
    edition = edition_of([a_question()])  # no database knows it
    with app.test_request_context(headers=ZH):
        full = service.latest()
        assert full
        for _try in range(PLACES + 1):
            topic = edition.topics[0]
            stranger = type(edition)(99, "", edition.topics, edition.statutes, edition.questions)
            with pytest.raises(Exception, match="No row") as fault:
                printing.booklet(stranger, topic, SHIPPED_ON, "zh")
            assert not isinstance(fault.value, PressBusyError)


def test_two_who_ask_at_once_get_the_same_file(app: Flask) -> None:
    barrier, files = Barrier(PLACES), []

    def ask() -> None:
        client = app.test_client()
        barrier.wait()
        files.append(fetch(client, SMALLEST, "zh"))

    threads = [Thread(target=ask) for _place in range(PLACES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(files) == PLACES
    assert len(set(files)) == 1
    assert len(app.extensions["press"].made) == 1


@pytest.mark.parametrize("topic_id", ["magic", "%00", "food-safety%2Fx"])
def test_an_unknown_topic_has_no_booklet(client: FlaskClient, topic_id: str) -> None:
    assert client.get(f"/learn/{topic_id}/booklet.pdf").status_code == 404


def test_a_known_file_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get(f"/learn/{SMALLEST}/booklet.pdf", headers=ZH)

    again = client.get(
        f"/learn/{SMALLEST}/booklet.pdf", headers={**ZH, "If-None-Match": first.headers["ETag"]}
    )
    other = client.get(
        f"/learn/{SMALLEST}/booklet.pdf", headers={**EN, "If-None-Match": first.headers["ETag"]}
    )

    assert again.status_code == 304
    assert other.status_code == 200
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert first.headers["Content-Disposition"].startswith("attachment; ")


def test_the_topic_page_offers_the_booklet(client: FlaskClient, tmp_path: Path) -> None:
    page = client.get(f"/learn/{SMALLEST}", headers=ZH)

    assert f'href="/learn/{SMALLEST}/booklet.pdf"' in page.text
