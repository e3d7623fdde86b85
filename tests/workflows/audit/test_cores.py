"""A process is kept on some cores with all its threads, and let go of again."""

import os
import threading
from pathlib import Path

from goldenami.workflows.audit.cores import keep, usable


def test_all_threads_of_a_process_are_kept_on_the_cores_that_are_named() -> None:
    every = usable()
    done, threads = threading.Event(), list[threading.Thread]()
    threads.append(threading.Thread(target=done.wait))
    threads[0].start()
    try:
        keep(os.getpid(), {every[0]})
        assert _cores_of_all_threads() == {(every[0],)}
        threads.append(threading.Thread(target=done.wait))
        threads[1].start()  # those that come later, too
        assert _cores_of_all_threads() == {(every[0],)}
    finally:
        keep(os.getpid(), every)
        assert _cores_of_all_threads() == {tuple(every)}
        done.set()
        for thread in threads:
            thread.join()


def _cores_of_all_threads() -> set[tuple[int, ...]]:
    threads = [int(thread.name) for thread in Path("/proc/self/task").iterdir()]
    return {tuple(sorted(os.sched_getaffinity(thread))) for thread in threads}


def test_what_is_no_process_or_no_core_changes_nothing() -> None:
    before = usable()
    keep(0, before)
    keep(os.getpid(), {10**4})
    assert usable() == before
