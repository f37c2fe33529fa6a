"""The documented callbacks, told to the daemon: numbers and texts as they are, pictures and sound through shared memory."""

from artc_api import number

#: The documented callbacks whose arguments are numbers and texts; the others are methods of `Callbacks`.
PLAIN = (
    "OnWarning OnJoinChannelResult OnLeaveChannelResult OnRemoteUserOnLineNotify OnRemoteUserOffLineNotify"
    " OnRemoteTrackAvailableNotify OnAudioSubscribeStateChanged OnVideoSubscribeStateChanged OnSubscribeStreamTypeChanged"
    " OnScreenShareSubscribeStateChanged OnScreenSharePublishStateChanged OnDualStreamPublishStateChanged"
    " OnVideoPublishStateChanged OnAudioPublishStateChanged OnUpdateRoleNotify"
).split()


class Callbacks:
    """The callbacks, as packets. Mixed into the SDK's own handler class."""

    host = None

    def OnError(self, error_code):
        self.host.error(number(error_code))

    def OnDataChannelMsg(self, uid, msg):
        data = bytes(msg.data)[: msg.dataLen]
        self.host.link.send("OnDataChannelMsg", [uid, number(msg.type), int(msg.networkTime), int(msg.progress)], data)

    def OnMediaExtensionMsgReceived(self, userid, message, size):
        self.host.link.send("OnMediaExtensionMsgReceived", [userid], bytes(message)[:size])

    def OnPushAudioFrameBufferFull(self, isFull):
        self.host.full("!sound", "OnPushAudioFrameBufferFull", bool(isFull))

    def OnPushVideoFrameBufferFull(self, isFull):
        self.host.full("!picture", "OnPushVideoFrameBufferFull", bool(isFull))

    def OnSubscribeAudioFrame(self, uid, frame):
        self.host.sound("OnSubscribeAudioFrame", [uid], frame)

    def OnSubscribeMixAudioFrame(self, frame):
        self.host.sound("OnSubscribeMixAudioFrame", [], frame)

    def OnSubscribeAudioAac(self, uid, frame):
        self.host.sound("OnSubscribeAudioAac", [uid], frame)

    def OnSubscribeMixedAudioAac(self, frame):
        self.host.sound("OnSubscribeMixedAudioAac", [], frame)

    def OnRemoteVideoSample(self, uid, frame):
        self.host.picture("OnRemoteVideoSample", uid, frame)

    def OnRemoteVideoEncodedSample(self, uid, frame):
        self.host.picture("OnRemoteVideoEncodedSample", uid, frame)


def handler_of(host, base):
    """An instance of the SDK's handler class that tells the daemon."""

    def telling(name):
        return lambda self, *arguments: self.host.link.send(name, [number(one) for one in arguments])

    members = {name: telling(name) for name in PLAIN}
    # Callbacks of newer SDKs that must be there, and that the documents do not have.
    for name in getattr(base, "__abstractmethods__", ()):
        if name not in members and not hasattr(Callbacks, name):
            members[name] = lambda self, *arguments, **named: None
    return type("Handler", (Callbacks, base), {**members, "host": host})()
