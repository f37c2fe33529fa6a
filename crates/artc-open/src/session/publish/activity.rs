//! Whether what is published is needed now: muted or not, watched or not; the encoders and the daemon are told.

use artc_bindings::{Event, PublishState};
use rtc::proto;
use rtc::signal::Request;

use super::Watched;
use crate::command::Local;
use crate::session::Session;
use crate::video::StreamControl;

impl Session {
    pub(in crate::session) fn set_muted(&mut self, local: Local, muted: bool) {
        let track = self.publish.track(local);
        track.muted = muted;
        let sid = track.sid.clone();
        if !sid.is_empty() && self.online() {
            self.signal(Request::Mute(proto::MuteTrackRequest { sid, muted }));
        }
        self.refresh_activity();
    }

    /// The server muted us on somebody's request. Unmuting is ours alone.
    pub(in crate::session) fn muted_by_server(&mut self, sid: &str, muted: bool) {
        if let Some(track) = self.publish.tracks.iter_mut().find(|t| t.sid == sid && !sid.is_empty()) {
            track.muted = muted;
            self.refresh_activity();
        }
    }

    /// The server said who receives a track.
    pub(in crate::session) fn watched(&mut self, sid: &str, watched: Watched) {
        if let Some(track) = self.publish.tracks.iter_mut().find(|t| !sid.is_empty() && t.sid == sid) {
            track.watched = watched;
            self.publish.heard = true;
            self.refresh_activity();
        }
    }

    /// Tells the encoders whether to work, and the daemon whether to capture.
    pub(super) fn refresh_activity(&mut self) {
        let up = self.up();
        let mut published = 0;
        let mut watched = 0;
        let mut flows = false;
        for track in &self.publish.tracks {
            let (asked, muted) = (track.asked_at.is_some(), self.publish.section(track.local).muted);
            if asked && matches!(track.local, Local::Camera | Local::Screen) {
                published += 1;
                watched += usize::from(track.watched.any());
            }
            let active = up && asked && track.negotiated && self.publish.is_watched(track.local) && !muted;
            flows |= active && track.local != Local::Microphone;
            let stream = StreamControl { active, target: track.target };
            let (screen, settings) = (track.local == Local::Screen, track.settings);
            match self.video_input(track.local) {
                Some(input) => input.control(|control| {
                    control.streams[track.local.stream() as usize] = stream;
                    if track.local != Local::Small {
                        (control.screen, control.key_interval, control.shape) = (screen, settings.key_interval, settings.shape);
                    }
                }),
                None => self.setup.audio.set_active(active),
            }
        }
        self.pictures_flow(flows);
        let needed = published == 0 || watched > 0;
        // What everybody assumes until they are told otherwise is said, too, once the server has said it: nobody should have to guess
        // what was before the first change.
        let changed = match self.publish.needed {
            None => !needed || self.publish.heard,
            Some(told) => told != needed,
        };
        if changed {
            self.publish.needed = Some(needed);
            tracing::info!(needed, "somebody watches");
            self.event(Event::StreamNeeded(needed));
        }
        if published > 0 || up {
            self.check_published_later();
        }
    }

    pub(super) fn check_published_later(&mut self) {
        // The state event needs `now`; the next look has it.
        if self.publish.tracks.iter().any(|t| t.state == PublishState::Publishing) {
            self.publish.look = self.publish.look.or(Some(self.publish.tracks[0].since));
        }
    }
}
