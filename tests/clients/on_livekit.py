"""The open engine on an unmodified LiveKit server, judged by LiveKit's own Python client.

usage: on_livekit.py LIVEKIT_SERVER PUBLISH_EXAMPLE WATCH_USER_EXAMPLE

Starts the server on free ports of the loopback, publishes through a proxy whose connections can be cut, and looks at
what arrives. The last line counts what passed, as cargo's tests do.
"""

import asyncio
import os
import socket
import sys
import tempfile

from livekit import rtc

import watching
from stage import KEY, SECRET, Judge, Process, Proxy, Publisher, Viewer, free_port, purity, until


def server_of(program, folder):
    """The LiveKit server on free ports of its own."""
    port, config = free_port(), os.path.join(folder, "livekit.yaml")
    with open(config, "w") as text:
        text.write(
            f"port: {port}\nbind_addresses: ['127.0.0.1']\nkeys: {{{KEY}: {SECRET}}}\n"
            f"rtc: {{udp_port: {free_port(socket.SOCK_DGRAM)}, tcp_port: {free_port()}, "
            "use_external_ip: false, enable_loopback_candidate: true}\n"
        )
    return Process(os.path.join(folder, "livekit.log"), [program, "--config", config], port)


async def main(server_program, publish_program, watch_program):
    judge = Judge()
    with tempfile.TemporaryDirectory() as folder:
        server = server_of(server_program, folder)
        await server.start()
        proxy = Proxy(server.port)
        await proxy.start()
        publisher = Publisher(publish_program, f"ws://127.0.0.1:{proxy.port}", f"mint:{KEY}:{SECRET}", "--seconds", "600")
        await publisher.start()
        try:
            await story(judge, server, proxy, publisher)
            await refusals(judge, server, publish_program)
            await small_stream(judge, server, publish_program)
            await watching.pictures(judge, server.port, watch_program, "LiveKit", "vp8")
            await watching.unknown_codec(judge, server.port, watch_program, "LiveKit", "vp9")
        finally:
            await publisher.stop()
            server.kill()
            if judge.failed:
                print("\n".join(publisher.events()[-40:]))
            judge.explain(server.log)
    return judge.verdict()


async def story(judge, server, proxy, publisher):
    judge("the engine joins and publishes", await until(20, lambda: publisher.said("PublishState", "Published }") >= 2),
          publisher.events())

    viewer = Viewer()
    await viewer.join(server.port)
    judge("pictures arrive and decode", await until(10, lambda: viewer.pictures > 30), viewer.pictures)
    judge("in the published size", viewer.size == (640, 360), viewer.size)
    judge("sound arrives", await until(10, lambda: len(viewer.sound) > 150), len(viewer.sound))
    if len(viewer.sound) > 150:
        share = purity(viewer.sound, 1000)
        judge("and is the tone", share > 0.9, share)
    kinds = {p.mime_type.lower() for p in viewer.publisher().track_publications.values()}
    judge("as H.264 and Opus", kinds == {"video/h264", "audio/opus"}, kinds)
    profile = await viewer.profile()
    judge("in the profile of the encoder's parameter sets, constrained baseline", (profile or "").lower()[:4] == "42e0", profile)

    await viewer.room.local_participant.publish_data(b"{}", reliable=True, topic="artc.rpc", destination_identities=["cam"])
    await viewer.room.local_participant.publish_data(b"hello", reliable=True)
    judge("a command arrives", await until(5, lambda: publisher.said("CommandMessage", "viewer")), publisher.events())
    judge("a message arrives", await until(5, lambda: publisher.said("OnDataChannelMsg", "viewer")), publisher.events())

    sid, pictures, viewer.gap = viewer.publisher().sid, viewer.pictures, 0.0
    proxy.cut()
    judge("a cut signalling connection is noticed", await until(5, lambda: publisher.said("Reconnecting")), publisher.events())
    judge("and found again", await until(10, lambda: publisher.said("status: Connected") == 2), publisher.events())
    # Two seconds more: a restarted path would fail late.
    await viewer.more(60, 4)
    judge("by resuming: the participant is the same", viewer.publisher() and viewer.publisher().sid == sid)
    judge("pictures went on", viewer.pictures > pictures + 45, viewer.pictures - pictures)
    judge("without standing still for a second", viewer.gap < 1.0, viewer.gap)
    await viewer.leave()

    server.kill()
    # So that it is joined by trying again, and not by the first try.
    judge("a server that was killed is looked for", await until(10, lambda: proxy.refused >= 2), proxy.refused)
    await server.start()
    judge("a server that was killed is joined again", await until(40, lambda: publisher.said("status: Connected") == 3),
          publisher.events())
    viewer = Viewer()
    await viewer.join(server.port)
    judge("and pictures flow again", await until(15, lambda: viewer.pictures > 30), viewer.pictures)
    await viewer.leave()


async def refusals(judge, server, program):
    async def result_of(url, token, channel="yard"):
        publisher = Publisher(program, url, token, "--seconds", "12", channel=channel)
        await publisher.start()
        await until(12, lambda: publisher.said("OnJoinChannelResult"))
        await publisher.stop()
        return " ".join(publisher.events())

    url = f"ws://127.0.0.1:{server.port}"
    forged = await result_of(url, f"mint:{KEY}:not-{SECRET}")
    judge("a forged token is told as such", "JoinBadToken" in forged and "token refused" in forged, forged)
    judge("without showing the token", "eyJ" not in forged, forged)
    nobody = await result_of(f"ws://127.0.0.1:{free_port()}", f"mint:{KEY}:{SECRET}")
    judge("nobody there is told as such", "NetworkConnectFail" in nobody and "cannot be reached" in nobody, nobody)

    async def greet(_reader, writer):
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()

    other = await asyncio.start_server(greet, "127.0.0.1", 0)
    mail = await result_of(f"ws://127.0.0.1:{other.sockets[0].getsockname()[1]}", f"mint:{KEY}:{SECRET}")
    judge("another kind of server is told as such", "JoinFailed" in mail and "not a LiveKit server" in mail, mail)
    tls = await result_of(f"wss://127.0.0.1:{other.sockets[0].getsockname()[1]}", f"mint:{KEY}:{SECRET}")
    judge("and so is one without TLS", "not a LiveKit server" in tls, tls)


async def small_stream(judge, server, program):
    publisher = Publisher(program, f"ws://127.0.0.1:{server.port}", f"mint:{KEY}:{SECRET}", "--seconds", "120", "--small", channel="gate")
    await publisher.start()
    viewer = Viewer()
    try:
        published = await until(20, lambda: publisher.said("DualStreamPublishState", "Published }") >= 1)
        judge("a small stream is published", published, publisher.events())
        await viewer.join(server.port, channel="gate")
        judge("the big stream arrives", await until(20, lambda: viewer.size == (640, 360)), viewer.size)
        camera = next(p for p in viewer.publisher().track_publications.values() if p.kind == rtc.TrackKind.KIND_VIDEO)
        judge("as one of two layers", camera.simulcasted)
        camera.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_LOW)
        judge("who asks for the small one gets it", await until(20, lambda: viewer.size == (212, 120)), viewer.size)
        judge("at its own pace", 20 <= await viewer.more(1000, 3) <= 60, viewer.pictures)
        camera.set_video_quality(rtc.VideoQuality.VIDEO_QUALITY_HIGH)
        judge("and the big one again", await until(20, lambda: viewer.size == (640, 360)), viewer.size)
    finally:
        await viewer.leave()
        await publisher.stop()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:4])))
