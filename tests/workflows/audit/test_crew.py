"""Several processes judge what one would, to the same document, and none outlives the audit."""

import io
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from goldenami.aws import inventory, region_pages
from goldenami.aws.call_trace import TracedCall
from goldenami.aws.delegation import keys_of
from goldenami.aws.session import Aws
from goldenami.domain.audit.document import Document
from goldenami.domain.audit.waivers import Waiver
from goldenami.domain.choices import AuditPart
from goldenami.errors import InterruptedRunError
from goldenami.report.audit import LINES, line_of, writer
from goldenami.workflows.audit import auditing, crew, saved, worker
from goldenami.workflows.audit.cores import keep, usable
from goldenami.workflows.audit.crew import Crew, Worker
from goldenami.workflows.audit.question import AuditQuestion, approved_list

from .paged_fleet import A_PAGE, GOLDEN, OTHER, PAGES, REGIONS, PagedFleet, served

AT = datetime(2026, 11, 26, tzinfo=UTC)
QUESTION = AuditQuestion(
    parts=frozenset({AuditPart.INSTANCES}),
    listed=approved_list(GOLDEN),
    waivers=(
        Waiver(owner="a", reason="b", expires=date(2099, 1, 1), tag="Team=data"),
        Waiver(owner="a", reason="never used", expires=date(2099, 1, 1), image="ami-0"),
    ),
)


@pytest.fixture(autouse=True)
def others_unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure no other process: it is killed before it could say what it has run."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture
def fleet() -> Iterator[PagedFleet]:
    with served() as fleet:
        yield fleet


class Crews:
    """Lets audits have a number of processes, all of which are there before the fleet goes on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fleet: PagedFleet) -> None:
        self.processes = 1
        self.workers: set[Worker] = set()
        self.pages = 0
        monkeypatch.setattr(crew, "BEGIN_AFTER", 2)
        monkeypatch.setattr(crew, "usable", lambda: range(self.processes))
        ready, page = Crew.ready, Worker.page

        def begun(self_: Crew, process: Worker) -> None:
            ready(self_, process)
            self.workers.add(process)
            if len(self.workers) == self.processes - 1:
                fleet.gate.set()

        def counted(*arguments: Any) -> Any:
            self.pages += 1
            return page(*arguments)

        monkeypatch.setattr(Crew, "ready", begun)
        monkeypatch.setattr(Worker, "page", counted)
        self._fleet = fleet

    def audited(
        self, processes: int, question: AuditQuestion = QUESTION, heard: Any = None
    ) -> Document:
        """Judge the fleet with so many processes."""
        self.processes = processes
        self.pages = 0
        self.workers.clear()
        (self._fleet.gate.clear if processes > 1 else self._fleet.gate.set)()
        aws = Aws(region="us-east-1", endpoint_url=self._fleet.url, bulk=True, heard=heard)
        document = auditing.audit(aws, question, now=AT)
        assert (self.pages > 0) == (processes > 1)
        return document


@pytest.fixture
def crews(monkeypatch: pytest.MonkeyPatch, fleet: PagedFleet) -> Crews:
    return Crews(monkeypatch, fleet)


def text(document: Document) -> str:
    out = io.StringIO()
    for form in ("json", "csv"):
        writer(form)(document, out)
    return out.getvalue()


def test_the_document_is_the_same_whatever_the_number_of_processes(
    crews: Crews, tmp_path: Path
) -> None:
    texts, inventories = set(), set()
    for processes in (1, 2, 4):
        path = tmp_path / f"{processes}.jsonl"
        document = crews.audited(processes, replace(QUESTION, keep=path))
        texts.add(text(document))
        inventories.add(path.read_bytes())
    assert len(texts) == len(inventories) == 1
    assert [one.subjects for one in document.audit.places] == [{"instance": 3 * PAGES}] * 3
    assert document.audit.open_findings == 18
    assert document.audit.waived_findings == 18 + 3  # what seems to be of bakes is told, too
    assert [one.reason for one in document.audit.waivers_unused] == ["never used"]
    assert {one.image.id: one.subjects for one in document.audit.images}[OTHER] == PAGES
    assert saved.SavedSource(path).places().readable


@pytest.mark.parametrize("form", LINES)
def test_lines_that_each_process_makes_of_what_it_finds_are_those_of_the_report(
    crews: Crews, form: str
) -> None:
    as_lines = replace(QUESTION, line=line_of(form))
    texts = set()
    for processes, question in ((1, QUESTION), (1, as_lines), (3, as_lines)):
        out = io.StringIO()
        writer(form)(crews.audited(processes, question), out)
        texts.add(out.getvalue())
    assert len(texts) == 1
    assert len(texts.pop().splitlines()) > 18


def test_what_was_found_before_is_told_by_every_process(crews: Crews, tmp_path: Path) -> None:
    path = tmp_path / "earlier.json"
    with path.open("w") as out:
        writer("json")(crews.audited(1), out)
    from goldenami.domain.audit import audit_file

    question = replace(QUESTION, waivers=(), earlier=audit_file.load(path))
    one, several = (crews.audited(processes, question) for processes in (1, 3))
    assert text(one) == text(several)
    assert several.audit.since is not None
    assert several.audit.since.fixed == 0
    assert several.audit.since.open > 0


def test_the_older_listing_is_read_by_several_processes_too(
    crews: Crews, fleet: PagedFleet
) -> None:
    fleet.old = True
    assert text(crews.audited(1)) == text(crews.audited(3))
    assert "DescribeInstances" in fleet.asked


@pytest.mark.parametrize("how", ["denied", "broken"])
def test_a_page_that_cannot_be_read_ends_in_the_same_words(
    crews: Crews, fleet: PagedFleet, how: str
) -> None:
    for number in (PAGES - 2, PAGES - 1):
        setattr(fleet, how, ("eu-west-1", number))
        one, several = crews.audited(1), crews.audited(3)
        assert text(one) == text(several)
        assert [place.region for place in several.audit.unread] == ["eu-west-1"]
        assert not several.audit.complete


def test_the_calls_of_all_processes_are_told(crews: Crews, fleet: PagedFleet) -> None:
    heard: list[TracedCall] = []
    crews.audited(3, heard=heard.append)
    assert len(heard) == len(fleet.asked)
    assert {call.region for call in heard} == set(REGIONS)


def test_a_process_that_dies_leaves_its_places_unread(
    crews: Crews, fleet: PagedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Worker.page

    def killed(self: Worker, *arguments: Any) -> Any:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        return page(self, *arguments)

    monkeypatch.setattr(Worker, "page", killed)
    document = crews.audited(2)
    assert document.audit.unread
    for place in document.audit.unread:
        assert place.unread == (
            "instances: a process of this audit has ended (killed by SIGKILL), and what it was "
            "judging is not judged",
        )


def test_a_bug_in_another_process_is_one_here(
    crews: Crews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditing, "_images_of", lambda *_: None)  # not what it takes for granted
    with pytest.raises(RuntimeError, match="KeyError"):
        crews.audited(2)
    assert_ended(crews.workers)


def test_ctrl_c_ends_all_processes(crews: Crews, fleet: PagedFleet) -> None:
    fleet.endless = True
    main = threading.main_thread().ident or 0

    def interrupt() -> None:
        fleet.gate.wait(60)
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(InterruptedRunError):
        crews.audited(3)
    thread.join()
    assert_ended(crews.workers)


def assert_ended(workers: Sequence[Worker] | set[Worker]) -> None:
    assert workers
    assert all(each.process.returncode == -signal.SIGKILL for each in workers)


def test_a_process_ends_with_who_leads_it() -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        process = crew._started(theirs)
    assert process.wait(60) == 0


def test_no_secret_stands_in_what_others_see(crews: Crews) -> None:
    crews.audited(2)
    (process,) = crews.workers
    shown = [*map(str, process.process.args)]  # type: ignore[arg-type]
    assert not any(os.environ["AWS_SECRET_ACCESS_KEY"] in argument for argument in shown)
    keys = keys_of(Aws(region="us-east-1"), "")
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in f"{keys} {keys!r}"


def test_what_another_process_does(
    crews: Crews, fleet: PagedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same in this process, where coverage sees it."""

    class Here:
        args = ()
        pid = 0
        returncode = 0

        def kill(self) -> None:
            pass

        def wait(self) -> int:
            return 0

    def started(connection: Any) -> Here:
        own = os.dup(connection.fileno())
        monkeypatch.setattr(os, "_exit", lambda _: None)
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        threading.Thread(target=worker.main, args=(own,), daemon=True).start()
        return Here()

    one = crews.audited(1)
    monkeypatch.setattr(crew, "_started", started)
    assert text(one) == text(crews.audited(2))
    fleet.denied = ("us-west-2", PAGES - 1)
    assert [place.region for place in crews.audited(2).audit.unread] == ["us-west-2"]


def test_small_audits_begin_no_process(crews: Crews, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "BEGIN_AFTER", 3 * (PAGES - 1) + 1)  # as many as come after the first
    monkeypatch.setattr(crew, "usable", lambda: range(8))
    began = list[object]()
    monkeypatch.setattr(crew, "Worker", lambda *arguments: began.append(arguments))
    crews.audited(1)
    assert began == []


def test_each_process_has_a_core_of_its_own_while_there_are_others(
    crews: Crews, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = usable()
    first, second = (*every, *every)[:2]
    monkeypatch.setattr(crew, "usable", lambda: (first, second))
    ready, on = Crew.ready, list[set[int]]()

    def seen(self: Crew, process: Worker) -> None:
        on.extend(os.sched_getaffinity(each) for each in (0, process.process.pid))
        ready(self, process)

    monkeypatch.setattr(Crew, "ready", seen)
    try:
        crews.audited(2)
        assert on == [{first}, {second}]
        assert set(usable()) == {first, second}
    finally:
        keep(os.getpid(), every)


def test_where_there_are_more_cores_than_processes_none_is_kept_on_one(
    crews: Crews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "PROCESSES", 2)
    monkeypatch.setattr(crew, "usable", lambda: range(3))
    kept = list[object]()
    monkeypatch.setattr(crew, "keep", lambda *arguments: kept.append(arguments))
    crews.audited(2)
    assert kept == []


def test_partitions_are_shared_out_too(
    crews: Crews, fleet: PagedFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_pages, "BIG_PAGES", 0)
    monkeypatch.setattr(inventory, "_METADATA", replace(inventory._METADATA, size=A_PAGE))
    monkeypatch.setattr(region_pages, "_ahead", threading.BoundedSemaphore(3))
    fleet.heeds_ids = True
    one, several = crews.audited(1), crews.audited(3)
    assert text(one) == text(several)
    assert [one.subjects for one in several.audit.places] == [{"instance": A_PAGE * PAGES}] * 3
    assert "*f" in fleet.filters
