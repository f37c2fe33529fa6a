"""What strangers may say to the room over HTTP and websockets, and what they are answered. Used by on_room.py."""

import asyncio
import datetime
import json
import os
import ssl
import tempfile
import time

import aiohttp
import jwt
from livekit.protocol import models, room as requests, rtc as signals

from stage import KEY, SECRET

JSON, PROTOBUF = {"Content-Type": "application/json"}, {"Content-Type": "application/protobuf"}
PATIENCE = 20


def token(identity="", secret=SECRET, ttl=600, late=0, **grants):
    """Any token, good or bad, `late` seconds after it was made."""
    now = int(time.time()) - late
    claims = {"iss": KEY, "sub": identity, "nbf": now, "exp": now + ttl, "video": grants}
    return jwt.encode(claims, secret, algorithm="HS256")


def joins(identity):
    return token(identity, room="yard", roomJoin=True, canUpdateOwnMetadata=True)


async def join(web, room, made):
    socket = await web.ws_connect(
        f"{room.url}/rtc?protocol=16&auto_subscribe=1", headers={"Authorization": f"Bearer {made}"}, max_msg_size=0)
    await say(socket, "join")
    return socket


async def say(socket, wanted):
    """Reads on to a message of a kind; gives it, or how the server closed."""
    while True:
        message = await socket.receive(PATIENCE)
        if message.type != aiohttp.WSMsgType.BINARY:
            return message
        response = signals.SignalResponse.FromString(message.data)
        if response.WhichOneof("message") == wanted:
            return response


async def rest(socket):
    """Reads on to the end; gives what came, and the reason of the close."""
    came = []
    while True:
        message = await socket.receive(PATIENCE)
        if message.type != aiohttp.WSMsgType.BINARY:
            return came, message.extra
        came.append(signals.SignalResponse.FromString(message.data))


def ping():
    return signals.SignalRequest(ping_req=signals.Ping(timestamp=1)).SerializeToString()


async def story(judge, room):
    async with aiohttp.ClientSession() as web:
        await service(judge, room, web)
        await doors(judge, room, web)
        await noise(judge, room, web)
    await tls(judge, room)


async def service(judge, room, web):
    anna = await join(web, room, joins("anna"))
    admin = token(room="yard", roomAdmin=True, roomList=True, roomCreate=True)

    async def call(method, made, headers, body, service="livekit.RoomService"):
        bearer = {"Authorization": f"Bearer {made}"} if made else {}
        async with web.post(f"{room.url}/twirp/{service}/{method}", data=body, headers=headers | bearer) as reply:
            return reply.status, reply.content_type, await reply.read()

    status, kind, body = await call("ListRooms", admin, JSON, b'{"names":["yard"]}')
    judge("RoomService speaks JSON", (status, kind) == (200, "application/json") and b'"numParticipants":1' in body, body)
    asked = requests.ListParticipantsRequest(room="yard").SerializeToString()
    status, kind, body = await call("ListParticipants", admin, PROTOBUF, asked)
    people = requests.ListParticipantsResponse.FromString(body).participants if status == 200 else []
    judge("and protobuf", kind == "application/protobuf" and [p.identity for p in people] == ["anna"], body)

    somebody, member = b'{"room":"yard","identity":"nobody"}', joins("anna")
    other = token(room="garden", roomAdmin=True)
    for method, made, headers, body, wanted, code, words in [
        ("ListRooms", None, JSON, b"{}", 401, "unauthenticated", "access token missing"),
        ("ListRooms", "nonsense", JSON, b"{}", 401, "unauthenticated", "not a JWT"),
        ("ListRooms", member, JSON, b"{}", 403, "permission_denied", "`roomList`"),
        ("DeleteRoom", member, JSON, somebody, 403, "permission_denied", "`roomCreate`"),
        ("ListParticipants", member, JSON, somebody, 403, "permission_denied", "`roomAdmin`"),
        ("RemoveParticipant", other, JSON, somebody, 403, "permission_denied", '"garden"'),
        ("GetParticipant", admin, JSON, somebody, 404, "not_found", '"nobody"'),
        ("OpenTheDoor", admin, JSON, b"{}", 404, "bad_route", '"OpenTheDoor"'),
        ("MoveParticipant", admin, JSON, b"{}", 501, "unimplemented", "MoveParticipant"),
        ("ListRooms", admin, JSON, b'{"names":', 400, "malformed", "EOF"),
        ("ListRooms", admin, PROTOBUF, b"\xff\xff", 400, "malformed", ""),
        ("ListRooms", admin, {"Content-Type": "text/plain"}, b"{}", 404, "bad_route", "application/json"),
    ]:
        status, _kind, said = await call(method, made, headers, body)
        try:
            failure = json.loads(said)
        except ValueError:
            failure = {}
        judge(f"{method} is refused as {code}", status == wanted and failure.get("code") == code and words in failure.get("msg", "")
              and not (made and made.encode() in said), (status, said))
    status, _kind, said = await call("ListEgress", admin, JSON, b"{}", "livekit.Egress")
    judge("another service is not there", status == 404, (status, said))
    status, _kind, said = await call("SendData", admin, JSON, b" " * (256 * 1024 + 1))
    judge("a body that is too long is refused", status == 413, (status, said))
    status, _kind, said = await call("RemoveParticipant", admin, JSON, b'{"room":"yard","identity":"anna"}')
    came, _reason = await rest(anna)
    reasons = [message.leave.reason for message in came if message.WhichOneof("message") == "leave"]
    judge("who is removed is told why", status == 200 and reasons == [models.DisconnectReason.PARTICIPANT_REMOVED], (status, reasons))


async def doors(judge, room, web):
    """Tokens that are no good: the same words before the websocket and instead of it."""
    yard = {"room": "yard", "roomJoin": True}
    for what, made, words in [
        ("no token", "", "access token missing"),
        ("an expired token", token("x", late=3600, **yard), "expired"),
        ("a token of the future", token("x", late=-3600, **yard), "compare the clocks"),
        ("a forged token", token("x", secret="another-secret-that-is-as-long-as-it", **yard), "forged, or the secret changed"),
        ("a token without the right to join", token("x", room="yard"), "`roomJoin` is missing"),
        ("a token of nobody", token("", **yard), "identity is empty"),
    ]:
        async with web.get(f"{room.url}/rtc/validate", params={"access_token": made}) as reply:
            said, origin = await reply.text(), reply.headers.get("Access-Control-Allow-Origin")
            judge(f"{what} is told as such, to pages of any origin", (reply.status, origin) == (401, "*") and words in said, said)
        try:
            await web.ws_connect(f"{room.url}/rtc", params={"access_token": made})
            status = 101
        except aiohttp.WSServerHandshakeError as refused:
            status = refused.status
        judge(f"and opens no websocket ({what})", status == 401, status)
    async with web.get(f"{room.url}/rtc/validate", params={"access_token": joins("anna")}) as reply:
        judge("a good token is told as such", (reply.status, await reply.text()) == (200, "success"))
    for what, path, headers, body, wanted in [
        ("of another room", "/whip/garden", {"Content-Type": "application/sdp"}, b"v=0", 403),
        ("of another type", "/whip/yard", {"Content-Type": "text/html"}, b"v=0", 415),
        ("that is no SDP", "/whip/yard", {"Content-Type": "application/sdp"}, b"hello", 400),
        ("that is no text", "/whip/yard", {"Content-Type": "application/sdp"}, b"\xff\xfe", 400),
        ("of what nobody publishes", "/whep/yard/nobody", {"Content-Type": "application/sdp"}, b"v=0", 404),
    ]:
        async with web.post(room.url + path, data=body, headers=headers | {"Authorization": f"Bearer {joins('anna')}"}) as reply:
            judge(f"an offer {what} is answered {wanted}", reply.status == wanted and await reply.text(), reply.status)
    async with web.options(f"{room.url}/whip/yard") as reply:
        judge("a browser may ask before it posts", (reply.status, reply.headers.get("Access-Control-Allow-Origin")) == (204, "*"))


async def noise(judge, room, web):
    bystander = await join(web, room, joins("bystander"))

    noisy = await join(web, room, joins("noisy"))
    for _ in range(10):
        await noisy.send_bytes(b"\xff" * 40)
    judge("garbage ends the connection", (await rest(noisy))[1] == "not LiveKit messages")
    text = await join(web, room, joins("text"))
    await text.send_str('{"hello":1}')
    judge("and so does text", (await rest(text))[1] == "this server speaks binary protobuf")
    large = await join(web, room, joins("large"))
    await large.send_bytes(bytes(256 * 1024 + 1))
    await rest(large)
    judge("and a frame that is too long", large.closed)
    flood = await join(web, room, joins("flood"))
    sent = 0
    try:
        while sent < 20_000:
            await flood.send_bytes(ping())
            sent += 1
    except (ConnectionError, aiohttp.ClientError):
        pass
    _came, reason = await rest(flood)
    # Whoever still sends when the server closes may lose the reason to a reset.
    judge("and a flood of messages", flood.closed and reason in ("too many messages", "", None), reason)

    first, second = await join(web, room, joins("twin")), await join(web, room, joins("twin"))
    came, _reason = await rest(first)
    reasons = [message.leave.reason for message in came if message.WhichOneof("message") == "leave"]
    judge("the same identity again takes the place of the earlier", reasons == [models.DisconnectReason.DUPLICATE_IDENTITY], reasons)
    await second.send_bytes(ping())
    judge("and is served", isinstance(await say(second, "pong_resp"), signals.SignalResponse))
    await second.close()

    await bystander.send_bytes(ping())
    judge("a bystander is served all the time", isinstance(await say(bystander, "pong_resp"), signals.SignalResponse))
    await bystander.close()

    # Says its part only when its own words have come back, so that it reads as fast as it speaks; `slow` reads nothing.
    slow = await join(web, room, joins("slow"))
    slow._reader._protocol.pause_reading()

    async def talk(name):
        socket = await join(web, room, joins(name))
        for number in range(400):
            update = signals.UpdateParticipantMetadata(metadata="x" * 60_000, attributes={"number": str(number)})
            await socket.send_bytes(signals.SignalRequest(update_metadata=update).SerializeToString())
            while True:
                heard = await say(socket, "update")
                if not isinstance(heard, signals.SignalResponse):
                    return False
                if any(p.identity == name and p.attributes.get("number") == str(number) for p in heard.update.participants):
                    break
        await socket.close()
        return True

    said = await asyncio.gather(talk("one"), talk("two"), talk("three"))
    judge("a client that reads nothing holds nobody up", all(said), said)
    slow._reader._protocol.resume_reading()
    came, reason = await rest(slow)
    judge("and is given up before too much waits for it", slow.closed and len(came) < 1200, (len(came), reason))


async def tls(judge, room):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True).sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    with tempfile.TemporaryDirectory() as folder:
        cert_file, key_file = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        with open(cert_file, "wb") as file:
            file.write(certificate.public_bytes(pem))
        with open(key_file, "wb") as file:
            file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        trust = ssl.create_default_context(cafile=cert_file)
        async with type(room)(room.command[0], folder, more=("--tls-cert", cert_file, "--tls-key", key_file)) as secured:
            url = f"https://localhost:{secured.port}"
            async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as web:
                async with web.get(f"{url}/rtc/validate", params={"access_token": joins("anna")}) as reply:
                    judge("with a certificate the room speaks https", (reply.status, await reply.text()) == (200, "success"))
                secured.url = url
                socket = await join(web, secured, joins("anna"))
                judge("and wss", not socket.closed)
                await socket.close()
            async with aiohttp.ClientSession() as web:
                try:
                    async with web.get(f"http://127.0.0.1:{secured.port}/rtc/validate") as reply:
                        said = reply.status
                except aiohttp.ClientError:
                    said = None
                judge("and nothing in clear", said is None, said)
