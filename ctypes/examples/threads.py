# SPDX-License-Identifier: MIT
"""Four threads, a port each: nobody waits for a lock."""
import statistics
from concurrent.futures import ThreadPoolExecutor

import peal


def median_trip(engine: peal.Engine) -> float:
    with engine.port() as port:
        return statistics.median(port.ping(wake=True).round_trip for _ in range(100))


with peal.Engine() as engine, ThreadPoolExecutor(4) as threads:
    for number, seconds in enumerate(threads.map(median_trip, [engine] * 4)):
        print(f"thread {number}: median round trip {seconds * 1e6:.0f} us")
