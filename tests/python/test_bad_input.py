"""What no program should do is answered as the documents say, by every method in every state; and the engine lives on."""

import gc
import json
import os
import tempfile
import unittest
from unittest import mock

import numpy
from AliRTCEngine import *
from AliRTCEngineImpl.delivery import LOG
from rooms import PATIENCE, Listener, Room, automatic, create, i420, token

NOWHERE = "ws://127.0.0.1:9"
ROUTE = ("/tmp", "/path/AliRtcCoreService", True)
GOOD = json.dumps({"artc_open_url": NOWHERE})


class Creating(unittest.TestCase):
    def refused(self, *arguments):
        with self.assertRaises(ValueError) as caught:
            CreateAliRTCEngine(*arguments)
        return str(caught.exception)

    def test_the_address_is_asked_for_by_both_its_names(self):
        with mock.patch.dict(os.environ):
            os.environ.pop("ARTC_OPEN_URL", None)
            said = self.refused(Listener(), 42000, 45000, *ROUTE, "{}")
        self.assertIn("artc_open_url", said)
        self.assertIn("ARTC_OPEN_URL", said)

    def test_the_address_comes_from_extra_before_the_environment(self):
        with mock.patch.dict(os.environ, ARTC_OPEN_URL="no address at all"):
            self.assertIn("no address at all", self.refused(Listener(), 42000, 45000, *ROUTE, "{}"))
            CreateAliRTCEngine(Listener(), 42000, 45000, *ROUTE, GOOD).Release()
        with mock.patch.dict(os.environ, ARTC_OPEN_URL=NOWHERE):
            CreateAliRTCEngine(Listener(), 42000, 45000, *ROUTE, "{}").Release()

    def test_what_is_wrong_with_the_arguments_is_said(self):
        self.assertIn("eventHandler", self.refused(None, 42000, 45000, *ROUTE, GOOD))
        self.assertIn("ports", self.refused(Listener(), 45000, 42000, *ROUTE, GOOD))
        self.assertIn("ports", self.refused(Listener(), 42000, 70000, *ROUTE, GOOD))
        self.assertIn("coreServicePath", self.refused(Listener(), 42000, 45000, "/tmp", "", True, GOOD))
        for text in ("", "{", "no JSON"):
            with self.assertRaises(json.JSONDecodeError):
                CreateAliRTCEngine(Listener(), 42000, 45000, *ROUTE, text)
        self.assertIn("object", self.refused(Listener(), 42000, 45000, *ROUTE, "[]"))
        extra = json.dumps({"artc_open_url": NOWHERE, "user_specified_video_observer_codec": 99})
        self.assertIn("99", self.refused(Listener(), 42000, 45000, *ROUTE, extra))


class LogPath(unittest.TestCase):
    def test_refusals_are_in_a_file_there_until_the_last_engine_is_released(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "AliRTCEngine-%d.log" % os.getpid())
            engines = [CreateAliRTCEngine(Listener(), 42000, 45000, folder, *ROUTE[1:], GOOD) for _ in range(2)]
            self.assertFalse(os.path.exists(path), "nothing was said")
            engines[0].Release()
            engines[1].SetExternalAudioPublishVolume(101)
            engines[1].JoinChannel("the-secret-token", "", "cam", "", JoinChannelConfig())
            engines[1].Release()
            CreateAliRTCEngine(Listener(), 42000, 45000, "/no/such/folder", *ROUTE[1:], GOOD).Release()
            with open(path) as file:
                said = file.read()
            self.assertEqual(said.count("volume is 101"), 1)
            self.assertNotIn("the-secret-token", said)
            LOG.warning("after the end")
            with open(path) as file:
                self.assertEqual(file.read(), said)


def custom(data, length=None):
    msg = AliEngineDataChannelMsg()
    msg.type, msg.data = AliEngineDataMsgType.AliEngineDataChannelCustom, data
    msg.dataLen = len(data) if length is None else length
    return msg


#: Calls that need a channel.
IN_CHANNEL = [
    ("LeaveChannel",),
    ("PushExternalVideoFrame", i420(), VideoSource.VideoSourceCamera),
    ("PushExternalAudioFrameRawData", bytes(320), 320, 0),
    ("SendMediaExtensionMsg", b"hello", 5, 1, 0, False),
    ("SubscribeRemoteAudioStream", "somebody", True),
    ("SubscribeRemoteVideoStream", "somebody", VideoTrack.VideoTrackCamera, True),
    ("SetRemoteVideoStreamType", "somebody", AliEngineVideoStreamType.AliEngineVideoStreamTypeHigh),
    ("SendDataChannelMessage", custom(b"hello")),
]
#: Calls that are fine without one, and after a release are not.
ANYWHERE = [
    ("SetExternalVideoSource", True, VideoSource.VideoSourceCamera, RenderMode.RenderModeAuto),
    ("SetExternalAudioSource", True, 16000, 1),
    ("SetAudioProfile", AudioQualityMode.HighQualityMode, AudioSceneMode.MusicMode),
    ("SetExternalAudioPublishVolume", 50),
    ("PublishLocalDualStream", False),
    ("PublishLocalVideoStream", True),
    ("PublishLocalAudioStream", True),
    ("PublishScreenShareStream", False),
    ("SetVideoEncoderConfiguration", AliEngineVideoEncoderConfiguration(9999, 9999, 600, 10**6)),
    ("SetScreenShareEncoderConfiguration", AliEngineScreenShareEncoderConfiguration(9999, 9999, 600, 10**6)),
    ("MuteLocalCamera", False),
    ("MuteLocalMic", False),
    ("SetClientRole", AliEngineClientRole.AliEngineClientRoleInteractive),
    ("SetRemoteDefaultVideoStreamType", AliEngineVideoStreamType.AliEngineVideoStreamTypeHigh),
    ("SetParameter", '{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}'),
]
#: Wrong whatever the state is.
NEVER = [
    ("SetExternalVideoSource", "yes", VideoSource.VideoSourceCamera, RenderMode.RenderModeAuto),
    ("SetExternalVideoSource", True, VideoSource.VideosourceTypeMax, RenderMode.RenderModeAuto),
    ("SetExternalVideoSource", True, VideoSource.VideoSourceCamera, 77),
    ("SetExternalAudioSource", True, 11025, 1),
    ("SetExternalAudioSource", True, 16000, 3),
    ("SetExternalAudioSource", True, -1, 1),
    ("SetAudioProfile", AudioQualityMode.QualityMaxMode, AudioSceneMode.DefaultMode),
    ("SetAudioProfile", AudioQualityMode.LowQualityMode, "music"),
    ("SetExternalAudioPublishVolume", 101),
    ("SetExternalAudioPublishVolume", -1),
    ("SetExternalAudioPublishVolume", 2**40),
    ("PublishLocalVideoStream", None),
    ("PublishLocalAudioStream", "on"),
    ("SetVideoEncoderConfiguration", None),
    ("SetVideoEncoderConfiguration", AliEngineVideoEncoderConfiguration(-1, 480)),
    ("SetScreenShareEncoderConfiguration", AliEngineVideoEncoderConfiguration()),
    ("MuteLocalCamera", "no"),
    ("SetClientRole", 7),
    ("SetRemoteDefaultVideoStreamType", 7),
    ("SetParameter", "no JSON"),
    ("SetParameter", "[]"),
    ("SetParameter", None),
]


def lying(**fields):
    sample = i420()
    for name, value in fields.items():
        setattr(sample, name, value)
    return sample


#: Wrong in a channel with both sources on.
PUSHED = [
    ("PushExternalVideoFrame", sample, VideoSource.VideoSourceCamera)
    for sample in (
        None,
        b"bytes",
        lying(data=b"", dataLen=0),
        lying(data=None),
        lying(data="text"),
        lying(dataLen=10**9),
        lying(dataLen=-1),
        lying(dataLen=100),
        lying(data=bytes(100), dataLen=100),
        lying(strideY=100),
        lying(strideU=10),
        lying(width=0),
        lying(width=-320),
        lying(height=2**31),
        lying(format=VideoDataFormat.VideoDataFormatUnknow),
        lying(format=VideoDataFormat.VideoDataFormatH265),
        lying(format=99),
        lying(bufferType=VideoBufferType.VideoBufferTypeTexture),
        lying(rotation=45),
        lying(timeStamp=2**80),
        lying(data=numpy.zeros((180, 640), numpy.uint8)[:, ::2]),
        i420(2560, 1440),
        i420(1922, 1080),
    )
] + [
    ("PushExternalVideoFrame", i420(), VideoSource.VideoSourceScreenShare),
    ("PushExternalVideoFrame", i420(), 9),
    ("PushExternalAudioFrameRawData", bytes(321), 321, 0),
    ("PushExternalAudioFrameRawData", bytes(320), 640, 0),
    ("PushExternalAudioFrameRawData", bytes(320), -1, 0),
    ("PushExternalAudioFrameRawData", b"", 0, 0),
    ("PushExternalAudioFrameRawData", "text", 4, 0),
    ("SendMediaExtensionMsg", bytes(4097), 4097, 1, 0, False),
    ("SendMediaExtensionMsg", b"", 0, 1, 0, False),
    ("SendMediaExtensionMsg", b"short", 6, 1, 0, False),
    ("SendMediaExtensionMsg", "text", 4, 1, 0, False),
    ("SendMediaExtensionMsg", b"hello", 5, -2, 0, False),
    ("SendMediaExtensionMsg", b"hello", 5, 1, -1, False),
    ("SubscribeRemoteAudioStream", "", True),
    ("SubscribeRemoteAudioStream", None, True),
    ("SubscribeRemoteVideoStream", "", VideoTrack.VideoTrackCamera, True),
    ("SubscribeRemoteVideoStream", "somebody", VideoTrack.VideoTrackEnd, True),
    ("SetRemoteVideoStreamType", "", AliEngineVideoStreamType.AliEngineVideoStreamTypeLow),
    ("SendDataChannelMessage", None),
    ("SendDataChannelMessage", custom(bytes(15 * 1024 + 1))),
    ("SendDataChannelMessage", custom(b"short", 6)),
    ("SendDataChannelMessage", custom("text", 4)),
]


class Calling(unittest.TestCase):
    def answers(self, engine, calls, wanted):
        for method, *arguments in calls:
            with self.subTest(method=method, arguments=str(arguments)[:80]):
                self.assertEqual(getattr(engine, method)(*arguments), wanted)

    def test_before_a_join_and_after_the_release(self):
        engine = create(NOWHERE, Listener())
        self.answers(engine, IN_CHANNEL + NEVER, -1)
        self.answers(engine, ANYWHERE, 0)
        self.assertTrue(engine.IsLocalVideoStreamPublished() and engine.IsLocalAudioStreamPublished())
        self.assertFalse(engine.IsLocalScreenPublishEnabled() or engine.IsDualStreamPublished())
        self.assertEqual(engine.GetExternalAudioPublishVolume(), 50)
        engine.Release()
        engine.Release()
        self.answers(engine, IN_CHANNEL + NEVER + ANYWHERE, -1)
        self.assertEqual(engine.JoinChannel("token", "channel", "user", "", JoinChannelConfig()), -1)
        self.assertFalse(engine.IsLocalVideoStreamPublished())
        self.assertIsNone(engine.LeaveOnceNoStreamer(True))
        self.assertIsNone(engine.SetPeriodForCheckPeople(5))

    def test_volume_is_100_until_set(self):
        engine = create(NOWHERE, Listener())
        self.assertEqual(engine.GetExternalAudioPublishVolume(), 100)
        engine.Release()

    def test_a_join_with_wrong_arguments_is_minus_one_and_an_error(self):
        listener = Listener()
        engine = create(NOWHERE, listener)
        good = token(engine, "yard", "cam")
        rows = [
            ((b"token", "yard", "cam", "", JoinChannelConfig()), ERROR_CODE.ERR_JOIN_CONFIG_INVALID),
            ((good, "yard", "cam", "", None), ERROR_CODE.ERR_JOIN_CONFIG_INVALID),
            (("", "yard", "cam", "", JoinChannelConfig()), ERROR_CODE.ERR_JOIN_CONFIG_INVALID),
            ((good, "", "cam", "", JoinChannelConfig()), ERROR_CODE.ERR_JOIN_BAD_PARAM),
            ((good, "street", "cam", "", JoinChannelConfig()), ERROR_CODE.ERR_JOIN_BAD_CHANNEL),
            ((good, "yard", "other", "", JoinChannelConfig()), ERROR_CODE.ERR_JOIN_BAD_TOKEN),
        ]
        for arguments, code in rows:
            listener.calls.clear()
            self.assertEqual(engine.JoinChannel(*arguments), -1)
            self.assertEqual(listener.wait("OnError"), (code,))
        engine.Release()

    def test_a_token_cannot_be_made_of_nothing(self):
        engine = create(NOWHERE, Listener())
        auth = AuthInfo()
        for field, value in (("appid", "app"), ("channel", "yard"), ("userid", "cam"), ("timestamp", 2_000_000_000)):
            with self.assertRaises(ValueError):
                engine.GenerateToken(auth, "key")
            setattr(auth, field, value)
        self.assertEqual(engine.GenerateToken(auth, "key"), auth.token)
        with self.assertRaises(ValueError):
            engine.GenerateToken(auth, "")
        engine.Release()

    def test_in_a_channel_and_after_leaving(self):
        with Room() as room:
            listener = Listener()
            engine = create(room.url, listener)
            config = automatic()
            config.channelProfile = ChannelProfile.ChannelProfileCommunication
            self.answers(engine, ANYWHERE, 0)
            self.assertEqual(engine.JoinChannel(token(engine, "yard", "cam"), "yard", "cam", "", config), 0)
            self.assertEqual(listener.wait("OnJoinChannelResult"), (0, "yard", "cam"))
            self.assertEqual(engine.JoinChannel(token(engine, "yard", "cam"), "yard", "cam", "", config), -1, "a second join")
            self.answers(engine, PUSHED + NEVER, -1)
            self.assertIsNone(listener.find("OnError"))
            self.answers(engine, [("PushExternalVideoFrame", i420(), 0), ("PushExternalAudioFrameRawData", bytes(320), 320, 0)], 0)
            self.assertEqual(engine.LeaveChannel(), 0)
            self.assertEqual(listener.wait("OnLeaveChannelResult"), (0,))
            self.answers(engine, IN_CHANNEL, -1)
            engine.Release()

    def test_an_engine_that_is_forgotten_ends(self):
        import threading

        before = {thread.ident for thread in threading.enumerate()}
        engine = create(NOWHERE, Listener())
        mine = [thread for thread in threading.enumerate() if thread.ident not in before]
        self.assertTrue(mine)
        del engine
        gc.collect()
        for thread in mine:
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive())


if __name__ == "__main__":
    unittest.main()
