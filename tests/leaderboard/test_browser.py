"""The pages in a real browser: they sort with and without script, fit a phone, and ask for nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None,
    reason="SKIPPED LOUDLY: no browser here (install chromium and chromium-driver)",
)


def browser(folder: Path, *, script: bool = True, width: int = 1200) -> Any:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for flag in (
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-dev-shm-usage", f"--user-data-dir={folder}", f"--window-size={width},900",
    ):  # fmt: skip
        options.add_argument(flag)
    if not script:
        options.add_experimental_option(
            "prefs", {"profile.managed_default_content_settings.javascript": 2}
        )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(executable_path=DRIVER)
    return webdriver.Chrome(options=options, service=service)


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = browser(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def scriptless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    driver = browser(tmp_path_factory.mktemp("profile"), script=False)
    yield driver
    driver.quit()


def rows_as_seen(driver: Any) -> list[str]:
    """Return the names of the first table's rows, from top to bottom of the screen."""
    rows = driver.find_elements("css selector", ".table tbody tr")
    return [row.text.split("\n")[0] for row in sorted(rows, key=lambda row: row.location["y"])]


def press(driver: Any, label: str) -> None:
    """Choose to sort by a column, with the keyboard."""
    box = driver.find_element("css selector", f'.table input[aria-label="sort by {label}"]')
    box.send_keys(" ")


@pytest.mark.parametrize("kind", ["scripted", "scriptless"])
def test_a_table_sorts_by_a_column_and_back(
    kind: str, site: Path, request: pytest.FixtureRequest
) -> None:
    driver = request.getfixturevalue(kind)
    driver.get((site / "index.html").as_uri())
    before = rows_as_seen(driver)
    assert before[0] == "Perfect"
    press(driver, "System")
    assert rows_as_seen(driver) == sorted(before, key=str.casefold)
    driver.find_element("css selector", ".table .reverse").click()
    assert rows_as_seen(driver) == sorted(before, key=str.casefold, reverse=True)
    press(driver, "Mean")
    assert rows_as_seen(driver)[-1] == "Perfect"


def test_with_script_the_order_is_that_of_the_document_too(site: Path, scripted: Any) -> None:
    scripted.get((site / "index.html").as_uri())
    press(scripted, "System")
    rows = scripted.find_elements("css selector", ".table tbody tr")
    assert [row.text.split("\n")[0] for row in rows] == rows_as_seen(scripted)
    head = scripted.find_element("css selector", "th[aria-sort]")
    assert head.get_attribute("aria-sort") == "ascending"


def test_pages_are_styled_and_break_no_rule_of_theirs(site: Path, scripted: Any) -> None:
    scripted.get_log("browser")
    for name in ("index.html", "language/ar.html", "task/translation.html", "method.html"):
        scripted.get((site / name).as_uri())
        assert scripted.execute_script("return document.styleSheets.length") >= 1
        body = scripted.find_element("css selector", "body")
        assert body.value_of_css_property("max-width") != "none"
        loaded = scripted.execute_script(
            "return performance.getEntriesByType('resource').map((one) => one.name)"
        )
        assert all(one.startswith(site.as_uri()) for one in loaded)
    assert [entry["message"] for entry in scripted.get_log("browser")] == []


@pytest.mark.parametrize(
    "name", ["index.html", "language/fa.html", "task/translation.html", "method.html"]
)
def test_pages_fit_a_phone(name: str, site: Path, scripted: Any) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    scripted.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        scripted.get((site / name).as_uri())
        wide = scripted.execute_script("return document.documentElement.scrollWidth")
        assert wide <= 390
    finally:
        scripted.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_text_from_right_to_left_stands_on_the_right(site: Path, scripted: Any) -> None:
    scripted.get((site / "language" / "ar.html").as_uri())
    scripted.find_element("css selector", "details.samples summary").click()
    text = scripted.find_element("css selector", '.samples p[lang="ar"][dir="rtl"]')
    assert text.value_of_css_property("direction") == "rtl"
    assert text.value_of_css_property("text-align") in ("start", "right")


def on_a_phone(driver: Any, page: Path, dark: bool) -> None:
    size = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
    driver.get(page.as_uri())


@pytest.fixture
def phone(scripted: Any) -> Iterator[Any]:
    yield scripted
    scripted.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    scripted.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.parametrize("name", ["language/fa.html", "task/translation.html"])
def test_charts_fit_a_phone_with_every_label_and_interval(
    name: str, site: Path, phone: Any
) -> None:
    on_a_phone(phone, site / name, dark=False)
    shown = [one for one in phone.find_elements("css selector", ".chart") if one.is_displayed()]
    assert len(shown) == len(phone.find_elements("css selector", ".frame"))
    for chart in shown:
        left, right = chart.rect["x"], chart.rect["x"] + chart.rect["width"]
        assert 0 <= left < right <= 390
        for part in chart.find_elements("css selector", "text, .series path, .series line"):
            box = phone.execute_script(
                "const b = arguments[0].getBoundingClientRect();"
                "return [b.left, b.right, b.height]", part,
            )  # fmt: skip
            assert left <= box[0] <= box[1] <= right
        sizes = phone.execute_script(
            "return [...arguments[0].querySelectorAll('text.label')]"
            ".map((one) => one.getBoundingClientRect().height)", chart,
        )  # fmt: skip
        assert sizes and min(sizes) > 11, "labels can be read"


def test_a_wide_screen_has_one_chart_too(site: Path, scripted: Any) -> None:
    scripted.get((site / "task" / "translation.html").as_uri())
    shown = [one for one in scripted.find_elements("css selector", ".chart") if one.is_displayed()]
    assert len(shown) == 1
    assert "wide" in shown[0].get_attribute("class")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["language/de.html", "system/perfect.html"])
def test_the_name_and_the_main_metric_stay_in_sight(
    name: str, dark: bool, site: Path, phone: Any
) -> None:
    on_a_phone(phone, site / name, dark)
    box = phone.find_element("css selector", ".pinned .scroll")
    cells = box.find_elements("css selector", "tbody tr:first-child > :nth-child(-n + 2)")
    before = [cell.rect["x"] for cell in cells]
    phone.execute_script("arguments[0].scrollLeft = 1e6", box)
    assert phone.execute_script("return arguments[0].scrollLeft", box) > 100
    for cell, place in zip(cells, before, strict=True):
        assert abs(cell.rect["x"] - place) <= 1
        # What slides under it does not show through.
        paper = cell.value_of_css_property("background-color")
        assert not paper.startswith("rgba(0, 0, 0, 0")
    free = box.rect["width"] - sum(cell.rect["width"] for cell in cells)
    assert free > 130, "there is room for what is scrolled"
    assert phone.execute_script("return document.documentElement.scrollWidth") <= 390


def test_what_judges_comes_before_what_finds_faults(site: Path, scripted: Any) -> None:
    scripted.get((site / "language" / "de.html").as_uri())
    heads = [
        head.text.split("\u2009")[0].replace("\n", " ")
        for head in scripted.find_elements("css selector", ".pinned thead th bdi")
    ]
    first = heads.index("TER") + 1
    assert heads[1] == "chrF2"
    assert {"BLEU", "chrF2++"} < set(heads[2:first])
    assert {"copied", "empty", "wrong language"} <= set(heads[first:])
