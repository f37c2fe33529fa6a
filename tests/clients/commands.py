"""Commands to the daemon by LiveKit's own Python client: messages, long ones as streams, calls of its RPC, and the same request again
after the connection was lost."""

import asyncio
import json

from livekit import rtc

from stage import token, until

TOPIC, CAMERA = "artc.rpc", "camera"


class Commander:
    """A participant that commands, and keeps what it is answered by the way that it came."""

    def __init__(self):
        self.room, self.replies, self.streams, self.files, self.tasks = rtc.Room(), [], [], [], []
        self.room.on("data_received", lambda packet: packet.topic == TOPIC and self.replies.append(json.loads(packet.data)))
        self.room.register_byte_stream_handler(TOPIC, lambda reader, _: self.keep(reader, lambda text: self.streams.append(json.loads(text))))
        self.room.register_byte_stream_handler("artc.snapshot", lambda reader, _: self.keep(reader, self.files.append))

    def keep(self, reader, take):
        async def read():
            take(b"".join([chunk async for chunk in reader]))
        self.tasks.append(asyncio.ensure_future(read()))

    async def join(self, port):
        await self.room.connect(f"ws://127.0.0.1:{port}", token("app-server", "yard"))
        await until(10, lambda: CAMERA in self.room.remote_participants)
        return self

    @property
    def local(self):
        return self.room.local_participant

    async def ask(self, *requests):
        text = json.dumps(requests[0] if len(requests) == 1 else list(requests))
        await self.local.publish_data(text, reliable=True, topic=TOPIC, destination_identities=[CAMERA])

    async def answer(self, ident, within=10):
        """The answer with this id, however it came."""
        def found():
            return [one for one in self.replies + self.streams if isinstance(one, dict) and one.get("id") == ident]
        await until(within, found)
        return (found() or [{}])[0]

    async def call(self, request):
        return await self.local.perform_rpc(destination_identity=CAMERA, method=TOPIC, payload=json.dumps(request), response_timeout=10)

    async def leave(self):
        for task in self.tasks:
            task.cancel()
        await self.room.disconnect()


def request(ident, method, **params):
    return {"jsonrpc": "2.0", "id": ident, "method": method, "params": params}


async def commands(judge, daemon):
    one = await Commander().join(daemon.port)
    await one.ask(request("a", "device.info"))
    judge("a command is answered", (await one.answer("a")).get("result", {}).get("identity") == CAMERA, one.replies)

    answer = json.loads(await one.call(request("b", "device.info")))
    judge("LiveKit's RPC answers the same", answer.get("result", {}).get("identity") == CAMERA and answer["id"] == "b", answer)
    answer = json.loads(await one.call(request("c", "device.inf")))
    judge("and refuses as a message would", answer["error"]["data"]["suggestion"] == "device.info", answer)
    codes = []
    for method, payload in (("another", "{}"), (TOPIC, json.dumps(request("d", "rpc.discover")))):
        try:
            codes.append(await one.local.perform_rpc(destination_identity=CAMERA, method=method, payload=payload, response_timeout=10))
        except rtc.RpcError as error:
            codes.append(error.code)
    judge("another method is not there, and an answer that RPC does not carry is told", codes == [1400, 1504], codes)

    await one.ask(request("e", "rpc.discover"))
    document = (await one.answer("e")).get("result", {})
    judge("a long answer comes as a stream", document.get("openrpc") == "1.3.2" and len(one.streams) == 1, len(one.streams))
    await one.local.send_text(json.dumps(request("f", "stream.get")) + " " * 40_000, topic=TOPIC, destination_identities=[CAMERA])
    judge("a long command as a stream is answered", "bitrate_kbps" in (await one.answer("f")).get("result", {}), one.replies[-1:])
    await one.local.send_text(json.dumps(request("g", "stream.get")) + " " * 80_000, topic=TOPIC, destination_identities=[CAMERA])

    def refused():
        return [reply for reply in one.replies if reply.get("id") is None and reply["error"]["data"]["name"] == "message_too_large"]

    judge("one that is longer than the configuration has it is refused", await until(10, refused), one.replies[-1:])

    await one.ask(request("h", "device.info"), request("i", "stream.get"), request("j", "nothing"))
    await until(10, lambda: any(isinstance(reply, list) for reply in one.replies))
    batch = next((reply for reply in one.replies if isinstance(reply, list)), [])
    judge("a batch is answered by one message", sorted(reply["id"] for reply in batch) == ["h", "i", "j"], batch)

    await one.ask(request("k", "camera.snapshot"))
    first = await one.answer("k")
    judge("a picture is taken", await until(10, lambda: len(one.files) == 1) and first.get("result", {}).get("bytes") == len(one.files[0]), first)
    await one.leave()
    again = await Commander().join(daemon.port)
    await again.ask(request("k", "camera.snapshot"))
    second = await again.answer("k")
    judge("asked for again after a reconnection it is the same one", second == first, (first, second))
    judge("with its bytes", await until(10, lambda: again.files == one.files), [len(file) for file in again.files])
    await again.ask(request("k", "stream.key_frame"))
    judge("and its id is nobody else's", await until(10, lambda: any(
        isinstance(reply, dict) and reply.get("error", {}).get("data", {}).get("name") == "duplicate_id" for reply in again.replies)), again.replies)
    await again.leave()
