# SPDX-License-Identifier: MIT
"""Ping the audio thread: how long does it take there and back?"""
import peal

with peal.Engine() as engine:
    print(engine.info.playback.name, engine.info.rate, "Hz,", engine.info.period_frames, "frames")
    for wake in False, True:
        pong = engine.ping(wake=wake)
        print(f"pong at frame {pong.frame} after {pong.round_trip * 1e6:.0f} us, wake={wake}")
