//! What the session wants done: carried out at once, in order.

use artc_bindings::{AudioFormat, JoinChannelConfig, VideoFormat, VideoTranscodingCodec};
use rtc::local::ToRoom;

use super::Net;
use super::local::Stay;
use super::signal::Signal;
use crate::audio::{PlayoutSettings, SoundPacket};
use crate::session::{Arrived, Connect, Output, PeerKind, RemoteMedia};
use crate::video::WatchSettings;

impl Net {
    pub(super) fn tell_room(&mut self, message: ToRoom) {
        if let Some(lost) = self.stay.as_mut().and_then(|stay| stay.send(message)) {
            self.session.frame_refused(&lost);
        }
    }

    /// Does everything that the session wants done now.
    pub(super) fn carry_out(&mut self) {
        let now = self.clock.now();
        while let Some(output) = self.session.poll(now) {
            match output {
                Output::Transmit(kind, transmit) => self.transmit(kind, &transmit),
                Output::Signal(frame) => {
                    if self.stay.is_some() {
                        self.tell_room(ToRoom::Signal(frame));
                    } else if let Some(signal) = &self.signal {
                        signal.send(frame);
                    }
                }
                Output::Room(message) => self.tell_room(message),
                Output::Connect(connect) => self.connect(connect),
                Output::Disconnect => self.disconnect(),
                Output::Loss(share) => (self.on_loss)(share),
                Output::Arrived(arrived) => self.arrived(arrived),
                Output::Listen(join) => self.listen(join),
                Output::IceServers(servers) => {
                    self.reflexive.forget();
                    self.ways.servers(&servers);
                }
                Output::Dial(kind, to) => self.ways.dial(kind, to),
                Output::Relay(kind) => self.ways.relay(kind),
                Output::Renewed => self.ways.close(),
            }
        }
        if !self.session.busy() && self.addresses_at.take().is_some() {
            self.ways.close();
            self.reflexive.forget();
            self.sockets.close();
            self.session.set_candidates(Vec::new(), now);
        }
    }

    fn connect(&mut self, connect: Connect) {
        let Some(room) = &self.options.local else {
            self.signal = Some(Signal::open(&self.options, connect, self.news.clone()));
            return;
        };
        let (attempt, now) = (connect.attempt, self.clock.now());
        match Stay::begin(&**room, &connect) {
            Ok(stay) => {
                self.stay = Some(stay);
                self.session.signal_opened(attempt, now);
            }
            Err(error) => self.session.signal_failed(attempt, &error, now),
        }
    }

    fn transmit(&mut self, kind: PeerKind, transmit: &rtc::Transmit) {
        let plain = transmit.proto == rtc::Protocol::Udp && self.sockets.has(kind, transmit.source);
        let sent = if plain {
            self.sockets.send(kind, transmit.source, transmit.destination, &transmit.contents)
        } else {
            self.ways.send(kind, transmit)
        };
        if sent {
            self.shared.network.sent(transmit.contents.len());
        }
    }

    /// Begins or ends handing out what others send.
    fn listen(&mut self, join: Option<Box<JoinChannelConfig>>) {
        let format = join.as_ref().map_or(AudioFormat::None, |j| j.subscribe_audio_format);
        self.playout.settings(PlayoutSettings { format, ..self.sound });
        let observer = self.observer;
        let decoded = observer != Some(VideoTranscodingCodec::H264);
        self.watch.settings(match join {
            Some(join) => WatchSettings {
                decoded: decoded && join.subscribe_video_format == VideoFormat::H264,
                encoded: matches!(observer, Some(VideoTranscodingCodec::H264 | VideoTranscodingCodec::BothYuvAndH264)),
            },
            None => WatchSettings::default(),
        });
    }

    fn arrived(&mut self, arrived: Arrived) {
        if arrived.media == RemoteMedia::Sound {
            let Arrived { uid, sid, frame, .. } = arrived;
            let (time, data, arrived, captured, level) = (frame.time, frame.data, self.clock.now(), frame.captured, frame.level);
            return self.playout.packet(SoundPacket { uid, sid, time, data, arrived, captured, level });
        }
        self.watch.unit(arrived, self.clock.now());
    }
}
