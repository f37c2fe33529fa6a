//! The list of all metrics: what Prometheus shows as help, and what a test compares with the sources.
//!
//! The parts count with `metrics::counter!` and know nothing of this list; it knows nothing of the parts but the names they
//! use. Units are in the name's last word, as Prometheus wants it: `_total`, `_seconds`, `_bytes`, `_ratio`.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use crate::version::VERSION;

/// What a metric does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often a value fell where.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub kind: Kind,
    /// What it says.
    pub help: &'static str,
}

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn histogram(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Histogram, help }
}

/// All metrics of all parts, by part.
#[rustfmt::skip]
pub const METRICS: &[Metric] = &[
    gauge("artc_build_info", "Always 1; the labels say which build this is."),

    counter("artc_capture_video_grabbed_total", "Frames that the camera or the pattern delivered."),
    counter("artc_capture_video_broken_total", "Frames that could not be read: short, corrupt, or marked so by the driver."),
    counter("artc_capture_video_dropped_total", "Frames that a newer one replaced before they were taken."),
    counter("artc_capture_video_pushed_total", "Frames that were taken for sending."),

    counter("artc_capture_audio_grabbed_total", "Blocks of sound that the microphone or the tone delivered."),
    counter("artc_capture_audio_silent_total", "Blocks of silence that stood in for sound which a lost or halting microphone did not deliver."),
    counter("artc_capture_audio_dropped_total", "Blocks of sound that newer ones pushed out before they were taken."),
    counter("artc_capture_audio_pushed_total", "Blocks of sound that were taken for sending."),
    counter("artc_capture_audio_overruns_total", "Times that the sound card's buffer ran over and was started anew."),
    counter("artc_capture_audio_restarts_total", "Times that a microphone that had halted was got going again."),
    counter("artc_speaker_taken_total", "Blocks of what others said that came to be played."),
    counter("artc_speaker_played_total", "Of these, blocks that the speaker was given."),
    counter("artc_speaker_dropped_total", "Of these, blocks that no speaker was there for, or that came faster than they are played."),
    counter("artc_speaker_underruns_total", "Times that the speaker ran dry while it played."),
    counter("artc_speaker_restarts_total", "Times that a speaker that had halted was got going again."),
    gauge("artc_speaker_delay_seconds", "How long sound takes through the speaker's sound card, as the card says."),
    gauge("artc_voice_echo_return_loss_db", "How much quieter the speaker's echo comes back to the microphone than it was played; not a number while that is not known."),
    gauge("artc_voice_echo_return_loss_enhancement_db", "How much of that echo is taken out before the sound is sent; not a number while none is."),
    gauge("artc_speaker_drift_ppm", "What the speaker's clock is faster than the system's by, in millionths; it is made up for."),

    counter("artc_uplink_pushed_total", "Pictures and blocks of sound that the engine took, by medium."),
    counter("artc_uplink_dropped_total", "Pictures and blocks of sound that the engine was not given or did not take, by medium and reason."),

    counter("artc_video_replaced_total", "Pictures that a newer one replaced before they were encoded."),
    counter("artc_video_broken_units_total", "Access units of a camera that could not be passed through."),
    counter("artc_video_small_units_total", "Access units of the camera's small stream that were encoded."),
    counter("artc_encode_buffers_total", "Buffers made for encoded pictures; grows at the start and then stays."),
    counter("artc_encode_device_damaged_total", "Pictures that a hardware encoder marked as damaged; each costs a key frame."),
    counter("artc_encode_device_failures_total", "Times that a hardware encoder failed and was given up for another one."),
    counter("artc_audio_refused_total", "Blocks of sound for which the encoder's queue had no room."),
    counter("artc_audio_encode_failures_total", "Blocks of sound that could not be encoded."),

    counter("artc_open_units_dropped_total", "Encoded pictures for which the network's queue had no room."),
    counter("artc_open_units_unsent_total", "Encoded pictures that came while there was nobody to send them to."),
    counter("artc_open_tracks_unconfirmed_total", "Tracks that the server did not confirm in time and that were announced again."),
    counter("artc_open_audio_unsent_total", "Encoded blocks of sound for which the network's queue had no room."),
    counter("artc_open_datagrams_unsent_total", "Datagrams that the system did not take."),
    counter("artc_open_searches_widened_total", "Times that UDP found no way to the server and TCP and relays were tried, too."),
    counter("artc_open_way_packets_dropped_total", "Packets for which a TCP connection or a relay had no room."),
    counter("artc_open_key_frame_requests_total", "Key frames that receivers asked for."),
    counter("artc_open_data_refused_total", "Data packets that could not be sent: no connection, too long, or too many."),
    counter("artc_open_data_garbage_total", "Data packets of others that could not be read."),
    counter("artc_open_signal_dropped_total", "Signalling frames for which the connection had no room."),
    counter("artc_open_signal_garbage_total", "Signalling frames of the server that could not be read."),
    counter("artc_open_media_lost_total", "Times that media stopped flowing while signalling was alive."),
    counter("artc_open_resumes_total", "Times that a lost connection was resumed."),
    counter("artc_open_rejoins_total", "Times that the channel was joined anew after a resume was not possible."),
    counter("artc_open_reconnect_failures_total", "Attempts to connect again that failed."),

    counter("artc_playout_dropped_total", "Packets of others' sound for which the mixer's queue had no room."),
    counter("artc_playout_broken_packets_total", "Packets of others' sound that could not be decoded, or are of no timeline."),
    counter("artc_playout_late_packets_total", "Packets of others' sound that came after their time."),
    counter("artc_playout_flushed_packets_total", "Packets of others' sound left out because too many waited."),
    counter("artc_playout_corrected_packets_total", "Lost packets of others' sound made from the correction in the next one."),
    counter("artc_playout_concealed_ms_total", "Milliseconds of others' sound made up where nothing had come."),
    counter("artc_playout_shortened_ms_total", "Milliseconds of others' sound left out, period by period, to shorten the delay."),
    counter("artc_playout_lengthened_ms_total", "Milliseconds added to others' sound, period by period, to lengthen the delay."),
    counter("artc_watch_dropped_total", "Others' encoded pictures for which the decoder's queue had no room."),
    counter("artc_watch_broken_units_total", "Others' encoded pictures that could not be decoded."),

    counter("artc_detection_pictures_total", "Pictures in which motion and tampering were looked for."),
    counter("artc_detected_total", "What was noticed, by `what`: motion, sound, tamper."),
    counter("artc_record_written_bytes_total", "Bytes written into recordings, all of the files."),
    counter("artc_record_media_bytes_total", "Bytes of pictures and sound among them."),
    counter("artc_record_dropped_total", "Pictures that found no room in the recorder's memory: the medium is too slow."),
    counter("artc_record_files_total", "Files of recordings that were ended."),
    gauge("artc_record_stands_still", "Whether nothing is recorded although it should be: 1 then, by `cause`: budget, medium, hangs."),
    counter("artc_upload_bytes_total", "Bytes of recordings sent to the bucket, whether it kept them or not."),
    counter("artc_upload_recordings_total", "Recordings that the bucket has, with their pictures."),
    counter("artc_upload_refused_total", "Tries that the bucket refused, by `reason`."),
    gauge("artc_upload_waiting", "Recordings that have ended and are not in the bucket."),

    counter("artc_control_requests_total", "Commands that were taken on, by method."),
    counter("artc_control_refused_total", "Commands that were refused, by the name of the error."),
    counter("artc_control_failed_total", "Commands that were taken on and then failed, by the name of the error."),
    counter("artc_control_repeated_total", "Commands that were sent once more with their id, and not run again."),
    counter("artc_control_pieces_dropped_total", "Pieces of long messages that came out of turn, or were too many."),
    counter("artc_control_jobs_total", "Jobs that were begun, by method."),
    counter("artc_control_late_total", "Outcomes that came after their command had timed out."),
    counter("artc_control_ignored_total", "Responses to requests that nobody sent."),
    counter("artc_control_silenced_total", "Messages of senders that go on flooding, which get no answer any more."),
    counter("artc_control_socket_refused_total", "Connections to the local socket beyond those that are served at once."),
    counter("artc_control_socket_unread_total", "Connections to the local socket closed because their replies were not read."),
    counter("artc_control_unsent_total", "Answers to commands that could not be sent."),
    counter("artc_board_presses_dropped_total", "Presses of buttons that came faster than they could be told."),
    gauge("artc_control_in_flight", "Commands that are being carried out."),
    histogram("artc_control_effect_seconds", "From command to outcome, by method."),

    gauge("artc_restart_info", "Always 1; the label says how the run before this one ended."),
    gauge("artc_safe_mode", "Whether the daemon holds back after too many ends that nobody asked for: 1 in safe mode."),
    counter("artc_loop_hangs_total", "Times that a loop of the daemon did not turn in time, by loop."),

    counter("artc_calls_taken_total", "Calls that the device joined."),
    counter("artc_calls_missed_total", "Calls that came while the device was away, as it was told afterwards."),
    counter("artc_calls_refused_total", "Messages of the broker that were not heeded, by reason."),
    counter("artc_calls_unsent_total", "Answers to calls for which the link to the broker had no room."),
    counter("artc_calls_outages_total", "Times that there was no connection to the broker, attempts included."),

    counter("artc_events_dropped_total", "Events of the engine that a newer one replaced before they were read, by class."),

    counter("artc_sdk_dropped_total", "Pictures and sound for which the vendor's SDK, or the memory shared with it, had no room."),
    counter("artc_sdk_restarts_total", "Times that the process of the vendor's SDK was started again."),

    counter("artc_rtc_data_dropped_total", "Lossy data packets, the oldest first, for which their channel's queue had no room, by channel."),
    counter("artc_rtc_data_refused_total", "Reliable data packets that were refused because their channel's queue was full."),
    counter("artc_rtc_local_frames_dropped_total", "Pictures and sound for which the link to the room of the same process had no room."),
    counter("artc_rtc_datagrams_refused_total", "Datagrams that were for a peer and made no sense to it."),

    gauge("artc_room_first_access_unit_seconds", "From the start of the process to the first whole picture in the room."),
    gauge("artc_room_rooms", "Rooms that are open."),
    gauge("artc_room_participants", "Participants, by room."),
    gauge("artc_room_peers", "Peer connections; a participant has one or two."),
    gauge("artc_room_tcp_connections", "Connections that carry media over TCP."),
    counter("artc_room_invitations_total", "Viewers who came with an address that lets several in."),
    counter("artc_room_joins_total", "Joins that were let in."),
    counter("artc_room_joins_refused_total", "Joins that were refused, by reason."),
    counter("artc_room_tokens_refused_total", "Access tokens that were refused, by reason."),
    counter("artc_room_resumes_total", "Lost signalling connections that were resumed."),
    counter("artc_room_resumes_refused_total", "Resumes that were refused, because the participant was gone."),
    counter("artc_room_timeouts_total", "Participants that were given up, by reason."),
    counter("artc_room_requests_refused_total", "Signalling requests that were refused, by reason."),
    counter("artc_room_frames_refused_total", "Signalling frames that could not be taken, by reason."),
    counter("artc_room_signals_slow_total", "Signalling connections closed because their frames were not read."),
    counter("artc_room_descriptions_refused_total", "Session offers and answers that could not be accepted, by kind."),
    counter("artc_room_sessions_refused_total", "WHIP and WHEP requests that were refused, by reason."),
    counter("artc_room_connections_refused_total", "Connections for HTTP, and for media over TCP, that were refused, by reason."),
    gauge("artc_room_tracks", "Tracks that are published."),
    counter("artc_room_calls_total", "RoomService calls."),
    counter("artc_room_calls_refused_total", "RoomService calls that were refused, by reason."),
    counter("artc_room_tracks_published_total", "Tracks that were published."),
    counter("artc_room_link_dropped_total", "Messages to an engine of the same process for which its link had no room."),
    counter("artc_room_packets_forwarded_total", "Media packets that were handed on, each receiver counted."),
    counter("artc_room_key_frames_wanted_total", "Key frames that receivers wanted."),
    counter("artc_room_key_frames_asked_total", "Key frames that publishers were asked for."),
    counter("artc_room_streams_paused_total", "Times that streams were paused for want of bandwidth."),
    counter("artc_room_data_relayed_total", "Data packets that were handed on."),
    counter("artc_room_data_refused_total", "Data packets that were not handed on, by reason."),
    counter("artc_room_data_replayed_total", "Reliable data packets sent again after a resume."),
    counter("artc_room_datagrams_received_total", "Datagrams that came."),
    counter("artc_room_datagrams_sent_total", "Datagrams that went."),
    counter("artc_room_bytes_received_total", "Bytes of the datagrams that came, and of the packets over TCP."),
    counter("artc_room_bytes_sent_total", "Bytes of those that went."),
    counter("artc_room_datagrams_dropped_total", "Datagrams that the system did not take."),
    counter("artc_room_datagrams_unknown_total", "Datagrams that belong to no peer."),
    counter("artc_room_receive_errors_total", "Errors of the media socket."),
];

/// Bounds of histograms that count seconds: from a tenth of a frame to an outage.
const SECONDS: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.033, 0.066, 0.125, 0.25, 0.5, 1.0, 5.0, 30.0];

pub(super) fn install() -> Result<PrometheusHandle, BuildError> {
    let handle =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?.install_recorder()?;
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => ::metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => ::metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => ::metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    let commit = VERSION.commit.unwrap_or("unknown");
    ::metrics::gauge!("artc_build_info", "version" => VERSION.version, "commit" => commit, "target" => VERSION.target).set(1.0);
    Ok(handle)
}
