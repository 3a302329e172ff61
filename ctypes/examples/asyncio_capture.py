# SPDX-License-Identifier: MIT
"""Captured chunks and pings in one asyncio program: neither waits for the other."""
import asyncio

import peal


async def listen(engine: peal.Engine, frames: int) -> int:
    heard = 0
    async for chunk in engine.capture:
        heard += chunk.gap + chunk.frames
        chunk.release()
        if heard >= frames:
            break
    return heard


async def main() -> None:
    with peal.Engine("virtual", capture=True) as engine:
        listening = asyncio.create_task(listen(engine, engine.info.rate // 4))
        for _ in range(3):
            pong = await engine.ping_async()
            print(f"pong at frame {pong.frame} after {pong.round_trip * 1e3:.1f} ms")
        print(f"{await listening} frames heard; healthy: {engine.health().is_healthy()}")


asyncio.run(main())
