# SPDX-License-Identifier: MIT
"""List the devices of this machine."""
import peal

for device in peal.devices():
    ways = " and ".join(way for way in ("playback", "capture") if getattr(device, way))
    print(f"{device.name}: {ways}\n    {device.description}")
