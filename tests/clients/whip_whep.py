"""aiortc, which shares no code with browsers or with us, publishes by WHIP and watches by WHEP. Used by on_room.py."""

import asyncio

import aiohttp
import numpy
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import AudioStreamTrack
from av import VideoFrame

from stage import until

SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"


class Picture(VideoStreamTrack):
    """A brightness that rises and falls, 320x240."""

    async def recv(self):
        pts, base = await self.next_timestamp()
        picture = numpy.full((240, 320, 3), pts // 3000 % 200, dtype=numpy.uint8)
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = pts, base
        return frame


class Viewer:
    """Counts what arrives on a connection."""

    def __init__(self, connection):
        self.pictures, self.sound, self.tasks = 0, 0, []
        connection.on("track", lambda track: self.tasks.append(asyncio.ensure_future(self.take(track))))

    async def take(self, track):
        while True:
            await track.recv()
            if track.kind == "video":
                self.pictures += 1
            else:
                self.sound += 1


async def offer_of(connection):
    await connection.setLocalDescription(await connection.createOffer())
    return connection.localDescription.sdp


async def story(judge, room, name, token):
    async with aiohttp.ClientSession() as web:
        await told(judge, room, name, token, web)


async def told(judge, room, name, token, web):
    bearer = {"Authorization": f"Bearer {token('aiortc')}"}
    publisher = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    publisher.addTrack(Picture())
    publisher.addTrack(AudioStreamTrack())
    offer = await offer_of(publisher)
    whip = f"{room.url}/whip/{name}"
    async with web.post(whip, data=offer, headers={"Content-Type": SDP}) as answer:
        judge("WHIP without a token is refused, and asks for one", (answer.status, answer.headers.get("WWW-Authenticate")) == (401, "Bearer"))
    async with web.post(whip, data=offer, headers=bearer | {"Content-Type": SDP}) as answer:
        made, session = await answer.text(), answer.headers.get("Location")
        judge("WHIP takes an offer", answer.status == 201 and session and answer.headers.get("ETag"), (answer.status, made))
    await publisher.setRemoteDescription(RTCSessionDescription(made, "answer"))
    judge("and is connected", await until(10, lambda: publisher.connectionState == "connected"), publisher.connectionState)

    whep = f"{room.url}/whep/{name}/aiortc"
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTransceiver("video", direction="recvonly")
    connection.addTransceiver("audio", direction="recvonly")
    viewer = Viewer(connection)
    watcher = {"Authorization": f"Bearer {token('watcher')}"}
    async with web.post(whep, data=await offer_of(connection), headers=watcher | {"Content-Type": SDP}) as answer:
        made, watched, etag = await answer.text(), answer.headers.get("Location"), answer.headers.get("ETag")
        judge("WHEP takes an offer", answer.status == 201 and watched and etag, (answer.status, made))
    await connection.setRemoteDescription(RTCSessionDescription(made, "answer"))
    judge("what WHIP publishes, WHEP shows", await until(15, lambda: viewer.pictures > 20 and viewer.sound > 30), (viewer.pictures, viewer.sound))

    fragment = {"Content-Type": FRAGMENT}
    trickled = "a=ice-ufrag:none\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"
    for what, headers, wanted in [
        ("of its own tag", watcher | fragment | {"If-Match": etag}, 204),
        ("of another tag", watcher | fragment | {"If-Match": '"other"'}, 412),
        ("that asks for an ICE restart", watcher | fragment | {"If-Match": "*"}, 422),
        ("of somebody else", bearer | fragment | {"If-Match": etag}, 404),
        ("of another type", watcher | {"Content-Type": SDP}, 415),
    ]:
        async with web.patch(room.url + watched, data=trickled, headers=headers) as answer:
            judge(f"a PATCH {what} is answered {wanted}", answer.status == wanted, answer.status)

    async with web.delete(room.url + watched, headers=watcher) as answer:
        judge("DELETE ends the viewer's session", answer.status == 200, answer.status)
    async with web.delete(room.url + watched, headers=watcher) as answer:
        judge("once", answer.status == 404, answer.status)
    judge("and the viewer's connection hears of it", await until(10, lambda: connection.connectionState in ("closed", "failed")),
          connection.connectionState)
    async with web.delete(room.url + session, headers=bearer) as answer:
        judge("DELETE ends the publisher's session", answer.status == 200, answer.status)
    async with web.post(whep, data=offer, headers=watcher | {"Content-Type": SDP}) as answer:
        judge("after which WHEP says to come later", (answer.status, "Retry-After" in answer.headers) == (404, True), answer.status)
    for task in viewer.tasks:
        task.cancel()
    await connection.close()
    await publisher.close()
