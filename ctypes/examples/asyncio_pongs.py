# SPDX-License-Identifier: MIT
"""Receive pongs in an asyncio program, which does other things meanwhile."""
import asyncio

import peal


async def main() -> None:
    with peal.Engine() as engine:
        loop, pongs = asyncio.get_running_loop(), asyncio.Queue()

        def readable() -> None:
            while pong := engine.receive_pong():
                pongs.put_nowait(pong)

        loop.add_reader(engine.fileno(), readable)
        for number in range(5):
            engine.send_ping(number)
            pong = await asyncio.wait_for(pongs.get(), timeout=1)
            print(f"pong {pong.id} after {pong.round_trip * 1e3:.1f} ms")
        loop.remove_reader(engine.fileno())


asyncio.run(main())
