#!/usr/bin/env python3
"""The baseline of the latency rows: GStreamer's encoder and webrtcbin, as they come, showing the same barcoded pictures.

Reads I420 frames on standard input, encodes with openh264enc, sends with webrtcbin to the one page that it serves.
The page's script is the same probe that measures the daemon. Prints its address as one line.

usage: frames | gstreamer.py WIDTH HEIGHT FPS_NUMERATOR FPS_DENOMINATOR BITRATE_KBPS [--playout-delay]
"""
import http.server
import json
import pathlib
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

Gst.init(None)
width, height, numerator, denominator, kbps = (int(word) for word in sys.argv[1:6])
playout_delay = "--playout-delay" in sys.argv
PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
page = pathlib.Path(__file__).with_name("gstreamer.html").read_bytes()

pipeline = Gst.parse_launch(
    f"fdsrc fd=0 blocksize={width * height * 3 // 2} do-timestamp=true"
    f" ! rawvideoparse format=i420 width={width} height={height} framerate={numerator}/{denominator}"
    " ! queue max-size-buffers=2 leaky=downstream"
    f" ! openh264enc bitrate={kbps * 1000} usage-type=camera complexity=low rate-control=bitrate gop-size=3000 name=encoder"
    " ! video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1"
    " ! rtph264pay name=pay aggregate-mode=zero-latency mtu=1200"
    " ! application/x-rtp,media=video,encoding-name=H264,payload=96"
    " ! webrtcbin name=web bundle-policy=max-bundle latency=0"
)
web = pipeline.get_by_name("web")


def add_playout_delay(pad, info):
    """The header extension with 0 to 0 ms, as the daemon sends it in [stream] latency = "live"."""
    buffer = info.get_buffer()
    from gi.repository import GstRtp

    ok, rtp = GstRtp.RTPBuffer.map(buffer, Gst.MapFlags.WRITE)
    if ok:
        rtp.add_extension_onebyte_header(extension_id, bytes(3))
        rtp.unmap()
    return Gst.PadProbeReturn.OK


extension_id = 0


def answer(offer: str) -> str:
    """The answer to a browser's offer, with all candidates in it."""
    global extension_id
    done = threading.Event()
    gathered = threading.Event()
    if playout_delay:
        for line in offer.splitlines():
            if line.startswith("a=extmap:") and PLAYOUT_DELAY_URI in line:
                extension_id = int(line[len("a=extmap:"):].split()[0].split("/")[0])
        gi.require_version("GstRtp", "1.0")
        pay = pipeline.get_by_name("pay")
        pay.get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, add_playout_delay)

    def on_gathering(element, _):
        if element.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            gathered.set()

    web.connect("notify::ice-gathering-state", on_gathering)
    pipeline.set_state(Gst.State.PLAYING)
    _, message = GstSdp.SDPMessage.new_from_text(offer)
    description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
    promise = Gst.Promise.new()
    web.emit("set-remote-description", description, promise)
    promise.wait()

    def on_answer(promise, _):
        local = promise.get_reply().get_value("answer")
        web.emit("set-local-description", local, Gst.Promise.new())
        done.set()

    web.emit("create-answer", None, Gst.Promise.new_with_change_func(on_answer, None))
    done.wait(5)
    gathered.wait(5)
    sdp = web.get_property("local-description").sdp.as_text()
    if playout_delay and PLAYOUT_DELAY_URI not in sdp:
        video = sdp.index("m=video")
        end = sdp.index("\r\n", video) + 2
        sdp = f"{sdp[:end]}a=extmap:{extension_id} {PLAYOUT_DELAY_URI}\r\n{sdp[end:]}"
    return sdp


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page)

    def do_POST(self):
        offer = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["sdp"]
        body = json.dumps({"type": "answer", "sdp": answer(offer)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{server.server_port}/", flush=True)
try:
    GLib.MainLoop().run()
except KeyboardInterrupt:
    pass
