# SPDX-License-Identifier: MIT
"""Wait for what happens to the device: two seconds of events, if there are any."""
import time

import peal

with peal.Engine() as engine:
    end = time.monotonic() + 2
    while event := engine.receive_msg(timeout=max(end - time.monotonic(), 0)):
        print(event)
    print(engine.stats)
