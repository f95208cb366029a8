"""The OpenAPI document of all that programs may read."""

import json
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).parent / "data" / "openapi.yaml"


@cache
def document(public_url: str) -> str:
    """Return the document as JSON, in the order in which it was written.

    :param public_url: where the addresses that it names begin
    """
    described = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return json.dumps(described | {"servers": [{"url": public_url}]}, ensure_ascii=False)
