"""The daemon on the sdk engine, whose SDK are these modules, in the room of another daemon: seen, commanded, killed and restarted."""

import json
import os
import signal
import subprocess
import tempfile
import time
import unittest

import AliRTCEngine as module
from AliRTCEngine import *
from rooms import PATIENCE, Listener, Room, automatic, create, token

ROOM = None
ON = '{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}'
SDK = os.path.dirname(os.path.dirname(os.path.abspath(module.__file__)))


def setUpModule():
    global ROOM
    ROOM = Room().__enter__()


def tearDownModule():
    ROOM.__exit__(None, None, None)


def until(what, there):
    """What `there` gives as soon as it is true. A short poll: what is waited for is another process."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = there()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(what)


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        found = file.read().split()
    for thread in os.listdir("/proc/%d/task" % pid):
        try:
            with open("/proc/%d/task/%s/children" % (pid, thread)) as file:
                found += file.read().split()
        except FileNotFoundError:
            pass
    return sorted({int(one) for one in found})


def lives(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Camera:
    """The daemon with `kind = "sdk"` and the built-in picture."""

    def __init__(self, channel, **sdk):
        self.folder = tempfile.TemporaryDirectory()
        at = self.folder.name
        maker = create(ROOM.url, Listener())
        with open(at + "/token", "w") as file:
            file.write(token(maker, channel, "camera") + "\n")
        maker.Release()
        os.chmod(at + "/token", 0o600)
        settings = {"path": SDK, "token_file": at + "/token", "extra": json.dumps({"artc_open_url": ROOM.url}), **sdk}
        lines = ["%s = %s" % (key, json.dumps(value)) for key, value in settings.items()]
        self.config = at + "/config.toml"
        with open(self.config, "w") as config:
            config.write(
                '[camera]\nsource = "pattern"\nwidth = 320\nheight = 180\n[microphone]\nsource = "tone"\n'
                '[engine]\nkind = "sdk"\n[engine.sdk]\n%s\n[control]\nsocket = "%s/control.sock"\n'
                '[control.allow]\n"boss" = ["*"]\n[telemetry]\nhttp = false\nlog_to = "stderr"\n' % ("\n".join(lines), at)
            )

    def __enter__(self):
        self.log = open(self.folder.name + "/log", "w+")
        command = [os.environ["ARTC_EDGE"], "run", "--config", self.config]
        # A state of its own: daemons that others killed would lead into safe mode, where there is no camera.
        state = {**os.environ, "STATE_DIRECTORY": self.folder.name + "/state"}
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=state)
        return self

    def host(self):
        """The process of the SDK."""
        self.running()
        return next((pid for pid in children(self.process.pid) if lives(pid)), None)

    def running(self):
        if self.process.poll() is not None:
            raise AssertionError("the daemon ended with %s:\n%s" % (self.process.returncode, self.said()))

    def said(self):
        with open(self.log.name) as file:
            return file.read()

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        self.log.close()
        self.folder.cleanup()


class Watcher:
    """A user who may command the camera, and sees it."""

    def __init__(self, channel):
        self.listener = Listener()
        self.engine = create(ROOM.url, self.listener)
        self.engine.SetParameter(ON)
        self.engine.SetClientRole(AliEngineClientRole.AliEngineClientRoleInteractive)
        config = automatic()
        config.channelProfile = ChannelProfile.ChannelProfileCommunication
        config.publishMode = PublishMode.PublishManually
        self.engine.JoinChannel(token(self.engine, channel, "boss"), channel, "boss", "boss", config)
        assert self.listener.wait("OnJoinChannelResult")[0] == 0

    def __enter__(self):
        return self

    def pictures(self):
        """Forgets the pictures seen so far and waits for another one."""
        with self.listener.changed:
            self.listener.media.clear()
        return self.listener.wait("OnRemoteVideoSample")

    def ask(self, method, number, **params):
        text = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": number}).encode()
        msg = AliEngineDataChannelMsg()
        msg.type, msg.data, msg.dataLen = AliEngineDataMsgType.AliEngineDataChannelCustom, text, len(text)
        if self.engine.SendDataChannelMessage(msg) != 0:
            raise AssertionError("the message was not taken")
        mine = lambda uid, msg: uid == "camera" and json.loads(bytes(msg.data)).get("id") == number
        return json.loads(bytes(self.listener.wait("OnDataChannelMsg", mine)[1].data))

    def __exit__(self, *_):
        self.engine.Release()


class OnTheSdk(unittest.TestCase):
    def test_pictures_sound_and_commands_and_a_killed_sdk_comes_back(self):
        with Watcher("sdk-all") as watcher, Camera("sdk-all") as camera:
            uid, frame = watcher.pictures()
            self.assertEqual((uid, frame.frame.width, frame.frame.height), ("camera", 320, 180))
            watcher.listener.wait("OnSubscribeAudioFrame", lambda uid, frame: any(frame.pcm.pcmBuf_))
            info = watcher.ask("device.info", 1)
            self.assertEqual(info["result"]["engine"], "sdk", info)
            self.assertEqual(watcher.ask("device.status", 2)["result"]["participants"], 1)
            refused = watcher.ask("camera.snapshot", 3)
            self.assertIn("carries no files", refused["error"]["message"])
            before = camera.host()
            os.kill(before, signal.SIGKILL)
            until("the SDK is started again", lambda: camera.host() not in (None, before))
            watcher.pictures()
            said = camera.said()
            self.assertIn("signal: 9", said)
            self.assertIn("started again", said)
            # A setting of before the death holds after it: messages are still read.
            self.assertEqual(watcher.ask("device.info", 4)["result"]["engine"], "sdk")
            with open(camera.folder.name + "/token") as file:
                self.assertNotIn(file.read().strip(), said)

    def test_a_message_that_is_no_command_gets_no_answer(self):
        with Watcher("sdk-mute") as watcher, Camera("sdk-mute"):
            watcher.pictures()
            msg = AliEngineDataChannelMsg()
            msg.type, msg.data = AliEngineDataMsgType.AliEngineDataChannelCustom, b'{"hello":"everybody"}'
            msg.dataLen = len(msg.data)
            self.assertEqual(watcher.engine.SendDataChannelMessage(msg), 0)
            watcher.ask("device.info", 7)
            answers = [json.loads(bytes(a[1].data)).get("id") for n, a in watcher.listener.calls if n == "OnDataChannelMsg"]
            self.assertEqual(answers, [7])

    def test_the_sdk_ends_with_the_daemon_however_that_ends(self):
        for end in (signal.SIGKILL, signal.SIGTERM):
            with Camera("sdk-end") as camera:
                host = until("the SDK runs", camera.host)
                until("the daemon is in the channel", lambda: "in the channel" in camera.said())
                camera.process.send_signal(end)
                camera.process.wait(PATIENCE)
                until("the SDK's process is gone", lambda: not lives(host))

    def test_an_sdk_that_is_none_ends_the_daemon_with_its_reason(self):
        with tempfile.TemporaryDirectory() as empty:
            for sdk, code, said in (
                ({"path": empty}, 78, "module AliRTCEngine: missing"),
                ({"path": empty + "/none"}, 78, "no such folder of an SDK"),
                ({"extra": "{}"}, 78, "CreateAliRTCEngine raised ValueError"),
                ({"python": "/no/such/python"}, 69, "/no/such/python"),
            ):
                with Camera("sdk-wrong", **sdk) as camera:
                    self.assertEqual(camera.process.wait(PATIENCE), code)
                    self.assertIn(said, camera.said())
                    checked = self.run_edge("check", camera)
                    self.assertEqual(checked.returncode, 78 if "path" in sdk else 0, checked.stderr)
                    doctor = self.run_edge("doctor", camera)
                    if "extra" not in sdk:
                        self.assertEqual(doctor.returncode, code, doctor.stdout)
                        self.assertIn(said, doctor.stdout)

    def run_edge(self, command, camera):
        words = [os.environ["ARTC_EDGE"], command, "--config", camera.config]
        return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=PATIENCE * 3)


if __name__ == "__main__":
    unittest.main()
