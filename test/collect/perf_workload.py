"""Makes at least so many of each event as its argument says: migrations, context switches and page faults."""

import mmap
import os
import sys


def migrate(times: int, cpus: list[int]) -> None:
    for turn in range(times):
        os.sched_setaffinity(0, {cpus[turn % len(cpus)]})
    os.sched_setaffinity(0, set(cpus))


def switch(times: int, cpu: int) -> None:
    """Two processes on one CPU that wait for each other: each message is a switch."""
    (to_child, from_parent), (to_parent, from_child) = os.pipe()[::-1], os.pipe()[::-1]
    os.sched_setaffinity(0, {cpu})
    child = os.fork()
    for _ in range(times // 2):
        if child == 0:
            os.read(from_parent, 1)
            os.write(to_parent, b"x")
        else:
            os.write(to_child, b"x")
            os.read(from_child, 1)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def fault(times: int) -> None:
    pages = 10_000
    for _ in range(times // pages):
        with mmap.mmap(-1, pages * mmap.PAGESIZE) as memory:
            memory.madvise(mmap.MADV_NOHUGEPAGE)
            for page in range(pages):
                memory[page * mmap.PAGESIZE] = 1


if __name__ == "__main__":
    events = int(sys.argv[1])
    online = sorted(os.sched_getaffinity(0))
    migrate(events, online)
    fault(events)
    switch(events, online[0])
