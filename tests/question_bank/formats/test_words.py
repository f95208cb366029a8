"""Every fault and every loss has a sentence, in the language of the reader."""

import re

from flask import Flask

from question_bank.formats import csv_text, gift
from question_bank.formats.exchange import FaultCode, FormatFault, Loss
from question_bank.formats.words import FAULTS, LOSSES, heading, sentence
from tests.question_bank.formats.strategies import USUAL

HOLE = re.compile(r"%\((\w+)\)s")


def test_every_code_has_its_sentence():
    assert set(FAULTS) == set(FaultCode)
    assert set(LOSSES) == set(Loss)


def test_a_sentence_fills_its_holes_with_facts(app: Flask):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        (fault,) = gift.read(b"Why? {}", USUAL).faults
        assert sentence(fault).startswith("This is a question of the kind “essay”.")

        (fault,) = csv_text.read("题型,正确答案\n".encode(), USUAL).faults
        assert sentence(fault) == "The column “Stem (Chinese)” is missing."


def test_a_kind_of_another_program_keeps_its_name(app: Flask):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        fault = FormatFault(1, "", FaultCode.KIND_NOT_HELD, {"kind": "ddwtos"})

        assert "“ddwtos”" in sentence(fault)


def test_a_fact_cannot_open_another_hole(app: Flask):
    with app.test_request_context():
        fault = FormatFault(1, "", FaultCode.KIND_UNKNOWN, {"value": "%(limit)s %s 100%"})

        assert "%(limit)s %s 100%" in sentence(fault)


def test_headings_are_in_the_language_of_the_reader(app: Flask):
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert heading("stem_zh") == "Stem (Chinese)"
    with app.test_request_context(headers={"Accept-Language": "zh-CN"}):
        assert heading("stem_zh") == "题干（中文）"
    assert heading("nothing of ours") == ""
