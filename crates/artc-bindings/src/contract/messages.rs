//! Messages: the data channel, the command plane, SEI.

use std::time::Duration;

use crate::channel::{ClientRole, JoinChannelConfig, PublishMode};
use crate::contract::stage::{Stage, Who, interactive, must, publishing, role, watching};
use crate::contract::{Case, Fault, Outcome};
use crate::engine::{MAX_DATA_BYTES, MAX_SEI_BYTES};
use crate::error::CallError;
use crate::event::Event;
use crate::extensions::MAX_COMMAND_BYTES;
use crate::frame::{DataChannelMsg, DataMsgType};

pub(super) const CASES: &[Case] = &[
    ("a data message reaches the others whole and in order", data_messages),
    ("a data message's type, network time and progress arrive as they were sent", data_fields),
    ("data messages need the switches of both sides", data_switches),
    ("a viewer gets data messages and may not send any", viewers_receive),
    ("a data message that is too long is refused with the limit", long_data),
    ("a command message reaches one user and nobody else", command_messages),
    ("a long command message arrives whole, one that is too long is refused with the limit", long_commands),
    ("participants are listed", participants),
    ("an SEI message reaches who watches, as often as asked", sei),
    ("an SEI message that is too long is refused", long_sei),
    ("the longest SEI message arrives as it was sent", longest_sei),
    ("an SEI message replaces the one before it", one_sei_in_flight),
    ("an SEI message waits as long as it is told to", late_sei),
    ("an empty SEI message and a count below -1 are refused", bad_sei),
];

pub(super) const ON: &str = r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#;

fn data_messages(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.publisher("cam")?, stage.publisher("other")?);
    stage.engine(cam).set_parameter(ON)?;
    stage.engine(other).set_parameter(ON)?;
    stage.wait(cam, "OnRemoteUserOnLineNotify", |e| matches!(e, Event::RemoteUserOnLineNotify { .. }).then_some(()))?;
    // The switch takes its way.
    stage.pass(Duration::from_millis(100));
    for n in 0..20_u8 {
        let msg = DataChannelMsg { kind: DataMsgType::Custom, network_time: 7, progress: 0, data: vec![n; 1000] };
        stage.engine(cam).send_data_channel_message(&msg)?;
    }
    for n in 0..20_u8 {
        let (uid, msg) = stage.wait(other, "OnDataChannelMsg", |event| match event {
            Event::DataChannelMsg { uid, msg } => Some((uid.clone(), msg.clone())),
            _ => None,
        })?;
        must(uid == "cam" && msg.data == [n; 1000], &format!("message {n} of {uid}: {} bytes", msg.data.len()))?;
    }
    let own = stage.told(cam).iter().any(|event| matches!(event, Event::DataChannelMsg { .. }));
    must(!own, "the sender got its own message")
}

fn data_fields(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.publisher("cam")?, stage.publisher("other")?);
    stage.engine(cam).set_parameter(ON)?;
    stage.engine(other).set_parameter(ON)?;
    stage.wait(cam, "OnRemoteUserOnLineNotify", |e| matches!(e, Event::RemoteUserOnLineNotify { .. }).then_some(()))?;
    // The switch takes its way.
    stage.pass(Duration::from_millis(100));
    let numbers = [(0, 0), (1_721_808_000_000, 37), (-1, -1), (i64::MAX, i32::MAX), (i64::MIN, i32::MIN)];
    for kind in DataMsgType::ALL {
        for (network_time, progress) in numbers {
            let sent = DataChannelMsg { kind: *kind, network_time, progress, data: b"fields".to_vec() };
            stage.engine(cam).send_data_channel_message(&sent)?;
            let came = stage.wait(other, "OnDataChannelMsg", |event| match event {
                Event::DataChannelMsg { msg, .. } => Some(msg.clone()),
                _ => None,
            })?;
            let told = |msg: &DataChannelMsg| format!("{msg:?} with progress {}", msg.progress);
            must(came == sent, &format!("{} came as {}", told(&sent), told(&came)))?;
        }
    }
    Ok(())
}

fn data_switches(stage: &mut Stage<'_>) -> Outcome {
    let (cam, other) = (stage.publisher("cam")?, stage.publisher("other")?);
    let answer = stage.engine(cam).send_data_channel_message(&DataChannelMsg::custom("early"));
    must(matches!(answer, Err(CallError::InvalidState { .. })), &format!("switched off: {answer:?}"))?;
    stage.engine(cam).set_parameter(ON)?;
    stage.wait(cam, "OnRemoteUserOnLineNotify", |e| matches!(e, Event::RemoteUserOnLineNotify { .. }).then_some(()))?;
    stage.engine(cam).send_data_channel_message(&DataChannelMsg::custom("unheard"))?;
    stage.pass(Duration::from_millis(300));
    let heard = |event: &Event| if let Event::DataChannelMsg { msg, .. } = event { Some(msg.data.clone()) } else { None };
    must(!stage.told(other).iter().any(|e| heard(e).is_some()), "a message came although receiving is off")?;
    stage.engine(other).set_parameter(ON)?;
    // The switch takes its way too.
    stage.pass(Duration::from_millis(100));
    stage.engine(cam).send_data_channel_message(&DataChannelMsg::custom("heard"))?;
    let data = stage.wait(other, "OnDataChannelMsg", heard)?;
    must(data == b"heard", "it is another message")
}

fn long_data(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    stage.engine(cam).set_parameter(ON)?;
    let answer = stage.engine(cam).send_data_channel_message(&DataChannelMsg::custom(vec![0; MAX_DATA_BYTES + 1]));
    let expected = (MAX_DATA_BYTES + 1, MAX_DATA_BYTES);
    must(matches!(answer, Err(CallError::MessageTooLong { len, limit, .. }) if (len, limit) == expected), &format!("{answer:?}"))
}

fn viewers_receive(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = (stage.actor("cam")?, stage.actor("viewer")?);
    let quiet = JoinChannelConfig { publish_mode: PublishMode::Manually, ..interactive() };
    for (who, as_role) in [(cam, ClientRole::Interactive), (viewer, ClientRole::Live)] {
        role(stage.engine(who), as_role)?;
        stage.engine(who).set_parameter(ON)?;
        stage.join(who, &quiet)?;
    }
    stage.wait(viewer, "OnRemoteUserOnLineNotify(cam)", |event| super::cases::online(event, "cam"))?;
    let answer = stage.engine(viewer).send_data_channel_message(&DataChannelMsg::custom("no"));
    must(matches!(answer, Err(CallError::InvalidState { .. })), &format!("a viewer sends: {answer:?}"))?;
    stage.pass(Duration::from_millis(100));
    stage.engine(cam).send_data_channel_message(&DataChannelMsg::custom("yes"))?;
    let is_message = |event: &Event| if let Event::DataChannelMsg { msg, .. } = event { Some(msg.data.clone()) } else { None };
    let heard = stage.wait(viewer, "OnDataChannelMsg", is_message)?;
    must(heard == b"yes", "it is another message")?;
    must(!stage.told(cam).iter().any(|event| is_message(event).is_some()), "a viewer's message came")
}

fn command_messages(stage: &mut Stage<'_>) -> Outcome {
    let (cam, app, third) = (stage.publisher("cam")?, stage.publisher("app")?, stage.publisher("third")?);
    if stage.engine(app).extensions().is_none() {
        return Err(Fault::Lacks("what lies beyond the documents"));
    }
    super::cases::knows(stage, app, "cam")?;
    super::cases::knows(stage, app, "third")?;
    let payload = br#"{"jsonrpc":"2.0","method":"device.info","id":1}"#;
    let sent = stage.engine(app).extensions().map(|extensions| extensions.send_command_message("cam", payload));
    sent.unwrap_or(Ok(()))?;
    let (uid, data) = stage.wait(cam, "CommandMessage", |event| match event {
        Event::CommandMessage { uid, data } => Some((uid.clone(), data.clone())),
        _ => None,
    })?;
    must(uid == "app" && data == payload, &format!("{} bytes of {uid}", data.len()))?;
    stage.pass(Duration::from_millis(200));
    for who in [app, third] {
        let heard = stage.told(who).iter().any(|event| matches!(event, Event::CommandMessage { .. }));
        must(!heard, "somebody else heard it")?;
    }
    Ok(())
}

fn long_commands(stage: &mut Stage<'_>) -> Outcome {
    let (cam, app) = (stage.publisher("cam")?, stage.publisher("app")?);
    if stage.engine(app).extensions().is_none() {
        return Err(Fault::Lacks("what lies beyond the documents"));
    }
    super::cases::knows(stage, app, "cam")?;
    let send = |stage: &Stage<'_>, data: &[u8]| {
        stage.engine(app).extensions().map_or(Ok(()), |extensions| extensions.send_command_message("cam", data))
    };
    // The short one first shows that the way is open: for somebody whose channel is not, LiveKit keeps 100 kB at most.
    let long: Vec<u8> = (0..100_000_u32).map(|number| b' ' + (number % 90) as u8).collect();
    for payload in [b"short".as_slice(), &long] {
        send(stage, payload)?;
        let data = stage.wait(cam, "CommandMessage", |event| match event {
            Event::CommandMessage { data, .. } => Some(data.clone()),
            _ => None,
        })?;
        must(data == payload, &format!("{} bytes came", data.len()))?;
    }
    let answer = send(stage, &vec![b' '; MAX_COMMAND_BYTES + 1]);
    let refused = matches!(answer, Err(CallError::MessageTooLong { limit: MAX_COMMAND_BYTES, .. }));
    must(refused, &format!("{answer:?}"))
}

fn participants(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    stage.wait(viewer, "OnRemoteUserOnLineNotify(cam)", |event| super::cases::online(event, "cam"))?;
    let Some(extensions) = stage.engine(viewer).extensions() else {
        return Err(Fault::Lacks("what lies beyond the documents"));
    };
    let names: Vec<_> = extensions.participants().into_iter().map(|p| p.identity).collect();
    must(names == ["cam"], &format!("{names:?}"))?;
    stage.leave(cam)?;
    stage.wait(viewer, "OnRemoteUserOffLineNotify(cam)", |event| super::cases::offline(event, "cam"))?;
    let left = stage.engine(viewer).extensions().map(|extensions| extensions.participants().len());
    must(left == Some(0), "somebody who left is listed")
}

fn sei(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    let picture = |event: &Event| matches!(event, Event::RemoteVideoSample { .. }).then_some(());
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", picture)?;
    stage.engine(cam).send_media_extension_msg(b"This is SEI message", 3, 0, false)?;
    for _ in 0..3 {
        let (user, message) = stage.wait_pushing(cam, viewer, "OnMediaExtensionMsgReceived", |event| match event {
            Event::MediaExtensionMsgReceived { user_id, message } => Some((user_id.clone(), message.clone())),
            _ => None,
        })?;
        must(user == "cam" && message == b"This is SEI message", &format!("{} bytes of {user}", message.len()))?;
    }
    Ok(())
}

/// The next SEI message that the viewer is told, while the camera sends pictures.
fn next_sei(stage: &mut Stage<'_>, cam: Who, viewer: Who) -> Result<Vec<u8>, super::Fault> {
    stage.wait_pushing(cam, viewer, "OnMediaExtensionMsgReceived", |event| match event {
        Event::MediaExtensionMsgReceived { message, .. } => Some(message.clone()),
        _ => None,
    })
}

fn watched_camera(stage: &mut Stage<'_>) -> Result<(Who, Who), super::Fault> {
    let cam = stage.publisher("cam")?;
    let viewer = stage.actor("viewer")?;
    stage.join(viewer, &watching())?;
    let picture = |event: &Event| matches!(event, Event::RemoteVideoSample { .. }).then_some(());
    stage.wait_pushing(cam, viewer, "OnRemoteVideoSample", picture)?;
    Ok((cam, viewer))
}

fn one_sei_in_flight(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = watched_camera(stage)?;
    stage.engine(cam).send_media_extension_msg(b"without end", -1, 0, false)?;
    for _ in 0..5 {
        must(next_sei(stage, cam, viewer)? == b"without end", "another message came")?;
    }
    stage.engine(cam).send_media_extension_msg(b"last", 0, 0, false)?;
    while next_sei(stage, cam, viewer)? != b"last" {}
    stage.engine(cam).send_media_extension_msg(b"end", 1, 0, false)?;
    must(next_sei(stage, cam, viewer)? == b"end", "what was replaced, or was to come once, came again")
}

fn late_sei(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = watched_camera(stage)?;
    let told = stage.elapsed();
    stage.engine(cam).send_media_extension_msg(b"later", 1, 1500, false)?;
    must(next_sei(stage, cam, viewer)? == b"later", "another message came")?;
    // The suite only counts its own steps, which take longer on a busy machine.
    let waited = stage.elapsed() - told;
    must(waited >= Duration::from_millis(150), &format!("it came after {waited:?}"))
}

fn longest_sei(stage: &mut Stage<'_>) -> Outcome {
    let (cam, viewer) = watched_camera(stage)?;
    // Bytes that an H.264 stream must not hold as they are.
    let message: Vec<u8> = (0..MAX_SEI_BYTES).map(|n| if n % 3 == 2 { 1 } else { 0 }).collect();
    stage.engine(cam).send_media_extension_msg(&message, 1, 0, false)?;
    must(next_sei(stage, cam, viewer)? == message, "it did not come as it was sent")
}

fn bad_sei(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.join(cam, &publishing())?;
    for (message, times) in [(&b""[..], 1), (b"x", -2), (b"x", i32::MIN)] {
        let answer = stage.engine(cam).send_media_extension_msg(message, times, 0, false);
        must(
            matches!(answer, Err(CallError::BadArgument { .. })),
            &format!("{} bytes, {times} times: {answer:?}", message.len()),
        )?;
    }
    Ok(())
}

fn long_sei(stage: &mut Stage<'_>) -> Outcome {
    let cam = stage.actor("cam")?;
    stage.join(cam, &publishing())?;
    stage.engine(cam).send_media_extension_msg(&[1; MAX_SEI_BYTES], 1, 0, false)?;
    let answer = stage.engine(cam).send_media_extension_msg(&[1; MAX_SEI_BYTES + 1], 1, 0, false);
    must(matches!(answer, Err(CallError::MessageTooLong { limit: MAX_SEI_BYTES, .. })), &format!("{answer:?}"))
}
