"""Forms of identifiers: each takes its own and refuses its neighbours."""

from __future__ import annotations

import pytest

from resources import simple_types as t
from resources.datatypes import DataType, Invalid

FORMS: list[tuple[DataType, list[str], list[str]]] = [
    (t.m2m_sp_id, ["//sp", "//sp.example"], ["/sp", "//sp/cse", "sp", "//"]),
    (t.cse_id_sp_relative, ["/cse", "/cse-1.x~"], ["cse", "//cse", "/cse/a", "/"]),
    (t.cse_id_absolute, ["//sp/cse"], ["/cse", "//sp", "//sp/cse/a"]),
    (t.ae_id_stem, ["Cae", "Sae", "C"], ["ae", "/Sae", "C ae", "Cäe"]),
    (t.ae_id_cse_relative, ["Cae", "S1"], ["X", "/cse/Cae"]),
    (t.ae_id_sp_relative, ["/cse/Cae", "/Sae"], ["/Cae", "/cse/Sae", "/cse/ae", "Cae"]),
    (t.ae_id_absolute, ["//sp/cse/Cae", "//sp/Sae"], ["//sp/Cae", "//sp/cse/Sae", "/Sae"]),
    (t.app_id, ["N", "Nmeter.1", "R-x_y", "rold"], ["x", "", "N app", "N/a"]),
    (t.resource_id_unstructured_cse_relative, ["cnt1", "-"], ["a/b", "/a", ""]),
    (t.resource_id_structured_cse_relative, ["-/ae/cnt", "cse-in/ae", "-"], ["/cse/a", "a//b", "a/"]),
    (t.resource_id_sp_relative, ["/cse/cnt1", "/cse/-/ae/cnt"], ["/cse", "cnt1", "//sp/cse/x"]),
    (t.resource_id_absolute, ["//sp/cse/cnt1", "//sp/cse/-/ae"], ["//sp/cse", "/cse/cnt1"]),
    (t.hybrid, ["cnt1/la", "grp1/fopt/x"], ["cnt1", "/cse/la", "cnt1/"]),
]


@pytest.mark.parametrize(("form", "own", "others"), FORMS, ids=[form.name for form, _, _ in FORMS])
def test_a_form_takes_its_own_and_no_other(form: DataType, own: list[str], others: list[str]) -> None:
    for value in own:
        form.check(value)
    for value in [*others, "a b", "a\n", "\u0661"]:
        with pytest.raises(Invalid, match=r"expected an? "):
            form.check(value)


@pytest.mark.parametrize(("form", "own", "others"), FORMS, ids=[form.name for form, _, _ in FORMS])
def test_every_form_is_an_identifier(form: DataType, own: list[str], others: list[str]) -> None:
    for value in own:
        t.identifier.check(value)
