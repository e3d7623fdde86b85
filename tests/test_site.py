"""The documentation as a site: built in strict mode, whole, and looked at in a real browser."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from selenium import webdriver

pytestmark = pytest.mark.no_cover  # nothing of goldenami is run

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    return folder


class Html(HTMLParser):
    """What a page names: its anchors, its links, and what it loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.loaded: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        elif tag != "a":
            self.loaded |= {given[name] for name in ("src", "href") if name in given}


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Html]:
    """Every page, by its path."""
    paths = sorted(path for path in site.rglob("*.html") if path.name != "404.html")
    return {path.relative_to(site).as_posix(): Html(path.read_text()) for path in paths}


def test_every_link_and_anchor_leads_somewhere(site: Path, pages: dict[str, Html]) -> None:
    assert len(pages) > 60
    broken = []
    for path, page in pages.items():
        for link in page.links:
            target, anchor = urldefrag(urljoin(f"/{path}", link))
            if urlsplit(target).netloc:
                continue
            name = target.lstrip("/") or "index.html"
            missing = anchor and anchor not in pages[name].ids if name in pages else False
            if missing or not (site / name).exists():
                broken.append(f"{path}: {link}")
    assert not broken


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Html]) -> None:
    loaded = {name for page in pages.values() for name in page.loaded}
    assert not {name for name in loaded if urlsplit(name).netloc}
    styles = [path.read_text() for path in site.rglob("*.css")]
    assert not [style for style in styles if "url(http" in style or "@import" in style]
    assert "http" not in (site / "pictures/rehearsal.svg").read_text().replace(
        "http://www.w3.org/", ""
    )


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """Where the site is served."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(site)))
    serving = threading.Thread(target=server.serve_forever, daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    serving.join()
    server.server_close()


def logged(browser: "webdriver.Chrome", kind: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = browser.get_log(kind)  # type: ignore[no-untyped-call]
    return entries


def test_a_browser_has_nothing_to_complain_of_any_page(
    browser: "webdriver.Chrome", address: str, pages: dict[str, Html]
) -> None:
    logged(browser, "browser")
    logged(browser, "performance")
    for path in pages:
        browser.get(address + path)
        assert browser.find_element(By.TAG_NAME, "h1").is_displayed(), path
        wide = "return document.documentElement.scrollWidth > window.innerWidth"
        assert not browser.execute_script(wide), path
        assert logged(browser, "browser") == [], path
    messages = [json.loads(entry["message"])["message"] for entry in logged(browser, "performance")]
    requested = {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert len(requested) > len(pages)
    assert not [url for url in requested if not url.startswith((address, "data:", "blob:"))]


def test_what_is_searched_for_is_found(browser: "webdriver.Chrome", address: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    browser.get(address + "index.html")
    browser.find_element(By.CSS_SELECTOR, ".md-search__input").send_keys("delete_on_termination")
    waiting = WebDriverWait(browser, 20)
    hits = '.md-search-result__link[href*="reference/release-file.html"]'
    assert waiting.until(lambda page: page.find_elements(By.CSS_SELECTOR, hits))


def test_what_is_copied_of_a_terminal_is_what_somebody_types(
    browser: "webdriver.Chrome", address: str
) -> None:
    browser.get(address + "runbooks/release.html")
    copied = browser.execute_script(
        """const code = document.querySelector("code .gp").closest("code");
           code.setAttribute("data-md-copying", "");
           return code.innerText;"""
    )
    assert copied.strip() == "goldenami bake release.yaml --plan"
