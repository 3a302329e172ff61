# SPDX-License-Identifier: MIT
"""A sampler: two bars of drums, made here, every stroke at its exact frame."""
import array
import math
import random

import peal

RATE = 48000
STEP = RATE * 60 // 120 // 4  # a sixteenth at 120 beats per minute, in frames
KICK, SNARE, HAT = range(3)
PATTERN = {KICK: "x...x...x...x..x", SNARE: "....x.......x...", HAT: "x.x.x.x.x.x.x.xx"}


def drum(seconds: float, sound) -> array.array:
    frames = int(seconds * RATE)
    return array.array("f", (math.exp(-6 * n / frames) * sound(n / RATE) for n in range(frames)))


def noise(_: float) -> float:
    return random.uniform(-0.3, 0.3)


with peal.Engine("virtual") as engine:
    engine.load_sample(KICK, drum(0.3, lambda t: 0.8 * math.sin(30 * math.exp(-20 * t))))
    engine.load_sample(SNARE, drum(0.2, noise))
    engine.load_sample(HAT, drum(0.05, noise))
    start = engine.frame + RATE // 5
    voices = []
    for bar in range(2):
        with engine.batch():
            for step in range(16):
                for number, strokes in PATTERN.items():
                    if strokes[step] == "x":
                        voices.append(engine.play_sample(
                            number, velocity=random.uniform(0.7, 1.0),
                            at=start + (16 * bar + step) * STEP))
    engine.set_volume(0.0, ramp_ms=500, at=start + 28 * STEP)
    for voice in voices:
        voice.wait()
    print(f"{len(voices)} strokes played, {sum(voice.late > 0 for voice in voices)} of them late")
