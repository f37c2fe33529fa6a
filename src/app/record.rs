//! The recorder as commands meet it: what is asked of its folder, and how it stands in the words of the command plane.

use std::os::unix::fs::FileExt;

use record::{Cause, Entry, Fault, Id, OpenError, Reason, Standing};
use tokio::sync::watch;
use wire::record::{List, Part, Recording, Status};

use super::uploads::UploadStanding;
use crate::control::{Failure, JPEG, MP4, Outcome, RecordAct};
use crate::recorder::Handle;

/// Tells the loop when something is recorded that was not, or no more.
pub struct Recorded(Option<watch::Receiver<bool>>);

impl Recorded {
    /// Of this recorder; nothing where there is none.
    pub fn of(recorder: Option<&Handle>) -> Self {
        Self(recorder.map(Handle::needed))
    }

    /// Waits for the next change.
    pub async fn next(&mut self) {
        if let Some(needed) = &mut self.0
            && needed.changed().await.is_ok()
        {
            return;
        }
        std::future::pending().await
    }
}

/// Does what is asked for; may wait for the medium, but not for one that hangs.
pub fn carry_out(recorder: &Handle, upload: Option<&UploadStanding>, act: RecordAct) -> Outcome {
    if let Some(why) = recorder.hang() {
        return Outcome::Failed(Failure::Device(why));
    }
    let changed = |standing: &Standing| Ok(Outcome::Recorder(Box::new(with_upload(status(standing), upload))));
    let done = match act {
        RecordAct::Start => changed(&recorder.start()),
        RecordAct::Stop => changed(&recorder.stop()),
        RecordAct::List { before, limit } => list(recorder, upload, before.as_deref(), limit as usize),
        RecordAct::Fetch { id, offset, length, thumbnail } => fetch(recorder, &id, (offset, length), thumbnail),
        RecordAct::Delete(id) => known(&id).and_then(|id| recorder.store().remove(id).map_err(failure)).map(|()| Outcome::Done),
    };
    done.unwrap_or_else(Outcome::Failed)
}

fn list(recorder: &Handle, upload: Option<&UploadStanding>, before: Option<&str>, limit: usize) -> Result<Outcome, Failure> {
    let before = before.map(known).transpose()?;
    // Before the folder is made there are none. That it is gone is told by the status.
    let none = |why: Fault| if why.is_missing() { Ok(Vec::new()) } else { Err(Failure::Device(why.to_string())) };
    let all = recorder.store().list().or_else(none)?;
    let bytes = all.iter().map(Entry::all_bytes).sum();
    let mut older = all.iter().rev().filter(|entry| before.is_none_or(|before| entry.id < before));
    let recordings = older.by_ref().take(limit).map(recording).collect();
    let more = older.next().is_some();
    let status = shown(recorder, upload);
    Ok(Outcome::Recordings(Box::new(List { recordings, more, bytes, most_bytes: recorder.most_bytes(), status })))
}

fn fetch(recorder: &Handle, id: &str, (offset, length): (u64, u64), thumbnail: bool) -> Result<Outcome, Failure> {
    let id = known(id)?;
    let (file, total, mime, end) = if thumbnail {
        let (file, total) = recorder.store().open_thumbnail(id).map_err(failure)?;
        (file, total, JPEG, "jpeg")
    } else {
        let (file, entry) = recorder.store().open(id).map_err(failure)?;
        (file, entry.bytes, MP4, "mp4")
    };
    if offset > total {
        return Err(Failure::OutOfRange(format!("{id} has {total} bytes; there is none from {offset} on")));
    }
    let mut bytes = vec![0; length.min(total - offset) as usize];
    file.read_exact_at(&mut bytes, offset).map_err(|why| Failure::Device(format!("could not read {id}: {why}")))?;
    let name = format!("{id}-{offset}.{end}");
    let part = Part { name, mime: mime.into(), offset, bytes: bytes.len() as u64, total, base64: None };
    Ok(Outcome::RecordPart(Box::new(part), bytes.into()))
}

fn known(id: &str) -> Result<Id, Failure> {
    id.parse().map_err(|why| Failure::Unknown(format!("`{}`: {why}; record.list tells which there are", wire::shown(id))))
}

fn failure(why: OpenError) -> Failure {
    match why {
        OpenError::Unknown(_) | OpenError::NoThumbnail(_) => Failure::Unknown(why.to_string()),
        OpenError::Writing(_) => Failure::NotAvailable(why.to_string()),
        OpenError::Fault(why) => Failure::Device(why.to_string()),
    }
}

/// How recorder and upload stand.
pub fn shown(recorder: &Handle, upload: Option<&UploadStanding>) -> Status {
    with_upload(status(&recorder.standing()), upload)
}

fn with_upload(status: Status, upload: Option<&UploadStanding>) -> Status {
    Status { upload: upload.map(UploadStanding::shown), ..status }
}

/// How the recorder stands.
pub fn status(standing: &Standing) -> Status {
    Status {
        recording: standing.wanted.is_some(),
        reason: standing.wanted.map(|(why, _)| reason(why)),
        writing: standing.writing.map(|id| id.to_string()),
        fault: standing.fault.clone(),
        cause: standing.cause.map(cause),
        upload: None,
    }
}

fn cause(cause: Cause) -> wire::record::Cause {
    match cause {
        Cause::Budget => wire::record::Cause::Budget,
        Cause::Medium => wire::record::Cause::Medium,
        Cause::Hangs => wire::record::Cause::Hangs,
    }
}

/// A cause as metrics say it.
pub fn word(cause: wire::record::Cause) -> &'static str {
    match cause {
        wire::record::Cause::Budget => "budget",
        wire::record::Cause::Medium => "medium",
        wire::record::Cause::Hangs => "hangs",
    }
}

fn recording(entry: &Entry) -> Recording {
    Recording {
        id: entry.id.to_string(),
        began_ms: entry.id.began_ms,
        reason: reason(entry.id.reason),
        bytes: entry.bytes,
        duration_ms: entry.duration.map(|duration| duration.as_millis() as u64),
        thumbnail_bytes: entry.thumbnail,
        uploaded: entry.uploaded,
    }
}

fn reason(reason: Reason) -> wire::record::Reason {
    use wire::record::Reason as Wire;
    match reason {
        Reason::Always => Wire::Always,
        Reason::Command => Wire::Command,
        Reason::Motion => Wire::Motion,
        Reason::Sound => Wire::Sound,
        Reason::Line => Wire::Line,
    }
}
