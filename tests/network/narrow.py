"""One viewer behind a narrow path, one on a wide one: each gets the layer that its own path carries, and more when there is more.

usage: narrow.py SERVE_EXAMPLE        in a network namespace of its own, as run.sh makes it
       narrow.py view HOST PORT       (by itself) a viewer that prints the widths of the pictures of each second
"""

import asyncio
import collections
import contextlib
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "clients"))

from livekit import rtc  # noqa: E402
from on_livekit import Judge, until  # noqa: E402
from on_room import Person, Room  # noqa: E402

HOST = "10.77.1.1"
NARROW, WIDE = "400kbit", "20mbit"


def sh(command):
    subprocess.run(["sh", "-euc", command], check=True)


def build_network():
    sh("ip link set lo up && ip netns add narrow && ip link add near type veth peer name far netns narrow")
    sh(f"ip address add {HOST}/24 dev near && ip link set near up")
    sh("ip netns exec narrow ip address add 10.77.1.2/24 dev far")
    sh("ip netns exec narrow ip link set lo up && ip netns exec narrow ip link set far up")
    sh(f"tc qdisc add dev near root tbf rate {NARROW} burst 8kb latency 200ms")


async def view(host, port):
    viewer = Person("narrow", True)
    await viewer.join(port, host)
    seen = 0
    while True:
        await asyncio.sleep(1)
        widths = viewer.pictures.get("sender", [])[seen:]
        seen += len(widths)
        print(json.dumps(collections.Counter(widths)), flush=True)


async def main(program):
    judge = Judge()
    build_network()
    with tempfile.TemporaryDirectory() as folder:
        room = Room(program, folder, "0.0.0.0")
        await room.start()
        sender, wide = await Person("sender", True).join(room.port), await Person("wide", True).join(room.port)
        command = ["ip", "netns", "exec", "narrow", sys.executable, "-W", "ignore", __file__, "view", HOST, str(room.port)]
        narrow = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        seconds = []

        async def read():
            async for line in narrow.stdout:
                with contextlib.suppress(ValueError):
                    seconds.append({int(width): count for width, count in json.loads(line).items()})

        reading = asyncio.create_task(read())
        try:
            await sender.publish(rtc.VideoCodec.H264, (1280, 720), simulcast=True)
            judge("the wide path carries the best layer", await until(20, lambda: wide.pictures.get("sender", [])[-30:] == [1280] * 30),
                  set(wide.pictures.get("sender", [])))
            # Five seconds in a row that flow, in a layer that fits.
            judge("the narrow path carries a smaller one, and it flows",
                  await until(30, lambda: len(seconds) > 5 and all(
                      sum(count for width, count in second.items() if 0 < width < 1280) >= 8 for second in seconds[-5:])), seconds)
            before = len(wide.pictures["sender"])
            await until(3, lambda: False)
            since = wide.pictures["sender"][before:]
            judge("the wide path is not held back by it", len(since) > 20 and since.count(1280) > 0.9 * len(since), collections.Counter(since))
            sh(f"tc qdisc change dev near root tbf rate {WIDE} burst 32kb latency 200ms")
            judge("a path that widens gets the best layer too",
                  await until(40, lambda: all(second.get(1280, 0) >= 10 for second in seconds[-3:])), seconds)
        finally:
            narrow.kill()
            await narrow.wait()
            reading.cancel()
            for person in (sender, wide):
                await person.leave()
            room.kill()
            if judge.failed:
                with open(os.path.join(folder, "room.log"), errors="replace") as log:
                    print("".join(line[:300].rstrip() + "\n" for line in log.readlines()[-30:]))
    print(f"test result: {'FAILED' if judge.failed else 'ok'}. {judge.passed} passed; {judge.failed} failed;")
    return 1 if judge.failed else 0


if __name__ == "__main__":
    if sys.argv[1] == "view":
        asyncio.run(view(sys.argv[2], int(sys.argv[3])))
    sys.exit(asyncio.run(main(sys.argv[1])))
