"""What the site is made of beside its pages: the reference, and files of the root.

MkDocs calls the functions whose names begin with ``on_``.
"""

import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import reference
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "examples/README.md": "examples.md",
}
"""Pages that lie beside ``docs/``, and where they are in the site."""
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_FLOW = re.compile(r"```mermaid\nflowchart \w+\n(.*?)```", re.DOTALL)
_EDGE = re.compile(r"(\w+) -->\|(.+?)\| (\w+)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the pages that are made of the code into the menu."""
    menu = next(part["Reference"] for part in config.nav or () if "Reference" in part)
    paths = [*reference.pages()]
    commands = [path for path in paths if path.startswith(f"{reference.FOLDER}/commands/")]
    menu[1:1] = [{"Commands": commands}, *(path for path in paths if path not in commands)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that do not lie in ``docs/``."""
    for path, text in reference.pages().items():
        files.append(File.generated(config, path, content=text))
    for source, path in ELSEWHERE.items():
        files.append(File.generated(config, path, content=(ROOT / source).read_text()))
    return files


def on_nav(nav: Navigation, config: MkDocsConfig, files: Files) -> Navigation:
    """See to it that each page of the site is in its menu.

    Raises:
        SystemExit: one is not.
    """
    shown = {page.file.src_uri for page in nav.pages}
    absent = [file.src_uri for file in files.documentation_pages() if file.src_uri not in shown]
    if absent:
        raise SystemExit(f"mkdocs.yml: nav: these pages are missing: {', '.join(absent)}")
    return nav


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Let links lead to pages of the site, and draw what a browser would need a library for."""
    return _FLOW.sub(_steps, _LINK.sub(_to_page(page.file.src_uri), markdown))


def _to_page(path: str) -> Callable[[re.Match[str]], str]:
    """Return what a link of a page becomes: a link to a page, or the text of what is in no page."""
    source = next((name for name, place in ELSEWHERE.items() if place == path), f"docs/{path}")

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        named = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if named.startswith("docs/"):
            place = named.removeprefix("docs/")
        elif named in ELSEWHERE:
            place = ELSEWHERE[named]
        elif (ROOT / named).exists():
            return match["text"]
        else:
            return match[0]  # which strict mode refuses
        relative = posixpath.relpath(place, posixpath.dirname(path) or ".")
        return f"[{match['text']}]({relative}{match['anchor'] or ''})"

    return link


def _steps(flow: re.Match[str]) -> str:
    rows = "\n".join(
        f"| {start} | `{command}` | {end} |" for start, command, end in _EDGE.findall(flow[1])
    )
    return f"| from | by | to |\n|---|---|---|\n{rows}\n"
