"""Joining by wss:// for real: an authority of our own, and each thing that can be wrong, told by its own words.

usage: certificates.py PUBLISH_EXAMPLE SERVE_EXAMPLE

To be started by run.sh, in namespaces of its own. The last line counts what passed, as cargo's tests do.
"""

import asyncio
import os
import sys
import tempfile

from authority import Authority, sh
from stage import KEY, SECRET, Judge, Process, Publisher, until

HOST, PORT = "127.0.0.1", 7443
PLAIN, OTHER, NOBODY = 7080, 7444, 7445


async def join(program, url, *more):
    """What the engine tells of a join."""
    publisher = Publisher(program, url, f"mint:{KEY}:{SECRET}", "--seconds", "20", *more)
    await publisher.start()
    await until(20, lambda: publisher.said("OnJoinChannelResult"))
    if publisher.said("OnJoinChannelResult", "result: Ok"):
        await until(10, lambda: publisher.said("PublishState", "Published }") >= 2)
    await publisher.stop()
    return publisher


async def main(publish, serve):
    judge = Judge()
    sh("ip link set lo up")
    with tempfile.TemporaryDirectory() as folder:
        authority, log = Authority(folder), os.path.join(folder, "servers.log")
        trusted = ("--ca", authority.ca)

        def room(port, certificate=None):
            tls = ["--tls-cert", certificate, "--tls-key", authority.key] if certificate else []
            command = [serve, "--listen", f"{HOST}:{port}", "--media-port", "0", "--tcp-port", "0", "--key", KEY,
                       "--secret", SECRET, "--room", "yard", *tls]
            return Process(log, command, port, HOST)

        async def told(name, url, *words, more=trusted):
            publisher = await join(publish, url, *more)
            events = publisher.events()
            judge(name, publisher.said("ConnectionState", "Failed", *words) > 0, events)
            judge(f"{name}: without showing the token", "eyJ" not in " ".join(events), events)

        url = f"wss://{HOST}:{PORT}"
        async with room(PORT, authority.certificate("good", f"IP:{HOST}")):
            publisher = await join(publish, url, *trusted)
            judge("a server of our own authority is joined, and media flows",
                  publisher.said("PublishState", "Published }") >= 2, publisher.events())
            await told("an authority that nobody trusts", url, "not trusted", "issued", "ca_file", more=())
            await told("certificates that are not there", url, "cannot be read", more=("--ca", f"{folder}/none.pem"))
            await told("certificates that are none", url, "cannot be read", more=("--ca", authority.key))
        async with room(PORT, authority.certificate("other", "DNS:other.example")):
            await told("a certificate for another name", url, "not trusted", "(other.example)")
        async with room(PORT, authority.certificate("old", f"IP:{HOST}", end="20200102000000Z")):
            await told("a certificate that has expired", url, "not trusted", "expired")
        async with room(PORT, authority.certificate("new", f"IP:{HOST}", start="20480101000000Z")):
            await told("a certificate of the future", url, "not trusted", "not valid yet")
        async with room(PLAIN):
            await told("a server without TLS", f"wss://{HOST}:{PLAIN}", "not a LiveKit server", "TLS")
        web = ["openssl", "s_server", "-www", "-accept", f"{HOST}:{OTHER}", "-cert", authority.certificate("web", f"IP:{HOST}"),
               "-key", authority.key]
        async with Process(log, web, OTHER, HOST):
            await told("a web server that is no LiveKit server", f"wss://{HOST}:{OTHER}", "not a LiveKit server")
        await told("a port where nobody listens", f"wss://{HOST}:{NOBODY}", "cannot be reached", "refused")
        await told("a host that no way leads to", "wss://203.0.113.1", "cannot be reached", "unreachable")
        await told("a name that nobody knows", "wss://no-such-host.invalid", "not known to the name service")
    return judge.verdict()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
