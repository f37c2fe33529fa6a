"""The open engine behind firewalls, judged by LiveKit's own Python client on the other side of them.

usage: firewalls.py PUBLISH_EXAMPLE SERVE_EXAMPLE LIVEKIT_SERVER

To be started by run.sh, in namespaces of its own. The engine lives in the namespace "cam"; between it and the servers a
packet filter lets through what a case says and nothing else, so that media that arrives has come that way. The last line
counts what passed, as cargo's tests do.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time

from authority import Authority, sh
from stage import KEY, SECRET, Judge, Process, Publisher, Viewer, until

HOST = "10.77.0.1"
SIGNAL, MEDIA_TCP, MEDIA_UDP, TURN, TURNS = 7880, 7881, 7882, 3478, 5349
USER, PASSWORD = "camera", "a-password-of-the-relay"


def build_network():
    sh("ip link set lo up && ip netns add cam && ip link add world type veth peer name eth0 netns cam")
    sh(f"ip address add {HOST}/24 dev world && ip link set world up")
    sh("ip netns exec cam ip link set lo up && ip netns exec cam ip address add 10.77.0.2/24 dev eth0")
    sh("ip netns exec cam ip link set eth0 up && ip netns exec cam ip route add default via " + HOST)


def let_through(*rules):
    """What of the camera's packets arrives; none of the rules means everything."""
    lines = [f'iifname "world" {rule} accept' for rule in rules] + ['iifname "world" meta l4proto { tcp, udp } drop']
    lines = lines if rules else []
    body = "\n".join(lines)
    chain = f"chain in {{\ntype filter hook input priority 0\n{body}\n}}\n"
    text = f"table inet wall\ndelete table inet wall\ntable inet wall {{\n{chain}}}\n"
    subprocess.run(["nft", "-f", "-"], input=text.encode(), check=True)


class Camera(Publisher):
    """The engine, behind the wall."""

    def __init__(self, program, *more):
        super().__init__(program, f"ws://{HOST}:{SIGNAL}", f"mint:{KEY}:{SECRET}", "--seconds", "300", *more)
        self.arguments = ["ip", "netns", "exec", "cam", *self.arguments]


async def sees(judge, program, name, *more, story=None):
    camera, viewer = Camera(program, *more), Viewer()
    await camera.start()
    try:
        await viewer.join(SIGNAL, HOST)
        began = time.monotonic()
        arrived = await until(25, lambda: viewer.pictures > 30 and len(viewer.sound) > 50)
        judge(f"{name}: picture and sound arrive", arrived, (viewer.pictures, camera.events()[-8:]))
        print(f"       {time.monotonic() - began:.1f} s to 30 pictures", flush=True)
        if arrived:
            came = await viewer.more(76, 3)
            judge(f"{name}: and go on", came > 75, came)
        if story and arrived:
            await story(judge, name, viewer)
        await viewer.leave()
    finally:
        await camera.stop()


async def nothing(judge, program, name, *more):
    camera, viewer = Camera(program, *more), Viewer()
    await camera.start()
    try:
        await viewer.join(SIGNAL, HOST)
        judge(f"{name}: nothing arrives", not await until(6, lambda: viewer.pictures > 0), viewer.pictures)
        await viewer.leave()
    finally:
        await camera.stop()


async def cable(judge, name, viewer):
    """Pulled for long enough that the path is given up, and plugged in again."""
    sh("ip netns exec cam ip link set eth0 down")
    # Not a wait for anything: this is how long the cable is out.
    await asyncio.sleep(12)
    before = viewer.pictures
    sh("ip netns exec cam ip link set eth0 up && ip netns exec cam ip route replace default via " + HOST)
    plugged = time.monotonic()
    back = await until(20, lambda: viewer.pictures > before + 5)
    took = time.monotonic() - plugged
    judge(f"{name}: a cable pulled for 12 s and plugged in again brings the picture back", back, viewer.pictures - before)
    print(f"       {took:.1f} s after the link came up", flush=True)


async def main(publish, serve, livekit):
    judge = Judge()
    build_network()
    signal, tcp = f"tcp dport {SIGNAL}", f"tcp dport {MEDIA_TCP}"
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(folder)
        log = os.path.join(folder, "servers.log")
        room = [serve, "--listen", f"{HOST}:{SIGNAL}", "--media-port", str(MEDIA_UDP), "--tcp-port", str(MEDIA_TCP),
                "--key", KEY, "--secret", SECRET, "--room", "yard"]
        async with Process(log, room, SIGNAL, HOST):
            let_through(signal, tcp)
            await sees(judge, publish, "our room, UDP blocked")
        await on_livekit(judge, folder, log, publish, livekit, authority)
        judge.explain(log)
    return judge.verdict()


async def on_livekit(judge, folder, log, publish, livekit, authority):
    config = os.path.join(folder, "livekit.yaml")

    def relay(port, protocol):
        return f"{{host: {HOST}, port: {port}, protocol: {protocol}, username: {USER}, credential: {PASSWORD}}}"

    def server(*relays):
        with open(config, "w") as text:
            text.write(
                f"port: {SIGNAL}\nbind_addresses: ['{HOST}']\nkeys: {{{KEY}: {SECRET}}}\nrtc: {{udp_port: {MEDIA_UDP}, "
                f"tcp_port: {MEDIA_TCP}, use_external_ip: false, node_ip: {HOST}, stun_servers: ['{HOST}:{TURN}'], "
                f"turn_servers: [{', '.join(relays)}]}}\n"
            )
        return Process(log, [livekit, "--config", config], SIGNAL, HOST)

    coturn = ["turnserver", "-n", "--log-file", "stdout", "--listening-ip", HOST, "--relay-ip", HOST, "--listening-port", str(TURN),
              "--tls-listening-port", str(TURNS), "--lt-cred-mech", "--user", f"{USER}:{PASSWORD}", "--realm", "test",
              "--cert", authority.certificate("relay", f"IP:{HOST}"), "--pkey", authority.key, "--no-cli", "--no-dtls",
              "--pidfile", os.path.join(folder, "pid"), "--min-port", "50000", "--max-port", "50999", "--db", os.path.join(folder, "turndb")]
    signal = f"tcp dport {SIGNAL}"
    async with Process(log, coturn, TURN, HOST):
        async with server():
            let_through()
            await sees(judge, publish, "LiveKit, nothing blocked", story=cable)
            let_through(signal, f"tcp dport {MEDIA_TCP}")
            await sees(judge, publish, "LiveKit, UDP blocked")
            let_through(signal)
            await nothing(judge, publish, "LiveKit, no way to media at all")
        cases = [
            ("TURN over UDP", TURN, "udp", f"udp dport {TURN}"),
            ("TURN over TCP", TURN, "tcp", f"tcp dport {TURN}"),
            ("TURN over TLS, authority of our own", TURNS, "tls", f"tcp dport {TURNS}"),
        ]
        for name, port, protocol, rule in cases:
            async with server(relay(port, protocol)):
                let_through(signal, rule)
                await sees(judge, publish, f"LiveKit, only {name}", "--ca", authority.ca)
                if protocol == "tls":
                    await nothing(judge, publish, "LiveKit, TURN over TLS of an authority that nobody trusts")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
