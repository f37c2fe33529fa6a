"""Joining by wss:// for real: an authority of our own, and each thing that can be wrong, told by its own words.

usage: certificates.py PUBLISH_EXAMPLE SERVE_EXAMPLE

To be started by run.sh, in namespaces of its own. The last line counts what passed, as cargo's tests do.
"""

import asyncio
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "clients"))
from firewalls import Process, sh  # noqa: E402
from on_livekit import KEY, SECRET, Judge, Publisher, until  # noqa: E402

HOST, PORT = "127.0.0.1", 7443
PLAIN, OTHER, NOBODY = 7080, 7444, 7445


class Authority:
    """A certificate authority, and what it signs."""

    def __init__(self, folder):
        self.folder, self.ca = folder, os.path.join(folder, "ca.pem")
        key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        sh(f"openssl req -x509 {key} -keyout {folder}/ca.key -out {self.ca} -days 2 -subj '/CN=An authority of our own' 2>/dev/null")
        sh(f"openssl req {key} -keyout {folder}/key.pem -out {folder}/csr.pem -subj /CN=room 2>/dev/null")
        with open(f"{folder}/ca.cnf", "w") as config:
            config.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={folder}/index\nnew_certs_dir={folder}\nserial={folder}/serial\n"
                         "default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n")
        open(f"{folder}/index", "w").close()
        with open(f"{folder}/serial", "w") as serial:
            serial.write("01\n")

    def certificate(self, name, san, start="20200101000000Z", end="20490101000000Z"):
        path = os.path.join(self.folder, f"{name}.pem")
        with open(f"{self.folder}/ext", "w") as ext:
            ext.write(f"subjectAltName={san}\nbasicConstraints=CA:FALSE\n")
        sh(f"openssl ca -batch -notext -config {self.folder}/ca.cnf -cert {self.ca} -keyfile {self.folder}/ca.key "
           f"-in {self.folder}/csr.pem -out {path} -startdate {start} -enddate {end} -extfile {self.folder}/ext 2>/dev/null")
        return path


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
            tls = ["--tls-cert", certificate, "--tls-key", f"{folder}/key.pem"] if certificate else []
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
            await told("certificates that are none", url, "cannot be read", more=("--ca", f"{folder}/key.pem"))
        async with room(PORT, authority.certificate("other", "DNS:other.example")):
            await told("a certificate for another name", url, "not trusted", "(other.example)")
        async with room(PORT, authority.certificate("old", f"IP:{HOST}", end="20200102000000Z")):
            await told("a certificate that has expired", url, "not trusted", "expired")
        async with room(PORT, authority.certificate("new", f"IP:{HOST}", start="20480101000000Z")):
            await told("a certificate of the future", url, "not trusted", "not valid yet")
        async with room(PLAIN):
            await told("a server without TLS", f"wss://{HOST}:{PLAIN}", "not a LiveKit server", "TLS")
        web = ["openssl", "s_server", "-www", "-accept", f"{HOST}:{OTHER}", "-cert", authority.certificate("web", f"IP:{HOST}"),
               "-key", f"{folder}/key.pem"]
        async with Process(log, web, OTHER, HOST):
            await told("a web server that is no LiveKit server", f"wss://{HOST}:{OTHER}", "not a LiveKit server")
        await told("a port where nobody listens", f"wss://{HOST}:{NOBODY}", "cannot be reached", "refused")
        await told("a host that no way leads to", "wss://203.0.113.1", "cannot be reached", "unreachable")
        await told("a name that nobody knows", "wss://no-such-host.invalid", "not known to the name service")
    print(f"test result: {'FAILED' if judge.failed else 'ok'}. {judge.passed} passed; {judge.failed} failed;")
    return 1 if judge.failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
