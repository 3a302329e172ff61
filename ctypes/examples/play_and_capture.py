# SPDX-License-Identifier: MIT
"""Play a second of a tone and capture it: on the virtual card it comes back bit by bit."""
import array
import math

import peal

tone = array.array("h", (int(8000 * math.sin(i * math.tau * 440 / 48000)) for i in range(48000)))
with peal.Engine("virtual", channels=1, format="S16_LE", capture=True,
                 stream_frames=96000) as engine:
    engine.playback.write(tone)
    engine.playback.drain()
    captured = b""
    while chunk := engine.capture.read():
        captured += bytes(chunk.gap * engine.info.frame_bytes) + chunk.data
    print(f"{len(tone)} frames played; captured back: {tone.tobytes() in captured};",
          engine.stats.xruns, "xruns")
