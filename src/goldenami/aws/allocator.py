"""The allocator of the C library, where it is glibc's: what is freed goes back to the system.

glibc gives each thread a part of the heap of its own, and each of them keeps what it once had. An
audit has dozens of threads that hold pages of a megabyte and more, most of them waiting for AWS: in
place of 200 MB it would take twice that. Whatever is no glibc is left alone.
"""

from contextlib import suppress

_ARENA_MAX = -8
_MMAP_THRESHOLD = -3
ARENAS = 2
"""As many as there are threads that build trees of pages at a time."""

BIG_BYTES = 128 * 1024
"""From this size on memory is asked of the system, and given back; glibc would soon raise it."""


def give_back() -> None:
    """Let the threads of this process share few parts of the heap, from now on.

    https://man7.org/linux/man-pages/man3/mallopt.3.html
    """
    import ctypes

    with suppress(OSError, AttributeError):
        set_option = ctypes.CDLL(None).mallopt
        set_option(_ARENA_MAX, ARENAS)
        set_option(_MMAP_THRESHOLD, BIG_BYTES)
