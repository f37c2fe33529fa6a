//! Streams over RTMP, from outside: the program as it ships, ffmpeg that pushes and plays, and users of the room.

mod garbage;
#[path = "../../../mixing/tests/recording/person.rs"]
#[allow(dead_code, reason = "the tests of mixing use more of it")]
mod person;
mod play;
mod publish;
mod refused;
mod stage;
