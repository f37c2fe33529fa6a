//! What the daemon does when its camera says something, and when the camera is open. Not for the camera itself: that is capture's.

use tokio::sync::{broadcast, mpsc};
use wire::event::Topic;

use super::deeds::{Finished, Purpose};
use super::facts;
use super::shell::Shell;
use crate::capture::video::{CameraEvent, Phase};
use crate::control::StreamChange;

impl Shell {
    pub(super) fn camera_event(
        &mut self,
        event: Result<CameraEvent, broadcast::error::RecvError>,
        finished: &mpsc::Sender<Finished>,
    ) {
        match event {
            Ok(CameraEvent::Control(control)) => {
                tracing::debug!(control = control.name, value = control.value, "camera control changed")
            }
            Ok(CameraEvent::Opened(open)) => self.board.camera(open),
            // Whoever lagged sees the present state like everybody else.
            _ => self.camera_state(finished),
        }
    }

    /// Follows the camera, which says by itself how it is.
    pub(super) fn camera_state(&mut self, finished: &mpsc::Sender<Finished>) {
        self.board.camera(self.parts.camera.is_open());
        let state = self.parts.camera.state();
        let source = facts::camera_status(&state);
        if state.phase != Phase::Starting && self.camera_told.replace(source.state).is_some_and(|told| told != source.state) {
            let letters = self.desk.tell(Topic::CameraChanged, || source);
            self.send_all(letters);
        }
        match state.phase {
            Phase::Starting => return,
            Phase::Lost(_) | Phase::NoSignal => self.camera_check.not_ready(&state.detail),
            _ => self.camera_check.ready(&state.detail),
        }
        self.follow_camera(&state);
        self.signal();
        let here = matches!(state.phase, Phase::Live | Phase::Pattern);
        if here && !std::mem::replace(&mut self.camera_here, here) {
            self.catch_up(Purpose::CatchUp(None), finished);
        }
        self.camera_here = here || self.camera_here && !matches!(state.phase, Phase::Lost(_) | Phase::NoSignal);
    }

    /// The camera is open while somebody watches, something is recorded, or its pictures are looked at.
    pub(super) fn open_camera(&self) {
        let recorded = self.parts.recorder.as_ref().is_some_and(|recorder| *recorder.needed().borrow());
        if self.books.watched || recorded || self.looks { self.parts.camera.open() } else { self.parts.camera.close() }
    }

    /// The encoder works at the size and rate that the camera really has.
    fn follow_camera(&mut self, state: &crate::capture::video::State) {
        let (Some(mode), Phase::Live | Phase::Pattern) = (state.mode, &state.phase) else { return };
        let fps = self.wishes.fps.min(mode.fps.fps() as f32);
        let change = StreamChange { size: Some((mode.size.width, mode.size.height)), fps: Some(fps), bitrate_kbps: None };
        self.wish(self.wishes.with(&change));
    }
}
