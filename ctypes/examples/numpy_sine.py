# SPDX-License-Identifier: MIT
"""With NumPy: play a second of a sine, record it, and find its frequency again."""
import sys

import peal

try:
    import numpy as np
except ImportError:
    sys.exit("this example needs NumPy")

RATE = 48000
sine = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
recorded = peal.playrec(sine, RATE, device="virtual")
loudest = np.argmax(np.abs(np.fft.rfft(recorded[:, 0])))
print(f"{len(recorded)} frames recorded as {recorded.dtype}, the loudest frequency is {loudest} Hz")
