//! The recorder by what a user finds in the folder: files are played by ffmpeg, which had no part in writing them.

mod cut;
mod media;
mod medium;
mod playing;
mod retention;
mod thumbnails;
mod trigger;
mod uploaded;
