//! Streams over RTMP, from outside: the program as it ships, ffmpeg that pushes and plays, and users of the room.

mod garbage;
mod play;
mod publish;
mod refused;
mod stage;
