"""The modules in a real room: the quick start's lines, a pair that exchanges everything, tokens, and how callbacks come."""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import numpy
from AliRTCEngine import *
from rooms import APP, PATIENCE, Listener, Pusher, Room, automatic, create, i420, token

QUICK_START = Path(__file__).parents[2] / "examples/python/quick_start.py"
SWITCHES = '{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}'


def setUpModule():
    global ROOM
    ROOM = Room()
    ROOM.__enter__()
    unittest.addModuleCleanup(ROOM.__exit__)


@contextlib.contextmanager
def joined(channel, user, config=None, sources=True, shape=lambda data: data, luma=200, **extra):
    """An engine in a channel that publishes; its listener and its pusher."""
    listener = Listener()
    engine = create(ROOM.url, listener, **extra)
    try:
        if sources:
            engine.SetExternalVideoSource(True, VideoSource.VideoSourceCamera, RenderMode.RenderModeFill)
            engine.SetExternalAudioSource(True, 16000, 1)
        engine.SetParameter(SWITCHES)
        engine.SetClientRole(AliEngineClientRole.AliEngineClientRoleInteractive)
        answer = engine.JoinChannel(token(engine, channel, user), channel, user, user.upper(), config or automatic())
        assert answer == 0
        assert listener.wait("OnJoinChannelResult") == (0, channel, user)
        with Pusher(engine, luma, shape) if sources else contextlib.nullcontext() as pusher:
            yield engine, listener, pusher
    finally:
        engine.Release()


def published(old, new, *_):
    return (old, new) == (2, 3)


class QuickStart(unittest.TestCase):
    def test_it_prints_the_documents_lines_in_their_order(self):
        environment = dict(os.environ, ARTC_OPEN_URL=ROOM.url)
        command = [sys.executable, str(QUICK_START), "--app", APP, "--key-file", ROOM.key_file, "--seconds", "600"]
        program = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = []
        more = threading.Condition()

        def read():
            for line in program.stdout:
                with more:
                    lines.append(line.rstrip("\n"))
                    more.notify_all()

        reader = threading.Thread(target=read)
        reader.start()

        def wait_for(text):
            with more:
                came = more.wait_for(lambda: any(text in line for line in lines), PATIENCE)
            self.assertTrue(came, "%r was not printed, but:\n%s" % (text, "\n".join(lines)))

        try:
            wait_for("video publish state changed, oldState: 2, newState: 3")
            wait_for("audio publish state changed, oldState: 2, newState: 3")
            with joined("12301", "web"):
                wait_for("video subscribe state of web, oldState: 2, newState: 3")
                wait_for("audio subscribe state of web, oldState: 2, newState: 3")
                seen = len(lines)
            program.send_signal(2)
            self.assertEqual(program.wait(PATIENCE), 0, program.stderr.read())
        finally:
            program.kill()
            reader.join()
            program.stdout.close()
            program.stderr.close()
        wanted = """[Python] on join channel result. Channel: 12301, user: linux, result: 0
[Python] on audio publish state changed, oldState: 0, newState: 2
[Python] on video publish state changed, oldState: 0, newState: 2
[Python] on audio publish state changed, oldState: 2, newState: 3
[Python] on video publish state changed, oldState: 2, newState: 3
[Python] on remote user online: web
[Python] on audio subscribe state of web, oldState: 0, newState: 2
[Python] on video subscribe state of web, oldState: 0, newState: 2
[Python] on audio subscribe state of web, oldState: 2, newState: 3
[Python] on video subscribe state of web, oldState: 2, newState: 3"""
        self.assertEqual("\n".join(lines[:seen]), wanted)
        self.assertIn("[Python] on leave channel result: 0", lines[seen:])


class Pair(unittest.TestCase):
    def test_pictures_sound_sei_and_messages_go_both_ways(self):
        both = VideoTranscodingCodec.VideoTranscodingCodecBothYuvAndH264.value
        numbers = lambda data: numpy.frombuffer(data, numpy.uint8)
        with joined("pair", "one", luma=200, shape=bytearray) as (one, of_one, _), joined(
            "pair", "two", luma=60, shape=numbers, user_specified_video_observer_codec=both
        ) as (two, of_two, pusher):
            for listener, other, luma in ((of_one, "two", 60), (of_two, "one", 200)):
                listener.wait("OnRemoteUserOnLineNotify", lambda uid: uid == other)
                uid, picture = listener.wait("OnRemoteVideoSample", lambda uid, _: uid == other)
                frame = picture.frame
                self.assertIs(type(frame.buf_), bytes)
                self.assertEqual(len(frame.buf_), frame.bufSize_)
                self.assertEqual(frame.bufSize_, frame.width * frame.height * 3 // 2)
                self.assertAlmostEqual(frame.buf_[frame.width * frame.height // 2], luma, delta=12)
                loud = lambda uid, frame: max(numpy.abs(numpy.frombuffer(frame.pcm.pcmBuf_, "<i2").astype(int))) > 2000
                uid, sound = listener.wait("OnSubscribeAudioFrame", loud)
                pcm = sound.pcm
                self.assertEqual((uid, sound.type, pcm.sample_bits_), (other, AudioFrameType.AudioFrameRawPcm, 16))
                self.assertEqual(pcm.pcmBufSize_, pcm.samples_ * pcm.channels_ * 2)
                self.assertEqual(pcm.pcmBufSize_, len(pcm.pcmBuf_))
                listener.wait("OnVideoPublishStateChanged", published)
            uid, coded = of_two.wait("OnRemoteVideoEncodedSample")
            self.assertEqual((uid, coded.type), ("one", VideoFrameType.VideoFrameH264Nalu))
            self.assertRegex(coded.frame.buf_[:4], rb"\x00\x00\x00?\x01")

            longest = bytes(n % 251 for n in range(4096))
            self.assertEqual(one.SendMediaExtensionMsg(longest, len(longest), 3, 0, False), 0)
            self.assertEqual(of_two.wait("OnMediaExtensionMsgReceived"), ("one", longest, 4096))
            self.assertEqual(two.SendMediaExtensionMsg(memoryview(b"answer!"), 6, 3, 0, False), 0)
            self.assertEqual(of_one.wait("OnMediaExtensionMsgReceived"), ("two", b"answer", 6))

            msg = AliEngineDataChannelMsg()
            msg.type = AliEngineDataMsgType.AliEngineDataChannelCustom
            msg.data, msg.networkTime, msg.progress = "This is data channel message".encode(), 2**40, 0
            msg.dataLen = len(msg.data)
            self.assertEqual(one.SendDataChannelMessage(msg), 0)
            uid, came = of_two.wait("OnDataChannelMsg")
            self.assertEqual((uid, came.data, came.dataLen), ("one", msg.data, msg.dataLen))
            self.assertEqual((came.type, came.networkTime), (msg.type, 2**40))

            self.assertEqual(set(pusher.answers), {0})
            self.assertEqual(one.LeaveChannel(), 0)
            self.assertEqual(of_one.wait("OnLeaveChannelResult"), (0,))
            of_two.wait("OnRemoteUserOffLineNotify", lambda uid: uid == "one")

    def test_mixed_sound_comes_from_the_join_on_in_an_empty_channel(self):
        config = automatic()
        config.subscribeAudioFormat = AudioFormat.AudioFormatMixedPcm
        with joined("empty", "alone", config, sources=False) as (_, listener, _):
            (frame,) = listener.wait("OnSubscribeMixAudioFrame")
            self.assertEqual(set(frame.pcm.pcmBuf_), {0})

    def test_1080p_is_taken_from_every_kind_of_buffer(self):
        with joined("large", "cam", sources=False) as (engine, listener, _):
            engine.SetExternalVideoSource(True, VideoSource.VideoSourceCamera, RenderMode.RenderModeAuto)
            sample = i420(1920, 1080)
            for data in (sample.data, bytearray(sample.data), memoryview(sample.data), numpy.frombuffer(sample.data, "<u4")):
                sample.data = data
                self.assertEqual(engine.PushExternalVideoFrame(sample, VideoSource.VideoSourceCamera), 0)


class Tokens(unittest.TestCase):
    def result(self, channel="yard", user="cam", **made):
        listener = Listener()
        engine = create(ROOM.url, listener)
        try:
            engine.JoinChannel(token(engine, channel, user, **made), channel, user, "", automatic())
            return listener.wait("OnJoinChannelResult")
        finally:
            engine.Release()

    def test_expired_forged_and_foreign_tokens_are_refused_by_number(self):
        self.assertEqual(self.result(), (0, "yard", "cam"))
        self.assertEqual(self.result(seconds=-60)[0], ERROR_CODE.ERR_JOIN_BAD_TOKEN)
        self.assertEqual(self.result(key="another key")[0], ERROR_CODE.ERR_JOIN_BAD_TOKEN)
        self.assertEqual(self.result(app="another-app")[0], ERROR_CODE.ERR_JOIN_BAD_APPID)

    def test_a_room_that_is_not_there_is_told(self):
        listener = Listener()
        engine = create("ws://127.0.0.1:9", listener)
        engine.JoinChannel(token(engine, "yard", "cam"), "yard", "cam", "", automatic())
        self.assertNotEqual(listener.wait("OnJoinChannelResult")[0], 0)
        engine.Release()

    def test_who_joins_twice_replaces_the_earlier_one(self):
        with joined("twice", "cam") as (_, first, _), joined("twice", "cam"):
            self.assertEqual(first.wait("OnError"), (ERROR_CODE.ERR_LEAVE_UNUSUAL,))


class Callbacks(unittest.TestCase):
    def test_an_exception_is_printed_and_the_next_callback_comes(self):
        class Failing(Listener):
            def OnJoinChannelResult(self, *arguments):
                super().OnJoinChannelResult(*arguments)
                raise RuntimeError("mistake of the program")

            def OnSubscribeMixAudioFrame(self, frame):
                super().OnSubscribeMixAudioFrame(frame)
                raise SystemExit("not even this")

        said = io.StringIO()
        listener = Failing()
        with contextlib.redirect_stderr(said):
            engine = create(ROOM.url, listener)
            engine.JoinChannel(token(engine, "fails", "cam"), "fails", "cam", "", JoinChannelConfig())
            listener.wait("OnSubscribeMixAudioFrame")
            engine.LeaveChannel()
            listener.wait("OnLeaveChannelResult")
            engine.Release()
        self.assertIn("mistake of the program", said.getvalue())

    def test_a_handler_needs_no_override(self):
        engine = create(ROOM.url, EngineEventHandlerInterface())
        self.assertIsInstance(engine.GetEventHandler(), EngineEventHandlerInterface)
        engine.JoinChannel(token(engine, "quiet", "cam"), "quiet", "cam", "", automatic())
        engine.Release()

    def test_a_callback_may_leave_and_release(self):
        done = threading.Event()

        class Hasty(Listener):
            def OnJoinChannelResult(self, *arguments):
                engine.LeaveChannel()

            def OnLeaveChannelResult(self, result):
                engine.Release()
                done.set()

        engine = create(ROOM.url, Hasty())
        engine.JoinChannel(token(engine, "hasty", "cam"), "hasty", "cam", "", automatic())
        self.assertTrue(done.wait(PATIENCE))

    def test_no_callback_begins_after_the_release(self):
        listener = Listener()
        engine = create(ROOM.url, listener)
        engine.JoinChannel(token(engine, "over", "cam"), "over", "cam", "", JoinChannelConfig())
        listener.wait("OnSubscribeMixAudioFrame")
        engine.LeaveChannel()
        engine.Release()
        before = len(listener.calls)
        self.assertFalse(any(t.name.startswith("AliRTCEngine") for t in threading.enumerate()))
        self.assertEqual(len(listener.calls), before)

    def test_inside_a_loop_they_come_on_the_loop(self):
        threads = set()

        class OnLoop(Listener):
            def _remember(self, name, arguments):
                threads.add(threading.get_ident())
                asyncio.get_running_loop()
                super()._remember(name, arguments)

        listener = OnLoop()

        async def program():
            engine = create(ROOM.url, listener)
            engine.JoinChannel(token(engine, "loop", "cam"), "loop", "cam", "", JoinChannelConfig())
            await self.until(lambda: listener.find("OnSubscribeMixAudioFrame"))
            engine.LeaveChannel()
            await self.until(lambda: listener.find("OnLeaveChannelResult"))
            engine.Release()

        asyncio.run(program())
        self.assertEqual(threads, {threading.get_ident()})

    def test_after_the_loop_they_come_from_the_engines_own_thread(self):
        listener = Listener()

        async def program():
            return create(ROOM.url, listener)

        engine = asyncio.run(program())
        engine.JoinChannel(token(engine, "later", "cam"), "later", "cam", "", JoinChannelConfig())
        self.assertEqual(listener.wait("OnJoinChannelResult")[0], 0)
        engine.Release()

    async def until(self, there):
        for _ in range(int(PATIENCE * 100)):
            if there() is not None:
                return
            await asyncio.sleep(0.01)
        self.fail("did not come")


if __name__ == "__main__":
    unittest.main()
