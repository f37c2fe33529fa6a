"""Names, numbers, defaults and signatures are the documents'."""

import inspect
import unittest

import AliRTCEngine as module
import AliRTCLinuxSdkDefine as define
from AliRTCEngineImpl import AliRTCEngineImpl, _native

#: The documents' numbers, written down here once more: what the engine's own tables say is compared with them below.
NUMBERS = """
ChannelProfile ChannelProfileCommunication=0 ChannelProfileInteractiveLive=1 ChannelProfileInteractiveWithLowLatencyLive=2
PublishMode PublishAutomatically=0 PublishManually=1
SubscribeMode SubscribeAutomatically=0 SubscribeManually=1 SubscribeAudioAutoAndOnly=2 SubscribeCameraAutoAndOnly=3
PublishAvsyncMode PublishAvsyncNoDelay=0 PublishAvsyncWithPts=1 PublishAvysncWithPts=1
AudioQualityMode LowQualityMode=0 BasicQualityMode=1 HighQualityMode=16 StereoHighQualityMode=17 SuperHighQualityMode=18 \
StereoSuperHighQualityMode=19 QualityMaxMode=20
AudioSceneMode DefaultMode=0 EducationMode=256 MediaMode=512 MusicMode=768 ChatroomMode=1024 KtvMode=1280 SceneMaxMode=1281
VideoTrack VideoTrackNo=0 VideoTrackCamera=1 VideoTrackScreen=2 VideoTrackBoth=3 VideoTrackEnd=4294967295 \
AliEngineVideoTrackNo=0 AliEngineVideoTrackCamera=1 AliEngineVideoTrackScreen=2 AliEngineVideoTrackBoth=3
AudioTrack AudioTrackNo=0 AudioTrackMic=1 AudioTrackEnd=4294967295
VideoSource VideoSourceCamera=0 VideoSourceScreenShare=1 VideosourceTypeMax=2
RenderMode RenderModeAuto=0 RenderModeStretch=1 RenderModeFill=2 RenderModeCrop=3
VideoDataFormat VideoDataFormatUnknow=-1 VideoDataFormatBGRA=0 VideoDataFormatI420=1 VideoDataFormatNV21=2 VideoDataFormatNV12=3 \
VideoDataFormatH264=4 VideoDataFormatH265=5 VideoDataFormatRGB24=6 VideoDataFormatBGR24=7
VideoBufferType VideoBufferTypeRawData=0 VideoBufferTypeCVPixelBuffer=1 VideoBufferTypeTexture=2
VideoFormat VideoFormatNone=0 VideoFormatH264=1
AudioFormat AudioFormatNone=0 AudioFormatMixedPcm=1 AudioFormatPcmBeforMixing=2
VideoFrameType VideoFrameH264=0 VideoFrameH264Nalu=1
AudioFrameType AudioFrameRawPcm=0 AudioFrameAacAdts=1
AudioTranscodingCodec AudioTranscodingCodecPcm=0 AudioTranscodingCodecAac=1 AudioTranscodingCodecBothPcmAndAac=2
VideoTranscodingCodec VideoTranscodingCodecYuv=0 VideoTranscodingCodecH264=1 VideoTranscodingCodecBothYuvAndH264=2
AliEnginePublishState AliEngineStatsPublishIdle=0 AliEngineStatsNoPublish=1 AliEngineStatsPublishing=2 AliEngineStatsPublished=3
AliEngineSubscribeState AliEngineStatsSubscribeIdle=0 AliEngineStatsNoSubscribe=1 AliEngineStatsSubscribing=2 \
AliEngineStatsSubscribed=3
AliEngineVideoStreamType AliEngineVideoStreamTypeNone=0 AliEngineVideoStreamTypeHigh=1 AliEngineVideoStreamTypeLow=2
AliEngineClientRole AliEngineClientRoleInteractive=0 AliEngineClientRoleLive=1
AliEngineDataMsgType AliEngineDataChannelNone=0 AliEngineDataChannelProgress=1 AliEngineDataChannelCustom=2
AliEngineRotationMode AliEngineRotationMode_NoChange=-1 AliEngineRotationMode_0=0 AliEngineRotationMode_90=90 \
AliEngineRotationMode_180=180 AliEngineRotationMode_270=270
WARNNING_CODE WARN_DEFAULT=-1
ERROR_CODE ERR_OK=0 ERR_FATAL=-1 ERR_JOIN_BAD_APPID=0x02010201 ERR_JOIN_INVALID_CHANNEL=0x02010203 ERR_JOIN_BAD_CHANNEL=0x02010204 \
ERR_JOIN_BAD_TOKEN=0x02010205 ERR_JOIN_TIMEOUT=0x01020204 ERR_JOIN_CONFIG_INVALID=0x01030302 ERR_LEAVE_UNUSUAL=0x01030303 \
ERR_NO_PEOPLE=0x01030304 ERR_NETWORK_DISCONNECT=0x01050203 ERR_Publish_NOT_JOIN_CHANNEL=0x01010406 \
ERR_AUDIO_BUFFER_FULL=0x01060106
"""

#: Parameters of the documented methods, after self.
METHODS = {
    "Release": "",
    "GetEventHandler": "",
    "JoinChannel": "token channelId userId userName config",
    "LeaveChannel": "",
    "IsLocalVideoStreamPublished": "",
    "IsLocalScreenPublishEnabled": "",
    "IsLocalAudioStreamPublished": "",
    "IsDualStreamPublished": "",
    "SetExternalVideoSource": "enable sourceType renderMode",
    "PushExternalVideoFrame": "frame sourceType",
    "SetExternalAudioSource": "enable sampleRate channelsPerFrame",
    "PushExternalAudioFrameRawData": "audioSamples sampleLength timestamp",
    "SetAudioProfile": "audioProfile audioScene",
    "SetExternalAudioPublishVolume": "volume",
    "GetExternalAudioPublishVolume": "",
    "SendMediaExtensionMsg": "message length repeatCount delay isKeyFrame",
    "PublishLocalDualStream": "enabled",
    "PublishLocalVideoStream": "enabled",
    "PublishLocalAudioStream": "enabled",
    "PublishScreenShareStream": "enabled",
    "SubscribeRemoteAudioStream": "uid sub",
    "SubscribeRemoteVideoStream": "uid videoTrack sub",
    "SetVideoEncoderConfiguration": "config",
    "SetScreenShareEncoderConfiguration": "config",
    "SetRemoteVideoStreamType": "uid streamType",
    "MuteLocalCamera": "mute",
    "MuteLocalMic": "mute",
    "SetClientRole": "clientRole",
    "SetRemoteDefaultVideoStreamType": "streamType",
    "LeaveOnceNoStreamer": "enable",
    "SetPeriodForCheckPeople": "seconds",
    "SetParameter": "params",
    "GenerateToken": "authInfo appkey",
    "SendDataChannelMessage": "ctrlMsg",
}

_PUBLISH = "oldState newState elapseSinceLastState channel"
CALLBACKS = {
    "OnError": "error_code",
    "OnWarning": "warning_code",
    "OnJoinChannelResult": "result channel userId",
    "OnDataChannelMsg": "uid msg",
    "OnLeaveChannelResult": "result",
    "OnRemoteUserOnLineNotify": "uid",
    "OnRemoteUserOffLineNotify": "uid",
    "OnRemoteTrackAvailableNotify": "uid audioTrack videoTrack",
    "OnAudioSubscribeStateChanged": "uid " + _PUBLISH,
    "OnVideoSubscribeStateChanged": "uid " + _PUBLISH,
    "OnSubscribeStreamTypeChanged": "uid oldStreamType newStreamType elapseSinceLastState channel",
    "OnScreenShareSubscribeStateChanged": "uid " + _PUBLISH,
    "OnScreenSharePublishStateChanged": _PUBLISH,
    "OnDualStreamPublishStateChanged": _PUBLISH,
    "OnVideoPublishStateChanged": _PUBLISH,
    "OnAudioPublishStateChanged": _PUBLISH,
    "OnSubscribeAudioFrame": "uid frame",
    "OnSubscribeMixAudioFrame": "frame",
    "OnRemoteVideoSample": "uid frame",
    "OnRemoteVideoEncodedSample": "uid frame",
    "OnMediaExtensionMsgReceived": "userid message size",
    "OnUpdateRoleNotify": "oldRole newRole",
    "OnSubscribeAudioAac": "uid frame",
    "OnSubscribeMixedAudioAac": "frame",
    "OnPushAudioFrameBufferFull": "isFull",
    "OnPushVideoFrameBufferFull": "isFull",
}


def parameters(function):
    return " ".join(name for name in inspect.signature(function).parameters if name != "self")


class Documents(unittest.TestCase):
    def test_enums_have_the_documented_numbers(self):
        for line in NUMBERS.strip().splitlines():
            name, *members = line.split()
            enum = getattr(define, name)
            for member in members:
                key, _, value = member.partition("=")
                self.assertEqual(enum[key].value, int(value, 0), "%s.%s" % (name, key))
                self.assertEqual(enum[key], int(value, 0), "a member equals its number")

    def test_enums_are_those_of_the_engine_name_by_name(self):
        self.assertGreater(len(_native.ENUMS), 30)
        for name, members in _native.ENUMS:
            enum = getattr(define, name)
            self.assertEqual({key: member.value for key, member in enum.__members__.items()}, dict(members), name)

    def test_methods_and_callbacks_have_the_documented_parameters(self):
        self.assertEqual(len(METHODS) + 1, 35)
        self.assertEqual(["CreateAliRTCEngine", *METHODS], list(_native.METHODS))
        for name, wanted in METHODS.items():
            self.assertEqual(parameters(getattr(AliRTCEngineImpl, name)), wanted, name)
            self.assertEqual(parameters(getattr(module.AliRTCEngineInterface, name)), wanted, name)
        create = "eventHandler lowPort highPort logPath coreServicePath h5mode extra"
        self.assertEqual(parameters(module.CreateAliRTCEngine), create)
        self.assertEqual(len(CALLBACKS), 26)
        found = {n: parameters(f) for n, f in vars(module.EngineEventHandlerInterface).items() if n.startswith("On")}
        self.assertEqual(found, CALLBACKS)

    def test_structs_have_the_documented_fields_and_defaults(self):
        config = vars(define.JoinChannelConfig())
        self.assertEqual(
            config,
            {
                "channelProfile": 1,
                "isAudioOnly": False,
                "publishAvsyncMode": 0,
                "publishAvsyncWithPtsMaxAudioCacheSize": 300,
                "publishAvsyncWithPtsMaxVideoCacheSize": 100,
                "publishMode": 1,
                "subscribeMode": 1,
                "subscribeVideoFormat": 1,
                "subscribeAudioFormat": 1,
                "enableTtsCallback": False,
            },
        )
        camera = define.AliEngineVideoEncoderConfiguration()
        size = camera.dimensions
        self.assertEqual((size.width, size.height, camera.frameRate, camera.bitrate), (640, 480, 15, 512))
        self.assertEqual((camera.keyFrameInterval, camera.minBitrate), (0, 0))
        self.assertEqual((camera.orientationMode, camera.mirrorMode, camera.rotationMode), (0, 0, -1))
        all_given = define.AliEngineVideoEncoderConfiguration(1280, 720, 30, 1500, 1, 1, 90)
        self.assertEqual((all_given.dimensions.width, all_given.frameRate, all_given.bitrate), (1280, 30, 1500))
        screen = define.AliEngineScreenShareEncoderConfiguration()
        self.assertEqual((screen.dimensions.width, screen.frameRate, screen.bitrate), (0, 5, 512))
        fields = {
            "VideoDataSample": "format bufferType data dataLen strideY strideU strideV height width rotation timeStamp",
            "VideoFrame": "track type frame",
            "VideoH264Frame": "frame_ms_ frame_num_ buf_ bufSize_ width height qp mv_infos slice_type",
            "AudioFrame": "type pcm aac",
            "AudioPcmFrame": "frame_ms_ channels_ sample_bits_ sample_rates_ samples_ streamIndex_ pcmBuf_ pcmBufSize_",
            "AudioAacFrame": "frame_ms_ channels_ sample_rates_ aacBuf_ aacBufSize_",
            "AuthInfo": "channel userid username appid token timestamp nonce role",
            "AliEngineDataChannelMsg": "type networkTime progress data dataLen",
        }
        for name, wanted in fields.items():
            self.assertEqual(" ".join(vars(getattr(define, name)())), wanted, name)

    def test_the_documents_ways_to_import_work(self):
        names = {}
        exec("from AliRTCEngine import *", names)
        self.assertIs(names["AliRTCEngine"].CreateAliRTCEngine, module.CreateAliRTCEngine)
        for name in ("EngineEventHandlerInterface", "AuthInfo", "PublishAvsyncMode", "ERROR_CODE", "WARNNING_CODE"):
            self.assertIn(name, names)
        names = {}
        exec("import AliRTCEngine, AliRTCEngineImpl, AliRTCLinuxSdkDefine\nfrom AliRTCLinuxSdkDefine import *", names)
        self.assertIs(names["JoinChannelConfig"], define.JoinChannelConfig)


if __name__ == "__main__":
    unittest.main()
