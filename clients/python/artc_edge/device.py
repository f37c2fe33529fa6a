"""A device in a LiveKit room: every command of it as a method, over LiveKit's own client."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .methods import RPC_TOPIC, SNAPSHOT_TOPIC
from .rpc import RpcClient, Unanswered

if TYPE_CHECKING:
    from livekit import rtc

# A snapshot may have to wait for the next frame and a JPEG encoder.
SNAPSHOT_TIMEOUT = 10.0
# How long the bytes of a snapshot may take after its reply.
PICTURE_TIMEOUT = 10.0
# Pictures that came and were not asked for here are kept so long that the reply which names them can catch up.
KEPT_PICTURES = 4
# Longest snapshot and longest reply in bytes: more is a mistake, and memory is not endless.
LONGEST = {SNAPSHOT_TOPIC: 32 * 1024 * 1024, RPC_TOPIC: 1024 * 1024}


@dataclass(frozen=True)
class Picture:
    """A snapshot with its bytes."""

    name: str
    mime: str
    content: bytes


class Device(RpcClient):
    """The device with this identity in a room that is connected."""

    def __init__(self, room: rtc.Room, identity: str, *, timeout: float = 5.0, again: float | None = 2.0):
        super().__init__(self._publish, timeout=timeout, again=again)
        self.room, self.identity = room, identity
        self._pictures: dict[str, asyncio.Future[Picture]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._handlers = {
            "data_received": self._data_received,
            "reconnected": lambda: self._begin(self.resend()),
            "disconnected": lambda *_: self.fail("the connection to the room was lost"),
        }
        for event, handler in self._handlers.items():
            room.on(event, handler)
        _devices_of(room)[identity] = self

    @classmethod
    async def find(cls, room: rtc.Room, within: float = 10.0, **options: Any) -> Device:
        """The only device in the room, or the one that comes within so many seconds. Devices say what they are in their attributes."""
        changed = asyncio.Event()
        look = lambda *_: changed.set()  # noqa: E731
        events = ["participant_connected", "participant_attributes_changed"]
        for event in events:
            room.on(event, look)
        try:
            async with asyncio.timeout(within):
                while not (devices := [each for each in room.remote_participants.values() if _is_device(each)]):
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            raise Unanswered(f"no device came into the room within {within:g} s") from None
        finally:
            for event in events:
                room.off(event, look)
        if len(devices) > 1:
            names = ", ".join(device.identity for device in devices)
            raise LookupError(f"several devices are in the room: {names}; name one: Device(room, identity)")
        return cls(room, devices[0].identity, **options)

    async def snapshot(self) -> Picture:
        """Takes a still picture and waits for its bytes."""
        reply = await self.call("camera.snapshot", timeout=SNAPSHOT_TIMEOUT)
        return await self.picture(reply["name"])

    async def picture(self, name: str) -> Picture:
        """The bytes of a snapshot whose reply named them so."""
        try:
            async with asyncio.timeout(PICTURE_TIMEOUT):
                return await self._picture(name)
        except TimeoutError:
            raise Unanswered(f"the bytes of {name} did not come within {PICTURE_TIMEOUT:g} s") from None
        finally:
            self._pictures.pop(name, None)

    def close(self) -> None:
        """Ends calls that are under way and lets go of the room, which stays connected."""
        for event, handler in self._handlers.items():
            self.room.off(event, handler)
        _devices_of(self.room).pop(self.identity, None)
        self.fail("the device was closed here")

    async def _publish(self, message: bytes) -> None:
        await self.room.local_participant.publish_data(
            message, reliable=True, topic=RPC_TOPIC, destination_identities=[self.identity]
        )

    def _data_received(self, packet: rtc.DataPacket) -> None:
        if packet.topic == RPC_TOPIC and packet.participant is not None and packet.participant.identity == self.identity:
            self.receive(packet.data)

    def _picture(self, name: str) -> asyncio.Future[Picture]:
        if name not in self._pictures:
            self._pictures[name] = asyncio.get_running_loop().create_future()
            done = [each for each, picture in self._pictures.items() if picture.done()]
            for old in done[:-KEPT_PICTURES]:
                del self._pictures[old]
        return self._pictures[name]

    def _stream_began(self, topic: str, reader: rtc.ByteStreamReader) -> None:
        self._begin(self._read_reply(reader) if topic == RPC_TOPIC else self._read_picture(reader))

    async def _read_reply(self, reader: rtc.ByteStreamReader) -> None:
        # A reply that is too long for a message. One that breaks off leaves its call to the time limit.
        with contextlib.suppress(Exception):
            self.receive(b"".join([chunk async for chunk in reader]))

    async def _read_picture(self, reader: rtc.ByteStreamReader) -> None:
        arrived = self._picture(reader.info.name)
        try:
            content = b"".join([chunk async for chunk in reader])
        except Exception as why:
            if not arrived.done():
                arrived.set_exception(Unanswered(f"{reader.info.name} broke off: {why}"))
            return
        if not arrived.done():
            arrived.set_result(Picture(reader.info.name, reader.info.mime_type, content))

    def _begin(self, work: Any) -> None:
        # A task that nobody holds may vanish before it is done.
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_device(participant: rtc.RemoteParticipant) -> bool:
    # A program of the same engine that only watches says what it is, too, in the role `live`.
    return "artc.profile" in participant.attributes and participant.attributes.get("artc.role") != "live"


# LiveKit's client takes one handler a topic and room; several devices of a room share it.
_rooms: weakref.WeakKeyDictionary[rtc.Room, dict[str, Device]] = weakref.WeakKeyDictionary()


def _began(devices: dict[str, Device], topic: str, longest: int, reader: rtc.ByteStreamReader, identity: str) -> None:
    if identity in devices and (reader.info.size or 0) <= longest:
        devices[identity]._stream_began(topic, reader)
    else:
        reader.close()


def _devices_of(room: rtc.Room) -> dict[str, Device]:
    if room not in _rooms:
        devices = _rooms[room] = {}

        for topic, longest in LONGEST.items():
            room.register_byte_stream_handler(topic, functools.partial(_began, devices, topic, longest))
    return _rooms[room]
