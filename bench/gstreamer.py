#!/usr/bin/env python3
"""The baseline of the latency rows: GStreamer's OpenH264 encoder and webrtcbin, showing the same barcoded pictures.

OpenH264 and not x264, although x264enc is the commoner name: as it comes, x264enc looks ahead and uses B-frames, which costs more than
a second and would be no baseline; openh264enc has neither, and is the library that the daemon uses. Rate and complexity are set as the
daemon sets them; everything else, and all of webrtcbin, is as it comes.

Pictures are pushed into the pipeline at their time, with that time in their barcode, as the daemon's own pattern has it. With
--playout-delay each packet gets that header extension with 0 to 0 ms, as the daemon sends it in [stream] latency = "live".

usage: gstreamer.py PICTURES WIDTH HEIGHT FPS BITRATE_KBPS [--playout-delay]
"""
import binascii
import http.server
import json
import pathlib
import struct
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstApp, GstSdp, GstWebRTC  # noqa: E402, F401

Gst.init(None)
pictures = pathlib.Path(sys.argv[1]).read_bytes()
width, height, fps, kbps = int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
playout_delay = "--playout-delay" in sys.argv
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
page = pathlib.Path(__file__).with_name("gstreamer.html").read_bytes()
size = width * height * 3 // 2
rate = f"{round(fps * 1000)}/1000"

pipeline = None
loop = GLib.MainLoop()
extension_id = 0


def make(payload):
    """The pipeline, sending as the browser's payload type."""
    rewritten = (
        " ! appsink name=packets emit-signals=true sync=false max-buffers=0"
        " appsrc name=again is-live=true format=time"
    )
    caps = f"application/x-rtp,media=video,encoding-name=H264,payload={payload},clock-rate=90000"
    return Gst.parse_launch(
        "appsrc name=pictures is-live=true do-timestamp=true format=time"
        f" caps=video/x-raw,format=I420,width={width},height={height},framerate={rate}"
        f" ! openh264enc bitrate={kbps * 1000} rate-control=bitrate usage-type=camera complexity=low"
        " ! video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1"
        f" ! rtph264pay aggregate-mode=zero-latency pt={payload}{rewritten if playout_delay else ''}"
        f" ! {caps} ! webrtcbin name=web bundle-policy=max-bundle"
    )


def stamp(counter, seconds):
    """The upper rows of the picture, as crates/media/src/barcode.rs says."""
    ticks = int(seconds * 10_000)
    payload = struct.pack(">Q", (counter & 0xFFFFFF) << 40 | ticks & (1 << 40) - 1)
    bits = int.from_bytes(payload + struct.pack(">H", binascii.crc_hqx(payload, 0xFFFF)), "big")
    rows = []
    for row in range(2):
        line = b""
        for column in range(40):
            cell = bits >> (79 - row * 40 - column) & 1
            line += bytes([235 if cell else 16]) * ((column + 1) * width // 40 - column * width // 40)
        rows.append(line * ((row + 1) * width // 40 - row * width // 40))
    return b"".join(rows)


def feed():
    source = pipeline.get_by_name("pictures")
    whole = [pictures[at:at + size] for at in range(0, len(pictures), size)]
    start, count = time.monotonic(), 0
    while True:
        due = start + count / fps
        late = time.monotonic() - due
        if late < 0:
            time.sleep(-late)
        elif late > 1 / fps:
            count += int(late * fps)
            continue
        strip = stamp(count, due)
        source.push_buffer(Gst.Buffer.new_wrapped(strip + whole[count % len(whole)][len(strip):]))
        count += 1


def with_extension(packet):
    """The RTP packet with the playout-delay extension, 0 to 0 ms (one-byte form, RFC 8285)."""
    head, rest = packet[:12 + 4 * (packet[0] & 15)], packet[12 + 4 * (packet[0] & 15):]
    mine = bytes([extension_id << 4 | 2, 0, 0, 0])
    if packet[0] & 0x10:
        profile, words = struct.unpack(">HH", rest[:4])
        return head + struct.pack(">HH", profile, words + 1) + mine + rest[4:]
    return bytes([head[0] | 0x10]) + head[1:] + struct.pack(">HH", 0xBEDE, 1) + mine + rest


def pass_on(sink):
    sample = sink.emit("pull-sample")
    again, buffer = pipeline.get_by_name("again"), sample.get_buffer()
    if again.get_property("caps") is None:
        again.set_property("caps", sample.get_caps())
    ok, mapped = buffer.map(Gst.MapFlags.READ)
    if ok:
        copy = Gst.Buffer.new_wrapped(with_extension(bytes(mapped.data)))
        buffer.unmap(mapped)
        copy.pts, copy.dts = buffer.pts, buffer.dts
        again.push_buffer(copy)
    return Gst.FlowReturn.OK


def answer(offer):
    """The answer to a browser's offer, with all candidates in it."""
    global extension_id, pipeline
    gathered = threading.Event()
    payload = next(line.split(":")[1].split()[0] for line in offer.splitlines() if line.startswith("a=rtpmap:") and "H264/90000" in line)
    pipeline = make(payload)
    web = pipeline.get_by_name("web")
    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message::error", on_error)
    for line in offer.splitlines():
        if line.startswith("a=extmap:") and PLAYOUT_DELAY in line:
            extension_id = int(line[len("a=extmap:"):].split()[0].split("/")[0])
    if playout_delay:
        pipeline.get_by_name("packets").connect("new-sample", pass_on)

    def on_gathering(element, _):
        if element.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            gathered.set()

    web.connect("notify::ice-gathering-state", on_gathering)
    pipeline.set_state(Gst.State.PLAYING)
    threading.Thread(target=feed, daemon=True).start()
    _, message = GstSdp.SDPMessage.new_from_text(offer)
    promise = Gst.Promise.new()
    web.emit("set-remote-description", GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message), promise)
    promise.wait()

    # The reply owns the answer: it must live until the answer was used.
    promise = Gst.Promise.new()
    web.emit("create-answer", None, promise)
    promise.wait()
    reply = promise.get_reply()
    description = reply.get_value("answer")
    web.emit("set-local-description", description, None)
    gathered.wait(5)
    sdp = web.get_property("local-description").sdp.as_text()
    if playout_delay and PLAYOUT_DELAY not in sdp:
        end = sdp.index("\r\n", sdp.index("m=video")) + 2
        # Media-level attributes stand behind the connection line.
        end = sdp.index("\r\n", sdp.index("c=IN", end)) + 2
        sdp = f"{sdp[:end]}a=extmap:{extension_id} {PLAYOUT_DELAY}\r\n{sdp[end:]}"
    return sdp


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply("text/html; charset=utf-8", page)

    def do_POST(self):
        offer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["sdp"]
        self.reply("application/json", json.dumps({"type": "answer", "sdp": answer(offer)}).encode())

    def reply(self, kind, body):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def on_error(_, message):
    print(message.parse_error(), file=sys.stderr, flush=True)
    loop.quit()


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
loop.run()
