"""The page in a real browser: what it shows, filters and sorts, and that it asks for nothing."""

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from selenium.webdriver.common.by import By

from goldenami.domain.audit.document import Document
from goldenami.domain.audit.finding import Finding
from goldenami.report.audit import as_html

if TYPE_CHECKING:
    from selenium import webdriver

ACCOUNT = "111122223333"


@pytest.fixture
def page(browser: "webdriver.Chrome", document: Document, tmp_path: Path) -> "webdriver.Chrome":
    """The page of the usual document, opened."""
    return opened(browser, document, tmp_path)


def opened(browser: "webdriver.Chrome", document: Document, folder: Path) -> "webdriver.Chrome":
    path = folder / "audit.html"
    with path.open("w", encoding="utf-8") as out:
        as_html.write(document, out)
    logged(browser, "browser")
    logged(browser, "performance")
    browser.get(path.as_uri())
    return browser


def logged(page: "webdriver.Chrome", kind: str) -> list[dict[str, Any]]:
    """What was logged since the last time; selenium does not type it."""
    found: list[dict[str, Any]] = page.get_log(kind)  # type: ignore[no-untyped-call]
    return found


def rows(page: "webdriver.Chrome") -> list[str]:
    found = page.find_elements(By.CSS_SELECTOR, "#findings tbody tr")
    return [one.find_elements(By.TAG_NAME, "td")[3].text for one in found]


def text(page: "webdriver.Chrome", selector: str) -> str:
    return page.find_element(By.CSS_SELECTOR, selector).text


def test_it_shows_what_the_audit_has(page: "webdriver.Chrome") -> None:
    assert "2026-11-23 12:00" in page.title
    assert "40.0 %" in text(page, ".cards")
    assert "Incomplete" in text(page, "#unread")
    assert "ap-south-1" in text(page, "#unread")
    assert "us-east-1" in text(page, "#places")
    assert "not read" in text(page, "#places")
    assert "web 1" in text(page, "#images")
    assert "up to 30 days" in text(page, "#ages")
    assert text(page, "#count") == "2 of 2 findings"
    assert rows(page) == ["i-0000000000000002a", "i-1"]
    first = page.find_element(By.CSS_SELECTOR, "#findings tbody tr").find_elements(
        By.TAG_NAME, "td"
    )
    shown = {cell.get_attribute("data-label"): cell.text for cell in first}
    assert (shown["kind"], shown["image"], shown["change"]) == ("instance", "ami-1 theirs", "new")
    assert shown["name"].splitlines()[-1] == "Name==1+1"
    assert "EC2-028" in shown["controls"]
    links = [each.get_attribute("href") for each in first[3].find_elements(By.TAG_NAME, "a")]
    assert links == [
        "https://us-east-1.console.aws.amazon.com/ec2/home?region=us-east-1"
        "#InstanceDetails:instanceId=i-0000000000000002a"
    ]
    assert [line.split(" ")[0] for line in text(page, "#since").splitlines()] == [
        "new", "still", "fixed", "not",
    ]  # fmt: skip
    assert "i-9" in page.find_element(By.ID, "fixed").get_attribute("textContent")  # type: ignore[operator]


def test_a_place_that_was_not_read_has_no_numbers(page: "webdriver.Chrome") -> None:
    found = page.find_elements(By.CSS_SELECTOR, "#places tbody tr")
    cells = [[one.text for one in row.find_elements(By.TAG_NAME, "td")] for row in found]
    assert cells == [
        [ACCOUNT, "us-east-1", "4", "1", "25.0 %", "2"],
        [ACCOUNT, "eu-west-1", "1", "1", "100.0 %", "0"],
        [ACCOUNT, "ap-south-1", "", "", "", "not read"],
    ]


def test_it_filters_and_sorts(page: "webdriver.Chrome") -> None:
    from selenium.webdriver.support.ui import Select

    search = page.find_element(By.ID, "text")
    search.send_keys("DEPRECATED")
    assert rows(page) == ["i-1"]
    assert text(page, "#count") == "1 of 2 findings"
    search.clear()
    search.send_keys(" ")
    search.clear()
    Select(page.find_element(By.ID, "severity")).select_by_visible_text("high")
    assert rows(page) == ["i-0000000000000002a"]
    Select(page.find_element(By.ID, "rule")).select_by_visible_text("deprecated-image")
    assert rows(page) == []
    Select(page.find_element(By.ID, "severity")).select_by_value("")
    assert rows(page) == ["i-1"]
    Select(page.find_element(By.ID, "rule")).select_by_value("")
    heads = page.find_elements(By.CSS_SELECTOR, "#findings th button")
    by_what = next(one for one in heads if one.text.startswith("what"))
    by_what.click()
    assert rows(page) == ["i-0000000000000002a", "i-1"]
    by_what.click()
    assert rows(page) == ["i-1", "i-0000000000000002a"]


def test_what_tags_bring_is_text(page: "webdriver.Chrome") -> None:
    assert "=1+1[red]�[31m</script>|" in text(page, "#findings")


def test_its_console_is_free_of_errors_and_it_asks_for_nothing(page: "webdriver.Chrome") -> None:
    assert logged(page, "browser") == []
    asked = [
        address
        for one in logged(page, "performance")
        for address in re.findall(r'"documentURL":"[^"]*".*?"url":"([^"]+)"', one["message"])
        if '"Network.requestWillBeSent"' in one["message"]
    ]
    assert asked
    assert {address.split(":")[0] for address in asked} <= {"file", "data"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_and_dark(page: "webdriver.Chrome", scheme: str) -> None:
    feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
    body = page.find_element(By.TAG_NAME, "body")
    dark, light = (brightness(body, name) for name in ("background-color", "color"))
    assert (dark < light) == (scheme == "dark")
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_it_is_legible_on_a_phone(browser: "webdriver.Chrome", page: "webdriver.Chrome") -> None:
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        wide = page.execute_script("return document.documentElement.scrollWidth")
        assert wide <= 360
        for table in ("#findings", "#places", "#images"):
            cell = page.find_element(By.CSS_SELECTOR, f"{table} td")
            assert cell.value_of_css_property("display") == "block"
            box = page.find_element(By.CSS_SELECTOR, table)
            assert box.size["width"] <= 360
        size = page.find_element(By.TAG_NAME, "p").value_of_css_property("font-size")
        assert float(size.removesuffix("px")) >= 14
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_large_audit_is_cut_and_says_so(
    browser: "webdriver.Chrome", document: Document, finding: Finding, tmp_path: Path
) -> None:
    many = [
        replace(finding, subject=replace(finding.subject, id=f"i-{number}"))
        for number in range(as_html.FINDINGS + 10)
    ]
    large = Document(replace(document.audit, open_findings=len(many)), many, ())
    page = opened(browser, large, tmp_path)
    assert "10 more findings are not on this page" in text(page, "main")
    before, after = (page.find_element(By.ID, name) for name in ("before", "after"))
    assert (text(page, "#page"), len(rows(page))) == ("Page 1 of 100", as_html.PAGE)
    assert not before.is_enabled()
    page.execute_script("arguments[0].click()", after)
    assert text(page, "#page") == "Page 2 of 100"
    page.find_element(By.ID, "text").send_keys("i-4242")
    assert (rows(page), text(page, "#count")) == (["i-4242"], "1 of 10000 findings")
    assert not after.is_displayed()


def test_without_javascript_the_worst_findings_are_there(
    browser: "webdriver.Chrome", document: Document, tmp_path: Path
) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        page = opened(browser, document, tmp_path)
        assert rows(page) == ["i-0000000000000002a", "i-1"]
        assert "Without JavaScript: the 2 worst" in text(page, "main")
        assert not page.find_element(By.ID, "text").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


SHARES = {(0, 5): "high", (4, 5): "high", (9, 10): "medium", (5, 5): "good", (0, 0): "soft"}


def test_a_share_has_the_colour_that_it_deserves(
    browser: "webdriver.Chrome", document: Document, tmp_path: Path
) -> None:
    for (compliant, instances), grade in SHARES.items():
        place = replace(
            document.audit.places[0],
            subjects={"instance": instances},
            instances_compliant=compliant,
        )
        audit = replace(document.audit, places=(place,))
        out = io.StringIO()
        as_html.write(Document(audit, document.findings, ()), out)
        assert f'<b class="{grade}" id="share">' in out.getvalue()
    assert as_html._percent(99_999, 100_000) == "99.9"


def test_a_clean_audit_has_no_findings_table_to_fill(
    browser: "webdriver.Chrome", clean_document: Document, tmp_path: Path
) -> None:
    page = opened(browser, clean_document, tmp_path)
    assert text(page, "#count") == "0 of 0 findings"
    assert logged(page, "browser") == []


def test_the_script_element_cannot_be_ended_by_data(document: Document) -> None:
    out = io.StringIO()
    as_html.write(document, out)
    assert out.getvalue().count("</script>") == 2


def brightness(element: Any, name: str) -> int:
    numbers = re.findall(r"\d+", element.value_of_css_property(name))[:3]
    return sum(map(int, numbers))
