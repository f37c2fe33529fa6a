import asyncio, sys
from livekit import rtc
from artc_edge import Device

async def command(url: str, token: str) -> None:
    room = rtc.Room()
    await room.connect(url, token)
    camera = await Device.find(room)
    stream = await camera.stream_set(fps=15)
    picture = await camera.snapshot()
    print(f"{stream['fps']} fps, {picture.name}: {len(picture.content)} bytes")
    await room.disconnect()

asyncio.run(command(*sys.argv[1:]))
