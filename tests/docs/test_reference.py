"""What is printed from the tables: valid, complete, and in step with them."""

from __future__ import annotations

import json
import re
from typing import Any

import aiohttp
import pytest
from jsonschema import Draft202012Validator

from cse.app import running
from cse.reference import contents, markdown, openapi, schemas
from cse.reference.__main__ import FOLDER, files
from cse.reference.examples import EXAMPLES
from cse.settings import CseSettings, HttpSettings, Settings, StoreSettings
from resources.model import ResourceType
from resources.registry import Registry
from tests.rig import Rig

REGISTRY = Registry.default()
DOCUMENTED = [type_ for type_ in REGISTRY.types if markdown.documented(type_)]
CREATED = [type_ for type_ in REGISTRY.types if contents.is_creatable(type_)]


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
    bodies = described()["components"]["requestBodies"]["create"]["content"]
    assert {int(media_type.partition("ty=")[2]) for media_type in bodies if "ty=" in media_type} == {
        type_.number for type_ in REGISTRY.types if type_.creatable and type_.number < 10000}


def test_openapi_stays_small_whatever_the_device_models() -> None:
    text = json.dumps(described(), separators=(",", ":"))
    assert len(text) < 600_000
    assert "create_cod_tempe" not in text


async def test_openapi_names_the_media_types_that_are_on() -> None:
    for names, words in (([], {"json"}), (["xml"], {"json", "xml"}), (["cbor", "xml"], {"json", "cbor", "xml"})):
        settings = Settings(cse=CseSettings(serializations=names), store=StoreSettings(kind="memory"),
                            http=HttpSettings(port=0))  # fmt: skip
        async with running(settings) as [node], aiohttp.request("GET", f"{node.url}/openapi.json") as answer:
            document = await answer.json()
        parts = document["components"]
        for part in (*parts["requestBodies"].values(), *parts["responses"].values()):
            assert {media_type.partition(";")[0] for media_type in part["content"]} == {
                f"application/{word}" for word in words}  # fmt: skip
        assert f"application/{max(words)};ty=3" in parts["requestBodies"]["create"]["content"]
        text = json.dumps(document)
        for kind, name in set(re.findall(r'"\$ref": "#/components/(\w+)/([^"]+)"', text)):
            assert name in parts[kind], (kind, name)


def test_openapi_leaves_out_what_has_no_behaviour_here() -> None:
    content = described()["components"]["schemas"]["create_m2m_cnt"]["properties"]["m2m:cnt"]["properties"]
    assert "mni" in content
    assert "at" not in content


@pytest.mark.parametrize("type_", CREATED, ids=lambda type_: type_.name)
def test_every_type_has_an_example_that_fits_its_schema(type_: ResourceType) -> None:
    (root, inside), = EXAMPLES[type_.short].items()
    shown = REGISTRY.by_root[root]
    schema = schemas.document(shown, REGISTRY)
    creation = Draft202012Validator({"$ref": "#/$defs/create", "$defs": schema["$defs"]})
    assert list(creation.iter_errors({root: inside})) == []
    assert shown.number == type_.number
