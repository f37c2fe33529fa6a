"""Hosts the vendor's SDK for artc-edge. Not a program of its own: the daemon starts it and tells it everything.

Standard input is a socket of packets, each a JSON array on one line, then bytes if it has any: calls come in, callbacks go out.
Standard output is shared memory, through which pictures and sound go. What the SDK prints goes to standard error.

The SDK's documented Python API wants its event loop pumped and no call made while that loop runs, so this program waits inside the
loop and calls outside of it; an SDK whose callbacks come on threads of its own is served as well.
"""

import asyncio
import collections
import mmap
import os
import platform
import select
import signal
import socket
import sys
import threading
import time
import traceback

from artc_api import ARGUMENTS, Sdk, Wrong, number
from artc_callbacks import handler_of
from artc_link import Link, Region, parsed

BUFFER_FULL = 0x01060106
JOIN_FAILED = 0x01030202
#: How long the reason of a refused join may take to come, and the end of an engine whose daemon is gone, in seconds.
REASON_WITHIN, RELEASE_WITHIN = 0.5, 1.0
#: Packets taken before the loop is pumped again.
AT_ONCE = 32


class Feed:
    """Media on its way into the SDK, in order. What the SDK has no room for is offered again when its own duration has passed, as
    the documents advise; or, where late is worse than never, given up."""

    def __init__(self, host, name, region, push, patient):
        self.host, self.name, self.region, self.push, self.patient = host, name, region, push, patient
        self.waiting = collections.deque()
        self.due = None
        # The SDK says that it has no room. The daemon wants to be told when no more than so many wait.
        self.full, self.tell_at = False, None

    def take(self, arguments):
        self.waiting.append(arguments)
        if self.due is None:
            self.offer()

    def offer(self):
        self.due = None
        while self.waiting:
            slot, duration, arguments = self.waiting[0]
            if self.full:
                self.due = time.monotonic() + duration
                break
            answer = self.push(slot, arguments)
            if answer == BUFFER_FULL and self.patient():
                self.due = time.monotonic() + duration
                break
            self.waiting.popleft()
            if answer == BUFFER_FULL:
                self.drop(slot)
            else:
                self.region.free(slot)
        self.tell_room()

    def tell_room(self):
        if self.tell_at is not None and len(self.waiting) <= self.tell_at:
            self.tell_at = None
            self.host.link.send("!room", [self.name])

    def drop(self, slot):
        self.region.free(slot)
        self.host.link.send("!dropped", [])


class Host:
    """One engine of the SDK."""

    def __init__(self, link, sdk, settings, memory):
        self.link, self.sdk = link, sdk
        pictures, sounds, self.seen, self.heard = (Region(memory, *region) for region in settings["memory"])
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.feeds = {
            name: Feed(self, name, region, push, patient)
            for name, region, push, patient in (
                ("!picture", pictures, self.push_picture, lambda: self.with_pts),
                ("!sound", sounds, self.push_sound, lambda: True),
            )
        }
        self.pictures, self.sounds = pictures, sounds
        self.with_pts = False
        # While a join is being asked for: the code with which the SDK refuses it.
        self.asking, self.refusal = False, None
        self.told = {}
        low, high = settings["ports"]
        handler = handler_of(self, sdk.handler)
        self.engine = sdk.create(handler, low, high, settings["log"], settings["service"], settings["h5mode"], settings["extra"])
        sdk.methods(self.engine)

    # --- The loop ---

    def pump(self, seconds, until_packet=True):
        """Lets the SDK's loop run until a packet comes, or for so long."""
        timer = None if seconds is None else self.loop.call_later(seconds, self.loop.stop)
        # Only while nothing else runs the loop: the SDK's own calls may, and must not be stopped.
        if until_packet:
            self.loop.add_reader(self.link.socket.fileno(), self.loop.stop)
        self.loop.run_forever()
        if until_packet:
            self.loop.remove_reader(self.link.socket.fileno())
        if timer:
            timer.cancel()

    def serve(self):
        """Until the daemon asks for the end or is gone (`EOFError`)."""
        while True:
            due = [feed.due for feed in self.feeds.values() if feed.due is not None]
            self.pump(max(0.0, min(due) - time.monotonic()) if due else None)
            for name, arguments, tail in self.packets():
                if name in self.feeds:
                    self.feeds[name].take(arguments)
                elif name == "!tell_room":
                    feed = self.feeds[arguments[0]]
                    feed.tell_at = arguments[1]
                    feed.tell_room()
                elif name == "!ping":
                    self.link.send("!pong", [])
                else:
                    self.call(name, arguments, tail)
            for feed in self.feeds.values():
                if feed.due is not None and feed.due <= time.monotonic():
                    feed.offer()

    def packets(self):
        """What has come. Of pictures that wait the newest wins, unless each has a time at which it is to be shown."""
        found = []
        try:
            while len(found) < AT_ONCE:
                found.append(self.whole(self.link.receive(socket.MSG_DONTWAIT)))
        except BlockingIOError:
            pass
        if self.with_pts:
            return found
        newest = {arguments[2][0]: index for index, (name, arguments, _) in enumerate(found) if name == "!picture"}
        kept = []
        for index, packet in enumerate(found):
            if packet[0] == "!picture" and newest[packet[1][2][0]] != index:
                self.feeds["!picture"].drop(packet[1][0])
            else:
                kept.append(packet)
        return kept

    def whole(self, packet):
        """The packet itself, where it was too long for the socket."""
        if packet[0] != "!long":
            return packet
        slot, length = packet[1]
        content = self.pictures.bytes(slot, length)
        self.pictures.free(slot)
        return parsed(content)

    # --- Calls ---

    def ask(self, method, arguments):
        """What the SDK answers; None when it raised."""
        try:
            kinds = ARGUMENTS[method]
            made = [self.sdk.make(kinds.get(index), one) for index, one in enumerate(arguments)]
            answer = getattr(self.engine, method)(*made)
            return 0 if answer is None else number(answer)
        except Exception as error:
            # Not the arguments: one of them may be a token.
            self.complain(method, "%s: %s" % (type(error).__name__, error))
            return None

    def complain(self, method, why):
        if self.told.get(method) != why:
            self.told[method] = why
            self.link.send("!refused", [method, why])

    def call(self, method, arguments, tail):
        if method == "SendMediaExtensionMsg":
            arguments = [tail, len(tail), *arguments]
        elif method == "SendDataChannelMessage":
            arguments = [{**arguments[0], "data": tail, "dataLen": len(tail)}]
        elif method == "JoinChannel":
            return self.join(arguments)
        elif method == "Release":
            raise EOFError
        answer = self.ask(method, arguments)
        if method == "LeaveChannel":
            self.room_for_all()
        if method == "LeaveChannel" and answer != 0:
            self.link.send("OnLeaveChannelResult", [-1 if answer is None else answer])
        elif answer is not None and answer < 0:
            self.complain(method, "the answer is %d" % answer)
        elif answer is not None:
            self.told.pop(method, None)

    def join(self, arguments):
        self.with_pts = arguments[4]["publishAvsyncMode"] == 1
        self.room_for_all()
        self.asking, self.refusal = True, None
        answer = self.ask("JoinChannel", arguments)
        if answer is None or answer < 0:
            # The reason comes by OnError, before the answer or shortly after it.
            until = time.monotonic() + REASON_WITHIN
            while self.refusal is None and time.monotonic() < until:
                self.pump(0.01, until_packet=False)
            self.asking = False
            code = JOIN_FAILED if self.refusal is None else self.refusal
            self.link.send("OnJoinChannelResult", [code, arguments[1], arguments[2]])
            return
        self.asking = False
        if self.refusal is not None:
            self.link.send("OnError", [self.refusal])

    def error(self, code):
        if self.asking and (code >> 16 == 0x0201 or code in (0x01020204, 0x01030101, JOIN_FAILED, 0x01030302)):
            self.refusal = code
        else:
            self.link.send("OnError", [code])

    # --- Media ---

    def full(self, feed, callback, is_full):
        """The SDK has no room, or has it again. In the mode WithPts more waits here, and the daemon is told of the whole."""
        if self.with_pts:
            self.feeds[feed].full = is_full
        else:
            self.link.send(callback, [is_full])

    def room_for_all(self):
        for feed in self.feeds.values():
            feed.full = False

    def push_picture(self, slot, arguments):
        source, sample = arguments
        sample["data"] = self.pictures.bytes(slot, sample["dataLen"])
        return self.pushed("PushExternalVideoFrame", [sample, source])

    def push_sound(self, slot, arguments):
        length, timestamp = arguments
        return self.pushed("PushExternalAudioFrameRawData", [self.sounds.bytes(slot, length), length, timestamp])

    def pushed(self, method, arguments):
        answer = self.ask(method, arguments)
        if answer is not None and answer < 0:
            self.complain(method, "the answer is %d" % answer)
        elif answer == 0:
            self.told.pop(method, None)
        return answer

    def picture(self, name, uid, frame):
        one = frame.frame
        slot = self.seen.give(one.buf_, one.bufSize_)
        if slot is None:
            return self.link.send("!dropped", [])
        vectors = [list(pair)[:2] for pair in one.mv_infos or []]
        facts = [one.frame_ms_, one.frame_num_, one.width, one.height, one.qp, vectors, one.slice_type]
        self.link.send(name, [uid, [slot, one.bufSize_, number(frame.track), number(frame.type), facts]])

    def sound(self, name, who, frame):
        kind = number(frame.type)
        if kind == 0:
            one = frame.pcm
            data, size, samples, stream = one.pcmBuf_, one.pcmBufSize_, one.samples_, one.streamIndex_
        else:
            one = frame.aac
            data, size, samples, stream = one.aacBuf_, one.aacBufSize_, 0, 0
        slot = self.heard.give(data, size)
        if slot is None:
            return self.link.send("!dropped", [])
        self.link.send(name, [*who, [slot, size, kind, one.frame_ms_, one.channels_, one.sample_rates_, samples, stream]])


def end():
    """Ends this process and whatever the SDK started."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def watch(fd):
    """Ends everything when the daemon is gone, also while the SDK hangs in a call."""
    poll = select.poll()
    poll.register(fd, 0)
    poll.poll()
    time.sleep(RELEASE_WITHIN)
    end()


def main():
    link, memory = Link(os.dup(0)), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _, settings, _ = link.receive()
    threading.Thread(target=watch, args=(link.socket.fileno(),), daemon=True).start()
    here = "python %s (%s), %s" % (platform.python_version(), sys.executable, platform.machine())
    sdk = None
    try:
        try:
            sdk = Sdk(settings["folders"])
            if settings["look"]:
                return link.send("!ready", [[*sdk.found, here]])
            host = Host(link, sdk, settings, mmap.mmap(memory, settings["size"]))
        except Wrong:
            raise
        except Exception as error:
            traceback.print_exc()
            raise Wrong("CreateAliRTCEngine raised %s: %s" % (type(error).__name__, error))
    except Wrong as wrong:
        return link.send("!wrong", [str(wrong), here])
    link.send("!ready", [[*sdk.found, here]])
    try:
        host.serve()
    except EOFError:
        host.ask("Release", [])


main()
end()
