"""LiveKit's own Python client, its server SDK and aiortc in our room.

usage: on_room.py SERVE_EXAMPLE WATCH_USER_EXAMPLE

Starts the room on free ports of the loopback, joins it in both of LiveKit's topologies through a proxy whose connections can be
cut, and looks at what arrives. The last line counts what passed, as cargo's tests do.
"""

import asyncio
import datetime
import os
import socket
import sys
import tempfile
import time

import numpy
from livekit import api, rtc

import stage
import strangers
import watching
import whip_whep
from stage import KEY, SECRET, Judge, Process, Proxy, free_port, purity, until

ROOM = "camera"


class Room(Process):
    """Our room server on free ports."""

    def __init__(self, program, folder, address="127.0.0.1", more=()):
        port, media, tcp = free_port(), free_port(socket.SOCK_DGRAM), free_port()
        command = [program, "--listen", f"{address}:{port}", "--media-port", str(media), "--tcp-port", str(tcp), "--key", KEY,
                   "--secret", SECRET, "--joins-per-second", "100", *more]
        super().__init__(os.path.join(folder, "room.log"), command, port, environment={**os.environ, "RUST_LOG": "info"})
        self.url = f"http://127.0.0.1:{port}"


def token(identity, ttl=None, **grants):
    return stage.token(identity, ROOM, ttl, **({"can_update_own_metadata": True} | grants))


class Person:
    """One of LiveKit's clients: sends a moving picture and a tone, and writes down what it gets."""

    def __init__(self, identity, one):
        self.identity, self.one, self.room = identity, one, rtc.Room()
        self.pictures, self.sound, self.last, self.gap = {}, {}, None, 0.0
        self.said, self.data, self.tasks, self.kinds = [], [], [], {}
        room = self.room
        room.on("track_subscribed", self.subscribed)
        room.on("data_received", lambda packet: self.data.append(packet))
        for event in ("reconnecting", "reconnected"):
            room.on(event, lambda event=event: self.said.append(event))
        room.on("disconnected", lambda reason: self.said.append(f"disconnected {reason}"))
        room.on("track_muted", lambda who, publication: self.said.append(f"muted {who.identity}"))
        room.on("track_unmuted", lambda who, publication: self.said.append(f"unmuted {who.identity}"))
        room.on("active_speakers_changed", lambda people: self.said.extend(f"speaks {who.identity}" for who in people))
        room.on("room_metadata_changed", lambda _before, now: self.said.append(f"room metadata {now}"))
        room.on("connection_quality_changed", lambda who, quality: self.said.append(f"quality {who.identity} {quality}"))
        room.on("participant_disconnected", lambda who: self.said.append(f"gone {who.identity}"))

    async def join(self, port, host="127.0.0.1", **grants):
        options = rtc.RoomOptions(single_peer_connection=self.one)
        await asyncio.wait_for(self.room.connect(f"ws://{host}:{port}", token(self.identity, **grants), options), 15)
        return self

    def subscribed(self, track, publication, who):
        video = track.kind == rtc.TrackKind.KIND_VIDEO
        self.kinds[who.identity, video] = publication.mime_type.lower()
        self.tasks.append(asyncio.ensure_future(self.watch(track, who.identity) if video else self.listen(track, who.identity)))

    async def watch(self, track, identity):
        async for event in rtc.VideoStream(track):
            now = time.monotonic()
            self.gap = max(self.gap, now - self.last) if self.last else 0.0
            self.last = now
            self.pictures.setdefault(identity, []).append(event.frame.width)

    async def listen(self, track, identity):
        async for event in rtc.AudioStream(track):
            self.sound.setdefault(identity, []).append(numpy.array(event.frame.data, dtype=numpy.float64))

    def seen(self, identity):
        return len(self.pictures.get(identity, []))

    async def publish(self, codec=None, size=(640, 360), simulcast=False):
        source = rtc.VideoSource(*size)
        track = rtc.LocalVideoTrack.create_video_track("camera", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA, simulcast=simulcast)
        if codec is not None:
            options.video_codec = codec
        self.tasks.append(asyncio.ensure_future(self.paint(source, *size)))
        self.video = track
        return await asyncio.wait_for(self.room.local_participant.publish_track(track, options), 10)

    async def paint(self, source, width, height):
        picture, number = numpy.zeros((height, width, 4), dtype=numpy.uint8), 0
        while True:
            picture[:, :, 0] = number * 3 % 256
            picture[:, : number * 7 % width, 1] = 200
            source.capture_frame(rtc.VideoFrame(width, height, rtc.VideoBufferType.RGBA, picture.tobytes()))
            number += 1
            await asyncio.sleep(1 / 30)

    async def speak(self):
        source = rtc.AudioSource(48000, 1)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        self.tasks.append(asyncio.ensure_future(self.sing(source)))
        return await asyncio.wait_for(self.room.local_participant.publish_track(track, options), 10)

    async def sing(self, source):
        number = 0
        while True:
            time_of = (numpy.arange(480) + number * 480) / 48000
            tone = (numpy.sin(2 * numpy.pi * 1000 * time_of) * 12000).astype(numpy.int16)
            await source.capture_frame(rtc.AudioFrame(tone.tobytes(), 48000, 1, 480))
            number += 1

    async def leave(self):
        for task in self.tasks:
            task.cancel()
        await self.room.disconnect()


async def media(judge, room, name, one):
    """Pictures as the client sends them by itself, sound, and who hears whom."""
    sender, viewer = await Person("sender", one).join(room.port), await Person("viewer", one).join(room.port)
    await sender.publish()
    await sender.speak()
    judge(f"{name}: pictures of a client that insists on VP8", await until(10, lambda: viewer.seen("sender") > 30), viewer.pictures)
    judge(f"{name}: are said to be VP8", viewer.kinds.get(("sender", True)) == "video/vp8", viewer.kinds)
    judge(f"{name}: sound", await until(10, lambda: len(viewer.sound.get("sender", [])) > 150), viewer.kinds)
    if len(viewer.sound.get("sender", [])) > 150:
        share = purity(viewer.sound["sender"], 1000)
        judge(f"{name}: sound is the tone", share > 0.9, share)
    judge(f"{name}: who speaks is told", await until(5, lambda: "speaks sender" in viewer.said), viewer.said)
    judge(f"{name}: how good the connection is, is told",
          await until(8, lambda: any(said.startswith("quality sender") for said in viewer.said)), viewer.said)

    sender.video.mute()
    judge(f"{name}: a mute is told", await until(5, lambda: "muted sender" in viewer.said), viewer.said)
    sender.video.unmute()
    judge(f"{name}: and an unmute", await until(5, lambda: "unmuted sender" in viewer.said), viewer.said)
    count = viewer.seen("sender")
    judge(f"{name}: after which pictures go on", await until(5, lambda: viewer.seen("sender") > count + 15))

    # Bandwidth grows step by step; in the end the viewer gets the best of the layers.
    painter = await Person("painter", one).join(room.port)
    await painter.publish(rtc.VideoCodec.H264, (1280, 720), simulcast=True)
    judge(f"{name}: H.264 in layers ends at the best one",
          await until(20, lambda: 1280 in viewer.pictures.get("painter", [])), set(viewer.pictures.get("painter", [])))
    judge(f"{name}: and is said to be H.264", viewer.kinds.get(("painter", True)) == "video/h264", viewer.kinds)
    for person in (painter, sender, viewer):
        await person.leave()


async def talk(judge, room, name, one):
    """Everything that travels beside media."""
    a, b = await Person("a", one).join(room.port), await Person("b", one).join(room.port)
    await until(5, lambda: "b" in a.room.remote_participants and "a" in b.room.remote_participants)

    async def greet(call):
        if call.payload == "fail":
            raise rtc.RpcError(1234, "as asked")
        return f"{call.caller_identity} said {call.payload}"

    b.room.local_participant.register_rpc_method("greet", greet)
    local = a.room.local_participant
    answer = await local.perform_rpc(destination_identity="b", method="greet", payload="hello")
    judge(f"{name}: RPC is answered", answer == "a said hello", answer)
    try:
        answer = await local.perform_rpc(destination_identity="b", method="greet", payload="fail")
    except rtc.RpcError as error:
        answer = error.code
    judge(f"{name}: and its errors come back", answer == 1234, answer)

    texts, files = [], []

    def text(reader, identity):
        async def read():
            texts.append((identity, await reader.read_all()))
        b.tasks.append(asyncio.ensure_future(read()))

    def file(reader, identity):
        async def read():
            files.append((identity, reader.info.name, b"".join([chunk async for chunk in reader])))
        b.tasks.append(asyncio.ensure_future(read()))

    b.room.register_text_stream_handler("chat", text)
    b.room.register_byte_stream_handler("files", file)
    long_text = "Grüße " * 20_000
    await local.send_text(long_text, topic="chat", destination_identities=["b"])
    judge(f"{name}: a long text arrives whole", await until(10, lambda: texts == [("a", long_text)]), len(texts))
    content = bytes(range(256)) * 2000
    with tempfile.NamedTemporaryFile(suffix=".bin") as stored:
        stored.write(content)
        stored.flush()
        await local.send_file(stored.name, topic="files")
        wanted = [("a", os.path.basename(stored.name), content)]
    judge(f"{name}: a file of half a megabyte arrives whole", await until(10, lambda: files == wanted), len(files))

    for number in range(50):
        await local.publish_data(b"r%d" % number + b"." * 1000, reliable=True, topic="count")
    for number in range(50):
        await local.publish_data(b"l%d" % number + b"." * 4000, reliable=False, topic="count")
    reliable = [b"r%d" % number + b"." * 1000 for number in range(50)]

    def got(first):
        return [packet.data for packet in b.data if packet.data[:1] == first]

    judge(f"{name}: reliable data arrives, all of it in order", await until(10, lambda: got(b"r") == reliable), len(got(b"r")))
    judge(f"{name}: a burst of fifty lossy packets arrives whole", await until(5, lambda: len(got(b"l")) == 50), len(got(b"l")))

    await local.set_attributes({"colour": "blue", "side": "left"})
    await local.set_metadata("words of its own")
    await local.set_name("Anna")
    seen = b.room.remote_participants["a"]
    judge(f"{name}: attributes, metadata and name are told", await until(5, lambda: (seen.attributes, seen.metadata, seen.name)
          == ({"colour": "blue", "side": "left"}, "words of its own", "Anna")), (seen.attributes, seen.metadata, seen.name))
    mute = await Person("c", one).join(room.port, can_update_own_metadata=False)
    # The client does not say that it was refused; the others show it.
    await mute.room.local_participant.set_metadata("not mine to say")
    await mute.room.local_participant.publish_data(b"said", reliable=True)
    judge(f"{name}: who may not change its metadata does not", await until(5, lambda: b"said" in [packet.data for packet in b.data])
          and b.room.remote_participants["c"].metadata == "", b.room.remote_participants["c"].metadata)

    again = await Person("c", one).join(room.port)
    judge(f"{name}: the same identity again ends the earlier one", await until(5, lambda: f"disconnected {rtc.DisconnectReason.DUPLICATE_IDENTITY}"
          in mute.said), mute.said)
    for person in (again, mute, a, b):
        await person.leave()


async def trouble(judge, room, name, one):
    """Signalling that is cut, and a server that is gone for a moment."""
    proxy = Proxy(room.port)
    await proxy.start()
    sender, viewer = await Person("sender", one).join(proxy.port), await Person("viewer", one).join(proxy.port)
    await sender.publish(rtc.VideoCodec.H264)
    await until(10, lambda: viewer.seen("sender") > 30)
    sid, viewer.gap = viewer.room.local_participant.sid, 0.0
    count = viewer.seen("sender")
    proxy.cut()
    judge(f"{name}: cut signalling is found again", await until(15, lambda: "reconnected" in viewer.said and "reconnected" in sender.said),
          (viewer.said, sender.said))
    # Two seconds more: a restarted path would fail late.
    again = viewer.seen("sender")
    await until(4, lambda: viewer.seen("sender") >= again + 60)
    judge(f"{name}: pictures went on meanwhile", viewer.seen("sender") > count + 60, viewer.seen("sender") - count)
    judge(f"{name}: and never stood still for half a second", viewer.gap < 0.5, viewer.gap)
    judge(f"{name}: the participant is the same", viewer.room.local_participant.sid == sid)

    refused = proxy.refused
    room.kill()
    # Both have tried in vain, and have patience for more.
    judge(f"{name}: a server that was killed is looked for by both", await until(10, lambda: proxy.refused >= refused + 2), proxy.refused)
    await room.start()
    before = viewer.seen("sender")
    judge(f"{name}: a server that was killed is joined again, and pictures flow",
          await until(40, lambda: viewer.seen("sender") > before + 30), (viewer.said, sender.said))
    for person in (sender, viewer):
        await person.leave()


async def service(judge, room):
    """RoomService through LiveKit's server SDK, which speaks protobuf."""
    sender, viewer = await Person("sender", False).join(room.port), await Person("viewer", True).join(room.port)
    publication = await sender.publish(rtc.VideoCodec.H264)
    await until(10, lambda: viewer.seen("sender") > 5)
    admin = api.LiveKitAPI(room.url, KEY, SECRET)
    rooms = await admin.room.list_rooms(api.ListRoomsRequest())
    judge("RoomService lists the room", [made.name for made in rooms.rooms] == [ROOM], rooms)
    people = await admin.room.list_participants(api.ListParticipantsRequest(room=ROOM))
    judge("and who is in it", {who.identity for who in people.participants} == {"sender", "viewer"}, people)
    await admin.room.mute_published_track(
        api.MuteRoomTrackRequest(room=ROOM, identity="sender", track_sid=publication.sid, muted=True))
    judge("mutes a track", await until(5, lambda: "muted sender" in viewer.said), viewer.said)
    await admin.room.update_room_metadata(api.UpdateRoomMetadataRequest(room=ROOM, metadata="dark outside"))
    judge("tells the room's metadata", await until(8, lambda: "room metadata dark outside" in viewer.said), viewer.said)
    await admin.room.send_data(api.SendDataRequest(
        room=ROOM, data=b"from the server", kind=0, destination_identities=["viewer"], topic="service"))
    judge("sends data to whom it names", await until(5, lambda: [packet.data for packet in viewer.data] == [b"from the server"])
          and not sender.data, (viewer.data, sender.data))
    await admin.room.update_participant(api.UpdateParticipantRequest(
        room=ROOM, identity="sender", permission=api.ParticipantPermission(can_subscribe=True, can_publish=False)))
    judge("takes the right to publish away", await until(5, lambda: not viewer.room.remote_participants["sender"].track_publications))
    await admin.room.remove_participant(api.RoomParticipantIdentity(room=ROOM, identity="sender"))
    judge("removes a participant", await until(5, lambda: f"disconnected {rtc.DisconnectReason.PARTICIPANT_REMOVED}" in sender.said), sender.said)
    try:
        await admin.room.get_participant(api.RoomParticipantIdentity(room=ROOM, identity="nobody"))
        missing = None
    except api.TwirpError as error:
        missing = error.code
    judge("and says who is not there", missing == "not_found", missing)
    await admin.aclose()
    for person in (sender, viewer):
        await person.leave()


async def refusals(judge, room):
    """What a person with a bad token reads."""

    async def words(made):
        try:
            await asyncio.wait_for(rtc.Room().connect(f"ws://127.0.0.1:{room.port}", made), 15)
        except rtc.ConnectError as error:
            return str(error)
        return "joined"

    forged = api.AccessToken(KEY, "another-secret-that-is-long-enough-too").with_identity("x").with_grants(
        api.VideoGrants(room_join=True, room=ROOM)).to_jwt()
    for what, made, wanted in [
        ("forged", forged, "not signed with the secret"),
        ("expired", token("x", datetime.timedelta(seconds=-3600)), "expired"),
        ("powerless", token("x", room_join=False), "roomJoin"),
    ]:
        said = await words(made)
        judge(f"a token that is {what} is told as such", wanted in said, said)


async def main(program, watch_program):
    judge = Judge()
    sys.unraisablehook = lambda _: None
    with tempfile.TemporaryDirectory() as folder:
        async with Room(program, folder) as room:
            try:
                for name, one in (("two connections", False), ("one connection", True)):
                    await media(judge, room, name, one)
                    await talk(judge, room, name, one)
                    await trouble(judge, room, name, one)
                await watching.pictures(judge, room.port, watch_program, "the engine", ROOM)
                await service(judge, room)
                await refusals(judge, room)
                await whip_whep.story(judge, room, ROOM, token)
                await strangers.story(judge, room)
            finally:
                judge.explain(room.log)
    return judge.verdict()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:3])))
