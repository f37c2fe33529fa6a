"""Stands in for the vendor's module: joins at once, and writes down how long each picture was on its way to the method that gets it."""
import json
import time


class EngineEventHandlerInterface:
    pass


class Engine:
    def __init__(self, handler, extra):
        self.handler = handler
        self.times = open(json.loads(extra)["times"], "w")

    def JoinChannel(self, token, channel, user, name, config):
        self.handler.OnJoinChannelResult(0, channel, user)
        return 0

    def PushExternalVideoFrame(self, frame, source):
        late = time.monotonic_ns() - frame.timeStamp
        # The bytes are there, whole.
        self.times.write("%d %d\n" % (late, len(frame.data)))
        return 0

    def Release(self):
        self.times.close()

    def __getattr__(self, name):
        if not name[0].isupper():
            raise AttributeError(name)
        return lambda *_: 0


def CreateAliRTCEngine(handler, low, high, log, service, h5mode, extra):
    return Engine(handler, extra)
