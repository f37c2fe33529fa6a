//! From the outcome of an effect to the reply of a method.

use wire::camera::{Controls, List, Privacy, Snapshot};
use wire::job::Started;
use wire::{Code, Done, Method, Refusal, Reply};

use super::{Outcome, ptz};

/// Type of still pictures.
pub const JPEG: &str = "image/jpeg";
/// Type of recordings.
pub const MP4: &str = "video/mp4";
/// Topic on which snapshots follow their replies.
pub(super) const SNAPSHOT_TOPIC: &str = "artc.snapshot";
/// Topic on which parts of recordings do.
pub(super) const RECORD_TOPIC: &str = "artc.record";

/// The reply of `method` to `outcome`. A still picture gets `name`; its bytes travel apart, see [`super::Letter`].
///
/// # Errors
/// What the outcome says went wrong; an internal error when the outcome is none of this method's.
pub fn reply(method: Method, outcome: &Outcome, name: &str) -> Result<Reply, Refusal> {
    let reply = match (method, outcome) {
        (_, Outcome::Failed(failure)) => return Err(failure.clone().into()),
        (Method::DeviceIdentify, Outcome::Done) => Reply::DeviceIdentify(Done {}),
        (Method::DeviceTime, Outcome::Clock(clock)) => Reply::DeviceTime(*clock),
        (Method::DeviceSetTime, Outcome::Clock(clock)) => Reply::DeviceSetTime(*clock),
        (Method::DeviceLeaveSafeMode, Outcome::Done) => Reply::DeviceLeaveSafeMode(Done {}),
        (Method::DeviceReboot, Outcome::Done) => Reply::DeviceReboot(Done {}),
        (Method::DeviceShutdown, Outcome::Done) => Reply::DeviceShutdown(Done {}),
        (Method::CameraList, Outcome::Cameras(cameras)) => Reply::CameraList(List { cameras: cameras.clone() }),
        (Method::CameraControls, Outcome::Controls(controls)) => Reply::CameraControls(Controls { controls: controls.clone() }),
        (Method::CameraSetControl, Outcome::Control(control)) => Reply::CameraSetControl((**control).clone()),
        (Method::CameraSnapshot, Outcome::Snapshot(jpeg)) => Reply::CameraSnapshot(Snapshot {
            name: name.to_owned(),
            mime: JPEG.to_owned(),
            bytes: jpeg.len() as u64,
            base64: None,
        }),
        (Method::CameraSelect, Outcome::Selected(selected)) => Reply::CameraSelect(selected.clone()),
        (Method::CameraGetPtz, Outcome::Controls(controls)) => Reply::CameraGetPtz(ptz::axes(controls)),
        (Method::CameraSetPtz, Outcome::Controls(controls)) => Reply::CameraSetPtz(ptz::axes(controls)),
        (Method::CameraPrivacy, Outcome::Privacy(on)) => Reply::CameraPrivacy(Privacy { on: *on }),
        (Method::StreamSet, Outcome::Stream(stream)) => Reply::StreamSet((**stream).clone()),
        (Method::StreamMute, Outcome::Stream(stream)) => Reply::StreamMute((**stream).clone()),
        (Method::StreamDual, Outcome::Stream(stream)) => Reply::StreamDual((**stream).clone()),
        (Method::StreamKeyFrame, Outcome::Done) => Reply::StreamKeyFrame(Done {}),
        (Method::AudioSetVolume, Outcome::Audio(audio)) => Reply::AudioSetVolume((**audio).clone()),
        (Method::AudioSetProfile, Outcome::Audio(audio)) => Reply::AudioSetProfile((**audio).clone()),
        (Method::AudioSetSpeakerVolume, Outcome::Audio(audio)) => Reply::AudioSetSpeakerVolume((**audio).clone()),
        (Method::AudioSetVoice, Outcome::Audio(audio)) => Reply::AudioSetVoice((**audio).clone()),
        (Method::AudioMuteSpeaker, Outcome::Audio(audio)) => Reply::AudioMuteSpeaker((**audio).clone()),
        (Method::AudioMute, Outcome::Audio(audio)) => Reply::AudioMute((**audio).clone()),
        (Method::RecordStart, Outcome::Recorder(status)) => Reply::RecordStart((**status).clone()),
        (Method::RecordStop, Outcome::Recorder(status)) => Reply::RecordStop((**status).clone()),
        (Method::RecordList, Outcome::Recordings(list)) => Reply::RecordList((**list).clone()),
        (Method::RecordFetch, Outcome::RecordPart(part, _)) => Reply::RecordFetch((**part).clone()),
        (Method::RecordDelete, Outcome::Done) => Reply::RecordDelete(Done {}),
        (Method::BoardInfo, Outcome::BoardInfo(info)) => Reply::BoardInfo((**info).clone()),
        (Method::BoardGetLine, Outcome::Line(line)) => Reply::BoardGetLine((**line).clone()),
        (Method::BoardSetLine, Outcome::Line(line)) => Reply::BoardSetLine((**line).clone()),
        (Method::BoardPulseLine, Outcome::Line(line)) => Reply::BoardPulseLine((**line).clone()),
        (Method::BoardSetLed, Outcome::Led(led)) => Reply::BoardSetLed((**led).clone()),
        (Method::BoardSetIrCut, Outcome::IrCut(filter)) => Reply::BoardSetIrCut(filter.clone()),
        (Method::BoardTemperature, Outcome::Temperatures(all)) => Reply::BoardTemperature(all.clone()),
        (Method::BoardThrottling, Outcome::Throttling(throttling)) => Reply::BoardThrottling(throttling.clone()),
        (Method::NetStatus, Outcome::Network(status)) => Reply::NetStatus((**status).clone()),
        (Method::NetProbe, Outcome::Probed(probed)) => Reply::NetProbe(probed.clone()),
        (Method::LogTail, Outcome::LogLines(lines)) => Reply::LogTail(lines.clone()),
        (Method::LogSetLevel, Outcome::LogLevels(levels)) => Reply::LogSetLevel(levels.clone()),
        (Method::StateGet, Outcome::State(document)) => Reply::StateGet((**document).clone()),
        (Method::StateSetDesired, Outcome::State(document)) => Reply::StateSetDesired((**document).clone()),
        (Method::UpdateCheck, Outcome::UpdateChecked(checked)) => Reply::UpdateCheck((**checked).clone()),
        (Method::UpdateInstall, Outcome::Started(job)) => Reply::UpdateInstall(Started { job: job.to_string() }),
        (Method::UpdateProgress, Outcome::UpdateProgress(progress)) => Reply::UpdateProgress((**progress).clone()),
        (Method::UpdateConfirm, Outcome::UpdateMarked(marked)) => Reply::UpdateConfirm(marked.clone()),
        (Method::UpdateRollback, Outcome::UpdateMarked(marked)) => Reply::UpdateRollback(marked.clone()),
        (Method::ConfigGet, Outcome::Settings(settings)) => Reply::ConfigGet((**settings).clone()),
        (Method::ConfigSet, Outcome::Changed(changed)) => Reply::ConfigSet((**changed).clone()),
        (Method::ConfigReset, Outcome::Changed(changed)) => Reply::ConfigReset((**changed).clone()),
        (Method::ConfigConfirm, Outcome::Done) => Reply::ConfigConfirm(Done {}),
        (Method::ConfigRollback, Outcome::Done) => Reply::ConfigRollback(Done {}),
        (Method::ViewerAddress, Outcome::ViewerAddress(address)) => Reply::ViewerAddress(address.clone()),
        (method, outcome) => {
            tracing::error!(method = method.name(), ?outcome, "an outcome that is not this method's");
            return Err(Refusal::new(
                Code::InternalError,
                format!("{} ended with an outcome that is not its own", method.name()),
            ));
        }
    };
    Ok(reply)
}

/// What a job tells of an outcome in the end. An outcome that a job's work can have gets its line here.
pub fn job_result(outcome: &Outcome) -> serde_json::Value {
    let value = match outcome {
        Outcome::UpdateProgress(progress) => serde_json::to_value(progress),
        _ => serde_json::to_value(Done {}),
    };
    value.unwrap_or_default()
}
