import asyncio, sys
from artc_edge import LocalDevice

async def command(socket: str) -> None:
    async with LocalDevice(socket) as device:
        status = await device.device_status()
        print(f"{status['connection']}, camera {status['camera']['state']}")

asyncio.run(command(*sys.argv[1:]))
