"""What psutil says of this host right now, as one JSON line per line of standard input (so the caller picks the instants)."""

import json
import sys

import psutil


def figures() -> dict:
    cpu = psutil.cpu_times()
    memory = psutil.virtual_memory()
    swap = psutil.swap_memory()
    return {
        "cpu": {name: getattr(cpu, name) for name in cpu._fields},
        "memory": {"total": memory.total, "available": memory.available, "buffers": memory.buffers, "cached": memory.cached},
        "swap": {"total": swap.total, "used": swap.used},
        "network": {name: io._asdict() for name, io in psutil.net_io_counters(pernic=True).items()},
        "disk": {name: io._asdict() for name, io in psutil.disk_io_counters(perdisk=True).items()},
        "root": psutil.disk_usage("/")._asdict(),
        "load": psutil.getloadavg(),
    }


for _ in sys.stdin:
    print(json.dumps(figures()), flush=True)
