import base64
import hashlib
import re

from conformance_tests.reports import html
from conformance_tests.verdict import Verdict
from tests.conformance.reports import samples


def test_the_page_needs_nothing_but_itself() -> None:
    page = html.page(samples.typical(50))
    assert not re.search(r"""(?:src|href)=(?!"#|"data:,")""", page.split("<script", 1)[0])
    assert "@import" not in page
    assert "url(" not in page


def test_the_policy_permits_the_script_and_style_of_the_page_only() -> None:
    page = html.page(samples.typical(5))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    script, style = (re.findall(rf"<{name}>(.*?)</{name}>", page, re.DOTALL) for name in ("script", "style"))
    for content in (*script, *style):
        assert base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() in policy[1]
    assert (len(script), len(style)) == (1, 1)


def test_hostile_text_is_neither_markup_nor_the_end_of_a_script() -> None:
    page = html.page(samples.hostile())
    page.encode("utf-8")
    assert page.count("<script") == page.count("</script>") == 2
    assert page.count("<!--") == 0
    assert "<img" not in page
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e\u2028\ud800-\udfff]", page)


def test_huge_messages_are_cut() -> None:
    assert len(html.page(samples.hostile())) < 2_000_000


def test_the_numbers_are_there_without_a_script() -> None:
    results = [samples.result(1, Verdict.PASS), samples.result(2, Verdict.FAIL, reason="<why>")]
    page = html.page(samples.report(results)).split('<script type="application/json"', 1)[0]
    assert "<b>50.0 %</b>" in page
    assert 'aria-label="1 pass, 1 fail"' in page
    assert "&lt;why&gt;" in page


def test_a_run_of_no_case_is_a_page() -> None:
    assert "of 0 applicable cases pass" in html.page(samples.report([]))
