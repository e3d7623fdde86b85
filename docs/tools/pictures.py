"""Makes the pictures of the docs anew, from real runs: a rehearsal, and the page of its audit.

``make pictures`` runs it. It needs the sandbox, and Debian's chromium with its driver.
"""

import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
from rich.console import Console
from rich.text import Text
from selenium import webdriver

FOLDER = Path(__file__).parents[1] / "pictures"
EXAMPLE = Path(__file__).parents[2] / "examples" / "web-base"
WIDTH = 134
SHOWN = (
    (r"^Rehearsal of", 2),
    (r"^1\. bake", 3),
    (r"approve the image", 2),
    (r"^region +image_id", 3),
    (r"^proved: ", 2),
    (r"^4\. launch, as", 9),
    (r"revoke .*, which", 1),
    (r"^note: proof: ", 1),
    (r"^The rehearsal worked", 1),
)
"""What is shown of a rehearsal: the first line that has the pattern, and how many from there on."""
_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*|<!--.*?-->\s*", re.DOTALL)
_EXPORT = re.compile(r"^export (\w+)=(.*)$")


def main() -> None:
    """Make both."""
    FOLDER.mkdir(exist_ok=True)
    rehearsal(FOLDER / "rehearsal.svg")
    audit(FOLDER / "audit.png")


def goldenami(*words: str, env: dict[str, str] | None = None, code: int = 0) -> str:
    """Run a command, and return what it wrote to stdout, in colours."""
    ran: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-m", "goldenami", *words], text=True, capture_output=True, check=False,
        env=colourful() | (env or {}), cwd=EXAMPLE,
    )  # fmt: skip
    if ran.returncode != code:
        raise SystemExit(ran.stderr)
    return ran.stdout


def colourful() -> dict[str, str]:
    """Return an environment in which commands write to a pipe in the colours of a terminal."""
    kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    return kept | {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def rehearsal(path: Path) -> None:
    """Draw a rehearsal as a terminal shows it."""
    lines = Text.from_ansi(goldenami("rehearse", "release.yaml")).split("\n")
    out = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False)
    out.print(Text("$ goldenami rehearse release.yaml", "bold"))
    at = 1  # the first line is blank
    for start, end in shown([line.plain for line in lines]):
        if start > at:
            out.print(Text("…", "dim"))
        for line in lines[start:end]:
            line.truncate(WIDTH, overflow="ellipsis")
            out.print(line)
        at = end
    svg = _ELSEWHERE.sub("", out.export_svg(title="goldenami"))
    path.write_text(svg.replace("Fira Code, monospace", "ui-monospace, monospace"))


def shown(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Yield which lines of a rehearsal are shown, from and to.

    Raises:
        SystemExit: it has no such line any more.
    """
    at = 0
    for pattern, count in SHOWN:
        places = (place for place in range(at, len(lines)) if re.search(pattern, lines[place]))
        start = next(places, None)
        if start is None:
            raise SystemExit(f"the rehearsal has no line {pattern}")
        yield start, (at := start + count)


def audit(path: Path) -> None:
    """Take a picture of the page of an audit: of a fleet of which most is golden."""
    with tempfile.TemporaryDirectory() as folder, sandbox() as env:
        page = Path(folder, "audit.html")
        state = env | {"GOLDENAMI_STATE": folder}
        baked = goldenami("bake", "release.yaml", "--yes", "--format", "json", env=state)
        for image in json.loads(baked)["items"]:
            launch(image["image_id"], image["region"], env)
        goldenami("enforce", "release.yaml", "--yes", env=state)
        goldenami("audit", "release.yaml", "--format", "html", "-o", str(page), env=state, code=10)
        with browser() as chromium:
            chromium.get(page.as_uri())
            chromium.save_screenshot(path)


def launch(image: str, region: str, env: Mapping[str, str]) -> None:
    """Launch what is golden."""
    ec2 = boto3.client(
        "ec2", region, endpoint_url=env["AWS_ENDPOINT_URL"],
        aws_access_key_id=env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=env["AWS_SECRET_ACCESS_KEY"],
    )  # fmt: skip
    ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=21, MaxCount=21)


@contextmanager
def sandbox() -> Iterator[dict[str, str]]:
    """Run an embedded AWS, and yield what a client of it has in its environment."""
    command = [sys.executable, "-m", "goldenami", "sandbox", "--seed", "release.yaml"]
    running = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, cwd=EXAMPLE)
    try:
        env: dict[str, str] = {}
        while "AWS_ENDPOINT_URL" not in env or len(env) < 4:
            exported = _EXPORT.match(running.stdout.readline() if running.stdout else "")
            if exported is None:
                raise SystemExit("the sandbox does not print its exports first")
            [value] = shlex.split(exported[2])
            env[exported[1]] = value
        yield env
    finally:
        running.terminate()
        running.wait()


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """Run Debian's chromium."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                 "--window-size=1280,820", "--hide-scrollbars"):  # fmt: skip
        options.add_argument(word)
    running = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield running
    finally:
        running.quit()


if __name__ == "__main__":
    main()
