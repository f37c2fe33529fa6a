/**
 * A method for each command of a device.
 *
 * Written from the Rust types of the device (crates/wire) by `make generate`: change them there.
 */

import type { Method, Methods } from "./methods";
import type { CallOptions } from "./rpc";

type Params<M extends Method> = Methods[M]["params"];
type Result<M extends Method> = Promise<Methods[M]["result"]>;

export abstract class Commands {
  /** Asks the device. */
  abstract call<M extends Method>(method: M, params: Params<M>, options?: CallOptions): Result<M>;

  /** Tells who this device is. Role: observe. */
  deviceInfo(options?: CallOptions): Result<"device.info"> {
    return this.call("device.info", {}, options);
  }

  /** Tells how the device is: connection, camera, microphone, counters, load. Role: observe. */
  deviceStatus(options?: CallOptions): Result<"device.status"> {
    return this.call("device.status", {}, options);
  }

  /**
   * Blinks the status LED for a time, so that who stands before several devices sees which one is meant. Role:
   * operate.
   */
  deviceIdentify(params: Params<"device.identify"> = {}, options?: CallOptions): Result<"device.identify"> {
    return this.call("device.identify", params, options);
  }

  /** Tells what time the device has, and who says so. Role: observe. */
  deviceTime(options?: CallOptions): Result<"device.time"> {
    return this.call("device.time", {}, options);
  }

  /** Sets the clock, where nobody keeps it right over the network. Role: maintain. */
  deviceSetTime(params: Params<"device.set_time">, options?: CallOptions): Result<"device.set_time"> {
    return this.call("device.set_time", params, options);
  }

  /**
   * Restarts the machine, in order; the reply says that whoever is in charge of it has taken the request. Role:
   * maintain.
   */
  deviceReboot(options?: CallOptions): Result<"device.reboot"> {
    return this.call("device.reboot", {}, options);
  }

  /** Switches the machine off, in order. Somebody has to go there to switch it on again. Role: maintain. */
  deviceShutdown(options?: CallOptions): Result<"device.shutdown"> {
    return this.call("device.shutdown", {}, options);
  }

  /** Ends safe mode: camera, microphone and encoder are started as configured. Role: maintain. */
  deviceLeaveSafeMode(options?: CallOptions): Result<"device.leave_safe_mode"> {
    return this.call("device.leave_safe_mode", {}, options);
  }

  /** Lists the cameras of this device. Role: observe. */
  cameraList(options?: CallOptions): Result<"camera.list"> {
    return this.call("camera.list", {}, options);
  }

  /** Lists what the camera in use can deliver. Role: observe. */
  cameraModes(options?: CallOptions): Result<"camera.modes"> {
    return this.call("camera.modes", {}, options);
  }

  /** Lists the controls of the camera in use with their values. Role: observe. */
  cameraControls(options?: CallOptions): Result<"camera.controls"> {
    return this.call("camera.controls", {}, options);
  }

  /** Sets one control of the camera and tells the value that it then has. Role: operate. */
  cameraSetControl(params: Params<"camera.set_control">, options?: CallOptions): Result<"camera.set_control"> {
    return this.call("camera.set_control", params, options);
  }

  /** Takes a still picture, in its own size or smaller. Role: observe. */
  cameraSnapshot(params: Params<"camera.snapshot"> = {}, options?: CallOptions): Result<"camera.snapshot"> {
    return this.call("camera.snapshot", params, options);
  }

  /**
   * Takes another camera into use, on the same track; one that cannot be had leaves the one before in use. Kept
   * over a restart, until the configuration names another one. Role: operate.
   */
  cameraSelect(params: Params<"camera.select">, options?: CallOptions): Result<"camera.select"> {
    return this.call("camera.select", params, options);
  }

  /** Tells where the camera in use looks: pan, tilt and zoom, where its driver has them. Role: observe. */
  cameraGetPtz(options?: CallOptions): Result<"camera.get_ptz"> {
    return this.call("camera.get_ptz", {}, options);
  }

  /**
   * Turns and zooms the camera in use, and tells where it looks then. A motor may still be on its way. Role:
   * operate.
   */
  cameraSetPtz(params: Params<"camera.set_ptz"> = {}, options?: CallOptions): Result<"camera.set_ptz"> {
    return this.call("camera.set_ptz", params, options);
  }

  /**
   * Closes camera and microphone, or opens them again; the tracks stay published with a card and silence. Kept
   * over a restart. Role: operate.
   */
  cameraPrivacy(params: Params<"camera.privacy">, options?: CallOptions): Result<"camera.privacy"> {
    return this.call("camera.privacy", params, options);
  }

  /** Tells what is published as picture. Role: observe. */
  streamGet(options?: CallOptions): Result<"stream.get"> {
    return this.call("stream.get", {}, options);
  }

  /** Sets size, frame rate and highest bitrate of the published picture; what is left out stays. Role: operate. */
  streamSet(params: Params<"stream.set"> = {}, options?: CallOptions): Result<"stream.set"> {
    return this.call("stream.set", params, options);
  }

  /** Stops or resumes sending the picture; the track stays published. Role: operate. */
  streamMute(params: Params<"stream.mute">, options?: CallOptions): Result<"stream.mute"> {
    return this.call("stream.mute", params, options);
  }

  /** Sends a small stream along with the big one, or no more. Role: operate. */
  streamDual(params: Params<"stream.dual">, options?: CallOptions): Result<"stream.dual"> {
    return this.call("stream.dual", params, options);
  }

  /** Publishes the screen, where the device captures one; refused where it does not. Role: operate. */
  streamScreen(params: Params<"stream.screen">, options?: CallOptions): Result<"stream.screen"> {
    return this.call("stream.screen", params, options);
  }

  /** Asks the encoder for a key frame. Role: operate. */
  streamKeyFrame(options?: CallOptions): Result<"stream.key_frame"> {
    return this.call("stream.key_frame", {}, options);
  }

  /** Tells what is published as sound. Role: observe. */
  audioGet(options?: CallOptions): Result<"audio.get"> {
    return this.call("audio.get", {}, options);
  }

  /** Sets the volume of the microphone. Role: operate. */
  audioSetVolume(params: Params<"audio.set_volume">, options?: CallOptions): Result<"audio.set_volume"> {
    return this.call("audio.set_volume", params, options);
  }

  /** Sets quality and purpose of the published sound; what is left out stays. Role: operate. */
  audioSetProfile(params: Params<"audio.set_profile"> = {}, options?: CallOptions): Result<"audio.set_profile"> {
    return this.call("audio.set_profile", params, options);
  }

  /** Sets the volume of the speaker, where the device plays sound; refused where it does not. Role: operate. */
  audioSetSpeakerVolume(params: Params<"audio.set_speaker_volume">, options?: CallOptions): Result<"audio.set_speaker_volume"> {
    return this.call("audio.set_speaker_volume", params, options);
  }

  /**
   * Stops or resumes playing what others say, where the device plays sound; refused where it does not. Role:
   * operate.
   */
  audioMuteSpeaker(params: Params<"audio.mute_speaker">, options?: CallOptions): Result<"audio.mute_speaker"> {
    return this.call("audio.mute_speaker", params, options);
  }

  /**
   * Says what is done to the microphone's sound: echo, noise, level, and whether one side talks at a time; what is
   * left out stays. Role: operate.
   */
  audioSetVoice(params: Params<"audio.set_voice"> = {}, options?: CallOptions): Result<"audio.set_voice"> {
    return this.call("audio.set_voice", params, options);
  }

  /** Stops or resumes sending the sound; the track stays published. Role: operate. */
  audioMute(params: Params<"audio.mute">, options?: CallOptions): Result<"audio.mute"> {
    return this.call("audio.mute", params, options);
  }

  /** Begins to record, with the seconds before that are in memory; what is recorded already goes on. Role: operate. */
  recordStart(options?: CallOptions): Result<"record.start"> {
    return this.call("record.start", {}, options);
  }

  /**
   * Ends the recording, also one that the configuration began; until the next `record.start`, or the next start of
   * the device. Role: operate.
   */
  recordStop(options?: CallOptions): Result<"record.stop"> {
    return this.call("record.stop", {}, options);
  }

  /** Lists the recordings on the device, newest first, and tells how the recorder stands. Role: observe. */
  recordList(params: Params<"record.list"> = {}, options?: CallOptions): Result<"record.list"> {
    return this.call("record.list", params, options);
  }

  /** Brings a part of a recording. Role: operate. */
  recordFetch(params: Params<"record.fetch">, options?: CallOptions): Result<"record.fetch"> {
    return this.call("record.fetch", params, options);
  }

  /** Deletes a recording that has ended. Role: maintain. */
  recordDelete(params: Params<"record.delete">, options?: CallOptions): Result<"record.delete"> {
    return this.call("record.delete", params, options);
  }

  /** Tells what the board has, and how it is: lines, LEDs, buttons, IR-cut filter, fan. Role: observe. */
  boardInfo(options?: CallOptions): Result<"board.info"> {
    return this.call("board.info", {}, options);
  }

  /** Reads one line. Role: observe. */
  boardGetLine(params: Params<"board.get_line">, options?: CallOptions): Result<"board.get_line"> {
    return this.call("board.get_line", params, options);
  }

  /** Switches an output line, and ends a pulse of it. Role: operate. */
  boardSetLine(params: Params<"board.set_line">, options?: CallOptions): Result<"board.set_line"> {
    return this.call("board.set_line", params, options);
  }

  /**
   * Switches an output line for a time, and then the other way; the reply comes when the pulse has begun. Role:
   * operate.
   */
  boardPulseLine(params: Params<"board.pulse_line">, options?: CallOptions): Result<"board.pulse_line"> {
    return this.call("board.pulse_line", params, options);
  }

  /** Lets an LED show a pattern; those that show how the device is are not for commands. Role: operate. */
  boardSetLed(params: Params<"board.set_led">, options?: CallOptions): Result<"board.set_led"> {
    return this.call("board.set_led", params, options);
  }

  /** Says who decides about the IR-cut filter: the light, or the caller. Role: operate. */
  boardSetIrCut(params: Params<"board.set_ir_cut">, options?: CallOptions): Result<"board.set_ir_cut"> {
    return this.call("board.set_ir_cut", params, options);
  }

  /** Tells what the machine's thermometers say. Role: observe. */
  boardTemperature(options?: CallOptions): Result<"board.temperature"> {
    return this.call("board.temperature", {}, options);
  }

  /** Tells whether heat or a weak supply slows the machine down. Role: observe. */
  boardThrottling(options?: CallOptions): Result<"board.throttling"> {
    return this.call("board.throttling", {}, options);
  }

  /**
   * Subscribes to `board.press`, or ends that: the same as `event.subscribe` and `event.unsubscribe` for it, but
   * refused without buttons. Role: observe.
   */
  boardWatch(params: Params<"board.watch">, options?: CallOptions): Result<"board.watch"> {
    return this.call("board.watch", params, options);
  }

  /** Tells the last log lines, oldest first. Role: maintain. */
  logTail(params: Params<"log.tail"> = {}, options?: CallOptions): Result<"log.tail"> {
    return this.call("log.tail", params, options);
  }

  /** Changes for a time how much is logged, by the whole daemon or one part of it. Role: maintain. */
  logSetLevel(params: Params<"log.set_level"> = {}, options?: CallOptions): Result<"log.set_level"> {
    return this.call("log.set_level", params, options);
  }

  /** Tells how the network is: interfaces, ways out, and the way to the channel. Role: observe. */
  netStatus(options?: CallOptions): Result<"net.status"> {
    return this.call("net.status", {}, options);
  }

  /**
   * Looks whether the server that the device joins, or a STUN server, can be reached. Takes up to eight seconds.
   * Role: maintain.
   */
  netProbe(params: Params<"net.probe"> = {}, options?: CallOptions): Result<"net.probe"> {
    return this.call("net.probe", params, options);
  }

  /**
   * Tells the configuration in force, with the layer that each value comes from; secrets are left out. Role:
   * maintain.
   */
  configGet(params: Params<"config.get"> = {}, options?: CallOptions): Result<"config.get"> {
    return this.call("config.get", params, options);
  }

  /**
   * Sets values of the configuration, all or none; what may cut off the caller is rolled back by itself unless it
   * is confirmed. `control` needs the role own. Role: maintain.
   */
  configSet(params: Params<"config.set">, options?: CallOptions): Result<"config.set"> {
    return this.call("config.set", params, options);
  }

  /**
   * Forgets what was set by command, all or single keys and sections; without the role own, `control` stays. Role:
   * maintain.
   */
  configReset(params: Params<"config.reset"> = {}, options?: CallOptions): Result<"config.reset"> {
    return this.call("config.reset", params, options);
  }

  /** Keeps the change that is on trial. Role: maintain. */
  configConfirm(options?: CallOptions): Result<"config.confirm"> {
    return this.call("config.confirm", {}, options);
  }

  /** Rolls back the change that is on trial. Role: maintain. */
  configRollback(options?: CallOptions): Result<"config.rollback"> {
    return this.call("config.rollback", {}, options);
  }

  /** Tells how the device is meant to be, how it is, and the difference. Role: observe. */
  stateGet(options?: CallOptions): Result<"state.get"> {
    return this.call("state.get", {}, options);
  }

  /**
   * Says how the device is meant to be, also after it was away or has started again; a stale version is refused
   * with the current one. Role: maintain.
   */
  stateSetDesired(params: Params<"state.set_desired">, options?: CallOptions): Result<"state.set_desired"> {
    return this.call("state.set_desired", params, options);
  }

  /** Looks into a bundle: what it is, whether its signature is good, whether it is for this device. Role: maintain. */
  updateCheck(params: Params<"update.check">, options?: CallOptions): Result<"update.check"> {
    return this.call("update.check", params, options);
  }

  /**
   * Installs a bundle into the slot that is not running, as a job; the next start runs it. Cancelled, it leaves
   * that slot unusable. Role: maintain.
   */
  updateInstall(params: Params<"update.install">, options?: CallOptions): Result<"update.install"> {
    return this.call("update.install", params, options);
  }

  /**
   * Tells how the update stands: what is being installed, which slots there are, and which one the next start
   * boots from. Role: maintain.
   */
  updateProgress(options?: CallOptions): Result<"update.progress"> {
    return this.call("update.progress", {}, options);
  }

  /** Marks the system that runs as good, so that the boot loader stays with it. Role: maintain. */
  updateConfirm(options?: CallOptions): Result<"update.confirm"> {
    return this.call("update.confirm", {}, options);
  }

  /** Lets the next start boot the other system. Role: maintain. */
  updateRollback(options?: CallOptions): Result<"update.rollback"> {
    return this.call("update.rollback", {}, options);
  }

  /** Lists the jobs that are under way or ended not long ago. Role: observe. */
  jobList(options?: CallOptions): Result<"job.list"> {
    return this.call("job.list", {}, options);
  }

  /** Tells how a job is. Role: observe. */
  jobStatus(params: Params<"job.status">, options?: CallOptions): Result<"job.status"> {
    return this.call("job.status", params, options);
  }

  /** Asks a job to end; that it has ended is told by its state. Role: operate. */
  jobCancel(params: Params<"job.cancel">, options?: CallOptions): Result<"job.cancel"> {
    return this.call("job.cancel", params, options);
  }

  /**
   * Sends what happens to the caller from now on, as notifications, until it leaves or unsubscribes; tells all its
   * subscriptions. Role: observe.
   */
  eventSubscribe(params: Params<"event.subscribe">, options?: CallOptions): Result<"event.subscribe"> {
    return this.call("event.subscribe", params, options);
  }

  /** Ends subscriptions of the caller and tells those that remain. Role: observe. */
  eventUnsubscribe(params: Params<"event.unsubscribe">, options?: CallOptions): Result<"event.unsubscribe"> {
    return this.call("event.unsubscribe", params, options);
  }

  /**
   * Tells what a signed command must name: device, join, nonce, time; and the caller's role. Where the device has
   * keys, anybody may ask. Role: observe.
   */
  authSession(options?: CallOptions): Result<"auth.session"> {
    return this.call("auth.session", {}, options);
  }

  /** Lists the keys for signed commands. Role: maintain. */
  authKeys(options?: CallOptions): Result<"auth.keys"> {
    return this.call("auth.keys", {}, options);
  }

  /** Puts another key in the place of one, for good; signed, or on the device's own unix socket. Role: own. */
  authRotateKey(params: Params<"auth.rotate_key">, options?: CallOptions): Result<"auth.rotate_key"> {
    return this.call("auth.rotate_key", params, options);
  }

  /** Takes everything from a key, for good; signed, or on the device's own unix socket. Role: own. */
  authRevokeKey(params: Params<"auth.revoke_key">, options?: CallOptions): Result<"auth.revoke_key"> {
    return this.call("auth.revoke_key", params, options);
  }

  /** Tells who did what, from the newest line back: as much as the device has in memory. Role: maintain. */
  auditTail(params: Params<"audit.tail"> = {}, options?: CallOptions): Result<"audit.tail"> {
    return this.call("audit.tail", params, options);
  }

  /**
   * Carries a signed command, and answers what that answers. Where the device has keys, anybody may send one: its
   * key says in which role. Role: observe.
   */
  rpcSigned(params: Params<"rpc.signed">, options?: CallOptions): Result<"rpc.signed"> {
    return this.call("rpc.signed", params, options);
  }

  /** Answers this list of methods as an OpenRPC document. Role: observe. */
  rpcDiscover(options?: CallOptions): Result<"rpc.discover"> {
    return this.call("rpc.discover", {}, options);
  }
}
