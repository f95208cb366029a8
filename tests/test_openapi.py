"""What /api/openapi.json promises to programs is what they get.

The cases are drawn by schemathesis from the document, the same in every run. Its own pytest plugin
cannot take the schema from a fixture under pytest 9.2, so it is asked for its strategies instead.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from tests.builders import FUJIAN, JINJIANG, PINGTAN, QUANZHOU
from tests.conftest import PUBLIC_URL
from tests.outreach.attempts import hold_event

Save = Callable[..., Any]

DOCUMENT = "/api/openapi.json"
UNPACKED = {"Accept-Encoding": "identity"}  # in process nothing between us unpacks an answer
HOLE = re.compile(r"<(?:\w+:)?\w+>")
BRACES = re.compile(r"{\w+}")
SOME = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def closed(part: Any) -> Any:
    """Return a part of the document that allows no field but those it names."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    inside = {name: closed(one) for name, one in part.items()}
    return inside | ({"additionalProperties": False} if "properties" in part else {})


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    return dict(client.get(DOCUMENT).get_json())


@pytest.fixture
def known(save: Save) -> dict[str, Any]:
    """Fill the tables with what is told, what is hidden and what is in no part; return codes."""
    event, _poster, _attempts = hold_event(save, JINJIANG, 12, passed=7)
    hold_event(save, PINGTAN, 3)
    hold_event(save, FUJIAN, 11)
    return {
        "region_code": st.sampled_from([FUJIAN, QUANZHOU, JINJIANG, PINGTAN]),
        "board_code": st.just(event.board_code),
    }


@pytest.fixture
def schema(app: Flask, document: dict[str, Any], known: dict[str, Any]) -> BaseSchema:
    config = SchemathesisConfig.from_dict({"generation": {"deterministic": True}})
    schema = schemathesis.openapi.from_dict(closed(document), config=config)
    schema.app = app
    return schema


def test_the_document_is_one_of_openapi_and_names_the_public_address(
    schema: BaseSchema, document: dict[str, Any]
) -> None:
    schema.validate()

    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": PUBLIC_URL}]


def test_the_document_names_all_that_other_sites_may_read_and_nothing_else(
    app: Flask, document: dict[str, Any]
) -> None:
    is_open = {
        HOLE.sub("{}", rule.rule)
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], "is_open")
    }

    assert {BRACES.sub("{}", path) for path in document["paths"]} == is_open - {DOCUMENT}


def test_every_field_is_explained_in_words(document: dict[str, Any]) -> None:
    def unexplained(name: str, part: dict[str, Any]) -> list[str]:
        inside = part.get("properties", {})
        if not inside and not {"description", "$ref"} & part.keys():
            return [name]
        return [one for key in inside for one in unexplained(f"{name}.{key}", inside[key])]

    schemas = document["components"]["schemas"]
    assert [one for name in schemas for one in unexplained(name, schemas[name])] == []


def test_the_document_lists_the_columns_of_the_spreadsheet(
    client: FlaskClient, document: dict[str, Any]
) -> None:
    answers = document["paths"]["/participation.csv"]["get"]["responses"]
    heads = next(csv.reader(io.StringIO(client.get("/participation.csv").data.decode("utf-8-sig"))))

    assert answers["200"]["content"]["text/csv"]["schema"]["x-columns"] == heads


def test_answers_for_what_there_is_are_as_described(
    schema: BaseSchema, known: dict[str, Any]
) -> None:
    for result in schema.get_all_operations():
        operation = result.ok()
        names = [parameter.name for parameter in operation.path_parameters]
        holes = st.fixed_dictionaries({name: known[name] for name in names})

        @SOME
        @given(case=operation.as_strategy(), holes=holes)
        def ask(case: Case, holes: dict[str, str]) -> None:
            case.path_parameters = holes
            response = case.call_and_validate(headers=UNPACKED)
            assert response.status_code == 200

        ask()


@pytest.mark.parametrize("mode", GenerationMode)
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    schema: BaseSchema, mode: GenerationMode
) -> None:
    answers: Counter[int] = Counter()
    for result in schema.get_all_operations():

        @SOME
        @given(case=result.ok().as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            answers[case.call_and_validate(headers=UNPACKED).status_code] += 1

        ask()

    assert answers[404] > 0


def test_bounds_and_other_methods_are_answered_as_described(schema: BaseSchema) -> None:
    answers: Counter[int] = Counter()
    for result in schema.get_all_operations():
        cases = schema.iter_coverage_cases(
            result.ok(),
            generation_modes=list(GenerationMode),
            generation_config=schema.config.generation,
        )
        for case in cases:
            answers[case.call_and_validate(headers=UNPACKED).status_code] += 1

    assert {200, 400, 404, 405} == set(answers)
