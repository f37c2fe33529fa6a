"""One viewer behind a narrow path, one on a wide one: each gets the layer that its own path carries, and more when there is more.

usage: narrow.py SERVE_EXAMPLE        in a network namespace of its own, as run.sh makes it
       narrow.py view HOST PORT       (by itself) a viewer that prints the width of each picture as it comes
"""

import asyncio
import collections
import sys
import tempfile
import time

from authority import sh
from livekit import rtc
from on_room import Person, Room
from stage import Judge, until

HOST = "10.77.1.1"
NARROW, WIDE = "400kbit", "20mbit"


def build_network():
    sh("ip link set lo up && ip netns add narrow && ip link add near type veth peer name far netns narrow")
    sh(f"ip address add {HOST}/24 dev near && ip link set near up")
    sh("ip netns exec narrow ip address add 10.77.1.2/24 dev far")
    sh("ip netns exec narrow ip link set lo up && ip netns exec narrow ip link set far up")
    sh(f"tc qdisc add dev near root tbf rate {NARROW} burst 8kb latency 200ms")


class Printing(Person):
    """A viewer that prints the width of each picture."""

    async def watch(self, track, identity):
        async for event in rtc.VideoStream(track):
            print(event.frame.width, flush=True)


async def view(host, port):
    await Printing("narrow", True).join(port, host)
    await asyncio.Event().wait()


class Narrow:
    """The viewer behind the narrow path, a process of its own: when which width came."""

    def __init__(self, port):
        self.command = ["ip", "netns", "exec", "narrow", sys.executable, "-W", "ignore", __file__, "view", HOST, str(port)]
        self.pictures = []

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(*self.command, stdout=asyncio.subprocess.PIPE)
        self.reading = asyncio.create_task(self.read())

    async def read(self):
        async for line in self.process.stdout:
            self.pictures.append((time.monotonic(), int(line)))

    def last_seconds(self, count):
        """How many pictures of which width each of the last seconds had, the newest first."""
        now = time.monotonic()
        return [collections.Counter(width for at, width in self.pictures if ago < now - at <= ago + 1) for ago in range(count)]

    async def stop(self):
        self.process.kill()
        await self.process.wait()
        self.reading.cancel()


async def main(program):
    judge = Judge()
    build_network()
    with tempfile.TemporaryDirectory() as folder:
        async with Room(program, folder, "0.0.0.0") as room:
            sender, wide = await Person("sender", True).join(room.port), await Person("wide", True).join(room.port)
            narrow = Narrow(room.port)
            await narrow.start()
            try:
                await story(judge, sender, wide, narrow)
            finally:
                await narrow.stop()
                for person in (sender, wide):
                    await person.leave()
                judge.explain(room.log)
    return judge.verdict()


async def story(judge, sender, wide, narrow):
    await sender.publish(rtc.VideoCodec.H264, (1280, 720), simulcast=True)
    judge("the wide path carries the best layer", await until(20, lambda: wide.pictures.get("sender", [])[-30:] == [1280] * 30),
          set(wide.pictures.get("sender", [])))

    # Five seconds in a row that flow, in a layer that fits.
    def flows():
        return all(sum(count for width, count in second.items() if width < 1280) >= 8 for second in narrow.last_seconds(5))

    judge("the narrow path carries a smaller one, and it flows", await until(30, flows), narrow.last_seconds(10))
    before = len(wide.pictures["sender"])
    await until(3, lambda: len(wide.pictures["sender"]) >= before + 90)
    since = wide.pictures["sender"][before:]
    judge("the wide path is not held back by it", len(since) > 20 and since.count(1280) > 0.9 * len(since), collections.Counter(since))
    sh(f"tc qdisc change dev near root tbf rate {WIDE} burst 32kb latency 200ms")
    judge("a path that widens gets the best layer too",
          await until(40, lambda: all(second[1280] >= 10 for second in narrow.last_seconds(3))), narrow.last_seconds(10))


if __name__ == "__main__":
    if sys.argv[1] == "view":
        asyncio.run(view(sys.argv[2], int(sys.argv[3])))
    sys.exit(asyncio.run(main(sys.argv[1])))
