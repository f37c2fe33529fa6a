"""The vendor's modules as the documents have them: found, checked, and their values made from plain ones. Calls nothing."""

import enum
import importlib
import sys
import traceback
from importlib.machinery import PathFinder

#: Classes of the documents that calls are made of: enums, and structs with the enums of their fields.
STRUCTS = {
    "JoinChannelConfig": {
        "channelProfile": "ChannelProfile",
        "publishAvsyncMode": "PublishAvsyncMode",
        "publishMode": "PublishMode",
        "subscribeMode": "SubscribeMode",
        "subscribeVideoFormat": "VideoFormat",
        "subscribeAudioFormat": "AudioFormat",
    },
    "AliEngineVideoEncoderConfiguration": {
        "orientationMode": "AliEngineVideoEncoderOrientationMode",
        "mirrorMode": "AliEngineVideoMirrorMode",
        "rotationMode": "AliEngineRotationMode",
    },
    "AliEngineScreenShareEncoderConfiguration": {"rotationMode": "AliEngineRotationMode"},
    "VideoDataSample": {"format": "VideoDataFormat", "bufferType": "VideoBufferType"},
    "AliEngineDataChannelMsg": {"type": "AliEngineDataMsgType"},
}
#: Fields that the documents' constructors take, after width and height.
CONSTRUCTED = {
    "AliEngineVideoEncoderConfiguration": ("frameRate", "bitrate", "orientationMode", "mirrorMode", "rotationMode"),
    "AliEngineScreenShareEncoderConfiguration": ("frameRate", "bitrate", "rotationMode"),
}
#: Classes of the arguments of the documented methods; those that are numbers, texts and flags are left out.
ARGUMENTS = {
    "JoinChannel": {4: "JoinChannelConfig"},
    "LeaveChannel": {},
    "SetExternalVideoSource": {1: "VideoSource", 2: "RenderMode"},
    "PushExternalVideoFrame": {0: "VideoDataSample", 1: "VideoSource"},
    "SetExternalAudioSource": {},
    "PushExternalAudioFrameRawData": {},
    "SetAudioProfile": {0: "AudioQualityMode", 1: "AudioSceneMode"},
    "SetExternalAudioPublishVolume": {},
    "SendMediaExtensionMsg": {},
    "PublishLocalDualStream": {},
    "PublishLocalVideoStream": {},
    "PublishLocalAudioStream": {},
    "PublishScreenShareStream": {},
    "SubscribeRemoteAudioStream": {},
    "SubscribeRemoteVideoStream": {1: "VideoTrack"},
    "SetVideoEncoderConfiguration": {0: "AliEngineVideoEncoderConfiguration"},
    "SetScreenShareEncoderConfiguration": {0: "AliEngineScreenShareEncoderConfiguration"},
    "SetRemoteVideoStreamType": {1: "AliEngineVideoStreamType"},
    "MuteLocalCamera": {},
    "MuteLocalMic": {},
    "SetClientRole": {0: "AliEngineClientRole"},
    "SetRemoteDefaultVideoStreamType": {0: "AliEngineVideoStreamType"},
    "LeaveOnceNoStreamer": {},
    "SetPeriodForCheckPeople": {},
    "SetParameter": {},
    "SendDataChannelMessage": {0: "AliEngineDataChannelMsg"},
    "Release": {},
}


def number(value):
    """A documented enum's number. Some of the vendor's members are a tuple of it."""
    while isinstance(value, (enum.Enum, tuple)):
        value = value.value if isinstance(value, enum.Enum) else value[0]
    return value


class Wrong(Exception):
    """What is wrong with the SDK, in words."""


class Sdk:
    """The documented modules."""

    def __init__(self, folders):
        self.found = []
        sys.path[:0] = folders
        self.define = self.load("AliRTCLinuxSdkDefine", folders)
        module = self.load("AliRTCEngine", folders)
        # The documents write AliRTCEngine.CreateAliRTCEngine after `from AliRTCEngine import *`.
        inner = getattr(module, "AliRTCEngine", None)
        self.create = getattr(module, "CreateAliRTCEngine", None) or getattr(inner, "CreateAliRTCEngine", None)
        self.handler = getattr(module, "EngineEventHandlerInterface", None)
        interface = getattr(module, "AliRTCEngineInterface", None)
        named = {"CreateAliRTCEngine": self.create, "EngineEventHandlerInterface": self.handler}
        self.missing("AliRTCEngine", [name for name, there in named.items() if not callable(there)])
        kinds = set(STRUCTS).union(*(fields.values() for fields in STRUCTS.values()), *(a.values() for a in ARGUMENTS.values()))
        self.missing("AliRTCLinuxSdkDefine", sorted(kind for kind in kinds if not hasattr(self.define, kind)))
        if interface is not None:
            self.methods(interface)

    def load(self, name, folders):
        spec = PathFinder.find_spec(name, folders)
        if spec is None:
            raise Wrong("module %s: in none of these folders" % name)
        self.found.append("module %s: %s" % (name, spec.origin))
        try:
            return importlib.import_module(name)
        except BaseException as error:  # whatever a module does when it is loaded, SystemExit included
            traceback.print_exc()
            raise Wrong("module %s cannot be loaded: %s: %s" % (name, type(error).__name__, error))

    def missing(self, where, names):
        if names:
            raise Wrong("%s has no %s" % (where, ", ".join(names)))

    def methods(self, engine):
        names = [name for name in ARGUMENTS if not callable(getattr(engine, name, None))]
        self.missing("the engine (AliRTCEngineInterface)", names)

    def make(self, kind, value):
        """An enum's member or a struct from plain values."""
        if kind is None:
            return value
        fields = STRUCTS.get(kind)
        if fields is None:
            return getattr(self.define, kind)(value)
        values = {name: self.make(fields.get(name), one) for name, one in value.items()}
        size = values.pop("dimensions", ())
        made = getattr(self.define, kind)(*size, *(values[name] for name in CONSTRUCTED.get(kind, ())))
        for name, one in values.items():
            setattr(made, name, one)
        return made
