"""What a layer diagram cannot say: `resources` needs the standard library only, and every library has its one place."""

from __future__ import annotations

import ast
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = {"ae_samples", "bindings", "conformance_tests", "cse", "ipe", "resources", "ui", "config"}
#: Library -> where it may be imported. A library without a row is not a dependency of the product.
PLACES = {
    "aiohttp": ("bindings/http/", "bindings/websocket/", "ae_samples/"),
    "aiocoap": ("bindings/coap/",),
    "amqtt": ("bindings/broker/house.py",),
    "bacpypes3": ("ipe/bacnet/stack.py", "ipe/simulator/controllers.py"),
    "cbor2": ("cse/codecs/cbor.py",),
    "dnp3": ("ipe/dnp3/master.py",),
    "gmqtt": ("bindings/mqtt/broker.py", "ipe/zigbee/driver.py"),
    "iregexp_check": ("cse/criteria/jsonpath.py",),
    "jsonpath_rfc9535": ("cse/criteria/jsonpath.py",),
    "msgspec": ("cse/codecs/", "cse/storage/"),
    "openpyxl": ("ipe/sheets.py",),
    "pyparsing": ("cse/rdf/",),
    "pymodbus": ("ipe/modbus/driver.py", "ipe/modbus/links.py", "ipe/modbus/simulator.py",
                 "ipe/simulator/meters.py"),
    "pyenergyplus": ("ipe/simulator/energyplus.py",),
    "rdflib": ("cse/rdf/", "cse/semantics.py"),
    "regex": ("cse/criteria/jsonpath.py", "cse/rdf/"),
    "shapely": ("cse/criteria/places.py",),
    "xknx": ("ipe/knx/link.py", "ipe/knx/mapping.py"),
    "yarl": ("bindings/http/",),
    "uvloop": ("cse/cli/", "cse/app.py"),
}
#: What the suite for testers needs: a distribution of its own, were it alone.
SUITE_PLACES = {
    "aiohttp": ("conformance_tests/http/",),
    "yaml": ("conformance_tests/",),
    "yarl": ("conformance_tests/http/",),
}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def outside(folder: str) -> list[tuple[str, str]]:
    """Return (file, library) for each import of a folder that is neither ours nor of the standard library."""
    return [
        (path.relative_to(ROOT).as_posix(), name)
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(imports(path) - OURS - sys.stdlib_module_names - {"__future__"})
    ]


def test_resources_need_the_standard_library_only() -> None:
    assert outside("resources") == []


@pytest.mark.parametrize("folder", ["cse", "bindings", "ipe", "ae_samples"])
def test_every_library_has_its_place(folder: str) -> None:
    wrong = [(file, name) for file, name in outside(folder) if not file.startswith(PLACES.get(name, ()))]
    assert wrong == []


def test_every_library_of_the_suite_for_testers_has_its_place() -> None:
    used = outside("conformance_tests")
    assert [(file, name) for file, name in used if not file.startswith(SUITE_PLACES.get(name, ()))] == []


def modules() -> dict[str, Path]:
    """Return the modules of the product by name."""
    files = [path for folder in sorted(OURS - {"ui", "config"}) for path in (ROOT / folder).rglob("*.py")]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in files}


def needed(tree: ast.AST) -> set[str]:
    """Return what a module imports when it runs, in functions too; what only a type checker reads does not count."""
    names: set[str] = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        names |= needed(node)
    return names


def test_there_is_no_import_cycle() -> None:
    known = modules()
    graph = {
        name: {
            one
            for one in needed(ast.parse(path.read_text())) & known.keys()
            if not f"{name}.".startswith(f"{one}.")  # a package may name itself and is there before its modules
        }
        for name, path in known.items()
    }
    assert len(list(TopologicalSorter(graph).static_order())) == len(known)


def test_conformance_tests_know_nothing_of_the_product() -> None:
    product = OURS - {"conformance_tests"}
    files = sorted((ROOT / "conformance_tests").rglob("*.py"))
    assert [(str(path), sorted(imports(path) & product)) for path in files if imports(path) & product] == []
