"""The open engine behind firewalls, judged by LiveKit's own Python client on the other side of them.

usage: firewalls.py PUBLISH_EXAMPLE SERVE_EXAMPLE [LIVEKIT_SERVER]

To be started by run.sh, in namespaces of its own. The engine lives in the namespace "cam"; between it and the servers a
packet filter lets through what a case says and nothing else, so that media that arrives has come that way. The last line
counts what passed, as cargo's tests do.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients"))
from on_livekit import KEY, SECRET, Judge, Publisher, Viewer, until  # noqa: E402

HOST = "10.77.0.1"
SIGNAL, MEDIA_TCP, MEDIA_UDP, TURN, TURNS = 7880, 7881, 7882, 3478, 5349
USER, PASSWORD = "camera", "a-password-of-the-relay"


def sh(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)


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


def make_certificates(folder):
    """An authority of our own, and a certificate of it for the relay's address."""
    ca, key, cert = (os.path.join(folder, name) for name in ("ca.pem", "key.pem", "cert.pem"))
    quiet = "2>/dev/null"
    sh(f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {folder}/ca.key -out {ca} -days 2 "
       f"-subj '/CN=An authority of our own' {quiet}")
    sh(f"openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {key} -out {folder}/csr.pem -subj /CN=relay {quiet}")
    with open(f"{folder}/ext", "w") as ext:
        ext.write(f"subjectAltName=IP:{HOST}\nbasicConstraints=CA:FALSE\n")
    sh(f"openssl x509 -req -in {folder}/csr.pem -CA {ca} -CAkey {folder}/ca.key -CAcreateserial -days 1 -extfile {folder}/ext "
       f"-out {cert} {quiet}")
    return ca, key, cert


class Process:
    """A server that is up once its port takes connections."""

    def __init__(self, log, command, port, host=HOST):
        self.log, self.command, self.port, self.host = log, command, port, host

    async def __aenter__(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        for _ in range(300):
            with contextlib.suppress(OSError):
                socket.create_connection((self.host, self.port), 0.2).close()
                return self
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.1)
        with open(self.log, errors="replace") as log:
            print("".join(log.readlines()[-20:]))
        raise SystemExit(f"{self.command[0]} does not start")

    async def __aexit__(self, *_):
        self.process.kill()
        self.process.wait()


class Camera(Publisher):
    """The engine, behind the wall."""

    def __init__(self, program, *more):
        super().__init__(program, f"ws://{HOST}:{SIGNAL}", f"mint:{KEY}:{SECRET}", "--seconds", "300", *more)
        self.arguments = ["ip", "netns", "exec", "cam", *self.arguments]


class Watcher(Viewer):
    async def join(self):
        from livekit import api

        grants = api.VideoGrants(room_join=True, room="yard")
        token = api.AccessToken(KEY, SECRET).with_identity("viewer").with_grants(grants).to_jwt()
        self.began = time.monotonic()
        await self.room.connect(f"ws://{HOST}:{SIGNAL}", token)


async def sees(judge, program, name, *more, story=None):
    camera, viewer = Camera(program, *more), Watcher()
    await camera.start()
    try:
        await viewer.join()
        began = time.monotonic()
        arrived = await until(25, lambda: viewer.pictures > 30 and len(viewer.sound) > 50)
        judge(f"{name}: picture and sound arrive", arrived, (viewer.pictures, camera.events()[-8:]))
        print(f"       {time.monotonic() - began:.1f} s to 30 pictures", flush=True)
        if arrived:
            before = viewer.pictures
            await asyncio.sleep(3)
            judge(f"{name}: and go on", viewer.pictures - before > 75, viewer.pictures - before)
        if story and arrived:
            await story(judge, name, viewer)
        await viewer.leave()
    finally:
        await camera.stop()


async def nothing(judge, program, name, *more):
    camera, viewer = Camera(program, *more), Watcher()
    await camera.start()
    try:
        await viewer.join()
        judge(f"{name}: nothing arrives", not await until(6, lambda: viewer.pictures > 0), viewer.pictures)
        await viewer.leave()
    finally:
        await camera.stop()


async def cable(judge, name, viewer):
    """Pulled for long enough that the path is given up, and plugged in again."""
    sh("ip netns exec cam ip link set eth0 down")
    await asyncio.sleep(12)
    before = viewer.pictures
    sh("ip netns exec cam ip link set eth0 up && ip netns exec cam ip route replace default via " + HOST)
    plugged = time.monotonic()
    back = await until(20, lambda: viewer.pictures > before + 5)
    took = time.monotonic() - plugged
    judge(f"{name}: a cable pulled for 12 s and plugged in again brings the picture back", back, viewer.pictures - before)
    print(f"       {took:.1f} s after the link came up", flush=True)


async def main(publish, serve, livekit=None):
    judge = Judge()
    build_network()
    signal, tcp = f"tcp dport {SIGNAL}", f"tcp dport {MEDIA_TCP}"
    with tempfile.TemporaryDirectory() as folder:
        ca, key, cert = make_certificates(folder)
        log = os.path.join(folder, "servers.log")
        room = [serve, "--listen", f"{HOST}:{SIGNAL}", "--media-port", str(MEDIA_UDP), "--tcp-port", str(MEDIA_TCP),
                "--key", KEY, "--secret", SECRET, "--room", "yard"]
        async with Process(log, room, SIGNAL):
            let_through(signal, tcp)
            await sees(judge, publish, "our room, UDP blocked")
        if livekit:
            await on_livekit(judge, folder, log, publish, livekit, (ca, key, cert))
        if judge.failed:
            with open(log, errors="replace") as lines:
                print("".join(line[:300].rstrip() + "\n" for line in lines.readlines()[-40:]))
    print(f"test result: {'FAILED' if judge.failed else 'ok'}. {judge.passed} passed; {judge.failed} failed;")
    return 1 if judge.failed else 0


async def on_livekit(judge, folder, log, publish, livekit, certificates):
    ca, key, cert = certificates
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
        return Process(log, [livekit, "--config", config], SIGNAL)

    coturn = ["turnserver", "-n", "--log-file", "stdout", "--listening-ip", HOST, "--relay-ip", HOST, "--listening-port", str(TURN),
              "--tls-listening-port", str(TURNS), "--lt-cred-mech", "--user", f"{USER}:{PASSWORD}", "--realm", "test",
              "--cert", cert, "--pkey", key, "--no-cli", "--no-dtls", "--pidfile", os.path.join(folder, "pid"),
              "--min-port", "50000", "--max-port", "50999", "--db", os.path.join(folder, "turndb")]
    signal = f"tcp dport {SIGNAL}"
    async with Process(log, coturn, TURN):
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
                await sees(judge, publish, f"LiveKit, only {name}", "--ca", ca)
                if protocol == "tls":
                    await nothing(judge, publish, "LiveKit, TURN over TLS of an authority that nobody trusts")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
