"""The project's Python client (clients/python) at the daemon: its examples as they stand in docs/control.md, and what they do not show.

usage: on_commands.py ARTC_EDGE

The last line counts what passed, as cargo's tests do.
"""

import asyncio
import os
import re
import sys
import tempfile

from livekit import rtc

from stage import Judge, daemon_of, token

CLIENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "clients", "python")
sys.path.insert(0, CLIENT)

from artc_edge import Code, Device, LocalDevice, Refused, Unanswered  # noqa: E402


async def example(name, *arguments):
    """Runs a program of clients/python/examples; gives its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, os.path.join(CLIENT, "examples", name), *arguments, env={**os.environ, "PYTHONPATH": CLIENT},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, said.decode()


async def outcome(call):
    """What a call ends in: its result, or its error."""
    try:
        return await call
    except (Refused, Unanswered, LookupError) as error:
        return error


async def examples(judge, url, socket):
    code, said = await example("command.py", url, token("app-server", "yard"))
    judge("the example over the room prints what it did", code == 0 and re.fullmatch(r"15\.0 fps, snapshot\S*: \d+ bytes\n", said), said)
    code, said = await example("local.py", socket)
    judge("the example at the socket prints how it is", code == 0 and said == "connected, camera built_in\n", said)


async def over_the_room(judge, url):
    room = rtc.Room()
    await room.connect(url, token("app-server", "yard"))
    device = await Device.find(room)
    info = await device.device_info()
    judge("replies are what the types say", info["engine"] == "open" and info["channel"] == "yard", info)
    picture = await device.snapshot()
    judge("a snapshot's bytes follow its reply", picture.mime == "image/jpeg" and picture.content[:2] == b"\xff\xd8", picture.mime)
    refused = await outcome(device.audio_set_volume(volume=101))
    judge("a refusal has code and remedy", isinstance(refused, Refused) and refused.code == Code.OUT_OF_RANGE and refused.remedy, refused)
    refused = await outcome(device.call("camera.mode"))
    judge("a slip has a suggestion", isinstance(refused, Refused) and refused.suggestion == "camera.modes", refused)
    # More than may be under way at once.
    many = await asyncio.gather(*(device.audio_set_volume(volume=volume) for volume in range(30)))
    judge("thirty at once come back to whom they belong", [each["volume"] for each in many] == list(range(30)), many)
    await lost_on_the_way(judge, room, device.identity)
    nobody = await outcome(Device(room, "nobody", timeout=1).device_info())
    judge("who is not there does not answer", isinstance(nobody, Unanswered) and "within 1 s" in str(nobody), nobody)
    under_way = asyncio.ensure_future(outcome(Device(room, "nobody").device_info()))
    await asyncio.sleep(0)
    await room.disconnect()
    ended = await under_way
    judge("calls end with the room", isinstance(ended, Unanswered), ended)


async def lost_on_the_way(judge, room, identity):
    """The first sending of each request never leaves, so only the repetition under the same id can be answered."""
    sent = []

    class Lossy(Device):
        async def _publish(self, message):
            sent.append(message)
            if len(sent) > 1:
                await super()._publish(message)

    device = Lossy(room, identity, again=0.3)
    stream = await device.stream_mute(muted=False)
    judge("what was lost is sent again under its id", stream["muted"] is False and len(sent) > 1 and len(set(sent)) == 1, sent)
    device.close()


async def strangers(judge, url):
    room = rtc.Room()
    await room.connect(url, token("stranger", "yard"))
    device = await Device.find(room)
    refused = await outcome(device.stream_key_frame())
    judge("who may not is told so", isinstance(refused, Refused) and refused.code == Code.NOT_ALLOWED, refused)
    await room.disconnect()
    empty = rtc.Room()
    await empty.connect(url, token("app-server", "another"))
    missing = await outcome(Device.find(empty, within=1))
    judge("a room without a device says so", isinstance(missing, Unanswered) and "no device" in str(missing), missing)
    await empty.disconnect()


async def at_the_socket(judge, socket):
    async with LocalDevice(socket) as device:
        picture = await device.snapshot()
        judge("at the socket a snapshot is in its reply", picture.content[:2] == b"\xff\xd8", picture.name)
        address = await device.viewer_address()
        judge("at the socket are the methods that nobody else may call", "#room=yard" in address["address"], "no address of this room")
        refused = await outcome(device.board_get_line(line="door"))
        judge("at the socket a refusal is the same", isinstance(refused, Refused) and refused.code == Code.UNKNOWN_NAME, refused)


async def main(program):
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        async with daemon_of(program, folder) as daemon:
            url, socket = f"ws://127.0.0.1:{daemon.port}", os.path.join(folder, "control.sock")
            await examples(judge, url, socket)
            await over_the_room(judge, url)
            await strangers(judge, url)
            await at_the_socket(judge, socket)
        judge.explain(daemon.log)
    return judge.verdict()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1])))
