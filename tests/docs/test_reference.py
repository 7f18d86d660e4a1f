"""What is printed from the tables: valid, complete, and in step with them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cse.reference import markdown, openapi, schemas
from cse.reference.__main__ import FOLDER, files
from resources.model import ResourceType
from resources.registry import Registry
from tests.rig import Rig

REGISTRY = Registry.default()
DOCUMENTED = [type_ for type_ in REGISTRY.types if markdown.documented(type_)]


def test_the_reference_is_in_step_with_the_tables() -> None:
    wanted = files(REGISTRY)
    there = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()}
    stale = [name for name, text in wanted.items()
             if name not in there or (FOLDER / name).read_text(encoding="utf-8") != text]
    assert (stale, sorted(there - wanted.keys())) == ([], []), "run python -m cse.reference"


def test_every_link_of_the_reference_leads_somewhere() -> None:
    pages = {name: text for name, text in files(REGISTRY).items() if name.endswith(".md")}
    anchors = {name: {markdown.anchor(title) for title in re.findall(r"^## (.+)$", text, re.MULTILINE)}
               for name, text in pages.items()}
    broken = [
        (page, target, anchor) for page, text in pages.items()
        for target, anchor in re.findall(r"\]\(([\w.]+\.md)(?:#([\w-]+))?\)", text)
        if target not in pages or (anchor and anchor not in anchors[target])
    ]
    assert broken == []


@pytest.mark.parametrize("type_", DOCUMENTED, ids=lambda type_: type_.name)
def test_a_schema_is_valid(type_: ResourceType) -> None:
    document = schemas.document(type_, REGISTRY)
    Draft202012Validator.check_schema(document)
    references = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(document)))
    assert references <= document["$defs"].keys()


async def test_what_the_cse_answers_fits_the_schema() -> None:
    rig = await Rig.open()
    await rig.register(poa=["http://a.example"])
    made = {
        "m2m:cnt": await rig.made("cse/cae1", 3, {"rn": "c", "mni": 3, "lbl": ["a:b"]}, "Cae1"),
        "m2m:cin": await rig.made("cse/cae1/c", 4, {"con": "x", "cnf": "text/plain:0"}, "Cae1"),
        "m2m:grp": await rig.made("cse/cae1", 9, {"mnm": 3, "mid": []}, "Cae1"),
    }
    for root, attributes in made.items():
        validator = Draft202012Validator(schemas.document(REGISTRY.by_root[root], REGISTRY))
        assert list(validator.iter_errors({root: attributes})) == []
        assert list(validator.iter_errors({root: {**attributes, "lbl": 5}})) != []
        assert list(validator.iter_errors({root: {**attributes, "nosuch": 5}})) != []
    await rig.close()


def described() -> dict[str, Any]:
    return openapi.document(REGISTRY, version="1.0", server="http://127.0.0.1:8080", cse_name="cse")


def test_openapi_refers_to_what_it_defines() -> None:
    document = described()
    text = json.dumps(document)
    for kind, name in set(re.findall(r'"\$ref": "#/components/(\w+)/([^"]+)"', text)):
        assert name in document["components"][kind], (kind, name)
    assert '"#/$defs/' not in text


def test_openapi_creates_every_type_that_a_request_may_create() -> None:
    bodies = described()["paths"]["/cse/{name1}"]["post"]["requestBody"]["content"]
    assert {int(media_type.partition("ty=")[2]) for media_type in bodies} == {
        type_.number for type_ in REGISTRY.types if type_.creatable and type_.number < 10000}
