"""The pages in a real browser: Debian's Chromium, driven by Playwright."""

import dataclasses
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from conformance_tests.reports import diff, diff_page, html
from conformance_tests.verdict import Report, Verdict
from tests.conformance.reports import samples

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")

Open = Callable[..., Awaitable[Any]]
FIRST_FAIL = "TC_CSE_DMR_CRE_001_CNT"


@pytest.fixture
async def open_page(tmp_path: Path) -> AsyncIterator[Open]:
    """Open a page as a file; at the end fail on anything that the browser complained about, or that was fetched."""
    complaints: list[str] = []
    async with api.async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        async def open_(text: str, fragment: str = "", **options: Any) -> Any:
            (tmp_path / "page.html").write_text(text, encoding="utf-8")
            page = await browser.new_page(**options)
            page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on(
                "request", lambda one: None if one.url.startswith(("file:", "data:")) else complaints.append(one.url)
            )
            page.on("dialog", lambda dialog: complaints.append(dialog.message))
            await page.goto((tmp_path / "page.html").as_uri() + fragment)
            return page

        yield open_
        await browser.close()
    assert complaints == []


def small() -> Report:
    return samples.report(
        [
            samples.result(1, Verdict.FAIL),
            samples.result(2, Verdict.INCONCLUSIVE, "SUB"),
            samples.result(
                3, Verdict.PASS, "SUB", needs=("type:group",), note="decided by the pack", observed=("steps 2: 4000",)
            ),
            samples.result(4, Verdict.PASS, "container", duration_s=9.0),
            samples.result(5, Verdict.NOT_APPLICABLE, "container", reason="not claimed: type:group"),
        ]
    )


async def ids(page: Any) -> list[str]:
    found: list[str] = await page.locator("#list .id").all_text_contents()
    return found


async def test_cases_come_worst_first_and_a_case_opens_with_its_exchange(open_page: Open) -> None:
    page = await open_page(html.page(small()))
    assert await ids(page) == [
        FIRST_FAIL,
        "TC_CSE_SUB_CRE_002_CNT",
        "TC_CSE_SUB_CRE_003_CNT",
        "CNT-4/words-of-the-case",
        "CNT-5/words-of-the-case",
    ]
    assert await page.locator(".inside").count() == 0
    first = page.locator(".case").first
    await first.locator("summary").press("Enter")
    await api.expect(first.locator(".reason")).to_contain_text("expected rsc 4105")
    await api.expect(first.locator(".repeat code")).to_contain_text(f"--select {FIRST_FAIL}")
    assert await first.locator(".exchange").count() == 2
    request = await first.locator("pre").first.inner_text()
    assert '\n\n{\n  "m2m:cnt": {\n    "rn": "twin",\n    "mni": 3,\n    "lbl": ["a", "b"],\n' in request
    assert "12345678901234567890" in request
    await api.expect(first.locator(".message h4").nth(1)).to_have_text("Answer · 2001 CREATED")


async def test_filters_narrow_the_list_and_stand_in_the_fragment(open_page: Open) -> None:
    page = await open_page(html.page(small()))
    await page.locator(".chip.fail").click()
    assert await ids(page) == [FIRST_FAIL]
    assert page.url.endswith("#verdict=fail")
    await page.locator(".chip.inconclusive").click()
    await api.expect(page.locator("#found")).to_have_text("2 of 5 cases")
    await page.locator("#clear").click()
    await page.locator("#area").select_option("container")
    await page.locator("#sort").select_option("slow")
    assert await ids(page) == ["CNT-4/words-of-the-case", "CNT-5/words-of-the-case"]
    await page.locator("#clear").click()
    await page.locator("#text").fill("NUMBER of instances sub")
    await api.expect(page.locator("#found")).to_have_text("1 of 5 cases")
    await page.locator("#text").fill("no such words")
    await api.expect(page.locator("#nothing")).to_be_visible()


async def test_a_fragment_is_followed(open_page: Open) -> None:
    page = await open_page(html.page(small()), "#verdict=pass&area=SUB")
    assert await ids(page) == ["TC_CSE_SUB_CRE_003_CNT"]
    await page.locator(".tables a", has_text="group").click()
    await api.expect(page.locator("#feature")).to_have_value("type:group")
    page = await open_page(html.page(small()), "#case=TC_CSE_SUB_CRE_003_CNT")
    opened = page.locator(".case[open]")
    await api.expect(opened).to_contain_text("decided by the pack")
    await api.expect(opened).to_contain_text("steps 2: 4000")
    page = await open_page(html.page(small()), "#verdict=nonsense&case=%00&sort=x")
    assert len(await ids(page)) == 5


async def test_the_command_is_copied(open_page: Open) -> None:
    page = await open_page(html.page(small()), f"#case={FIRST_FAIL}")
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator(".case[open] button", has_text="Copy command")
    await button.click()
    await api.expect(page.locator("#said")).to_have_text("Copied")
    assert (await page.evaluate("navigator.clipboard.readText()")).endswith(f"--select {FIRST_FAIL}")


async def test_hostile_text_runs_nothing(open_page: Open) -> None:
    page = await open_page(html.page(samples.hostile()))
    assert await page.locator("#list .case").count() == 4
    await page.locator("#open").click()
    await api.expect(page.locator(".exchange")).to_have_count(12)
    assert await page.evaluate("window.hit") is None
    assert await page.locator("#list img, #list script, #list a[href^=javascript]").count() == 0
    shown = await page.locator(".case .reason").first.inner_text()
    assert "</script><script>window.hit=1</script>" in shown
    assert r"\u202egnp.exe" in shown


async def test_thousands_of_cases_are_shown_and_filtered_at_once(open_page: Open) -> None:
    page = await open_page(html.page(samples.typical(5000)))
    await api.expect(page.locator("#found")).to_have_text("5,000 cases")
    took_ms = await page.evaluate(
        "() => { const from = performance.now(); document.querySelector('.chip.fail').click();"
        " document.body.offsetHeight; document.querySelector('#clear').click(); document.body.offsetHeight;"
        " return performance.now() - from; }"
    )
    assert took_ms < 1500


@pytest.mark.parametrize("width", [320, 390, 800, 1400, 3840])
async def test_nothing_is_wider_than_the_window(open_page: Open, width: int) -> None:
    page = await open_page(html.page(samples.typical(60)), viewport={"width": width, "height": 900})
    await page.locator("#open").click()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_without_scripts_the_numbers_and_the_trouble_are_there(open_page: Open) -> None:
    page = await open_page(html.page(small()), java_script_enabled=False)
    await api.expect(page.locator(".share")).to_contain_text("50.0 %")
    assert await page.locator("noscript .case").count() == 2
    await api.expect(page.locator("#tools")).to_be_hidden()


async def test_a_print_has_the_trouble_opened(open_page: Open) -> None:
    page = await open_page(html.page(small()))
    await page.pdf()
    assert await page.locator(".case[open]").count() == 2


async def test_a_comparison_is_a_page_without_script(open_page: Open) -> None:
    before, after = small(), small()
    after.results[3] = dataclasses.replace(after.results[3], verdict=Verdict.FAIL, reason="steps 1: <b>no</b>")
    page = await open_page(diff_page.page(diff.compare(before, after)))
    await api.expect(page.locator("h1")).to_have_text("1 got worse")
    await page.locator("#worse .change summary").click()
    await api.expect(page.locator("#worse .reason.fail")).to_contain_text("steps 1: <b>no</b>")
