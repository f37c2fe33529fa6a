//! Why a camera did not do what it was asked.

use media::Size;

/// Why another camera was not taken into use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// No camera has this id.
    #[error("there is no camera `{}`", .id.chars().take(64).collect::<String>().escape_debug())]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// It cannot be had.
    #[error("camera not changed: {why}")]
    Failed {
        /// What is the matter with it.
        why: String,
    },
}

/// Why the mode was not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModeError {
    /// Not a size that the engine takes.
    #[error("{size} is not a picture size: even sides from 16, the longer at most 1920, the shorter at most 1088")]
    Size {
        /// What was asked for.
        size: Size,
    },
    /// Not a frame rate.
    #[error("the frame rate must be from 1 to 240")]
    Rate,
    /// The camera has nothing that fits.
    #[error("{why}")]
    NoMode {
        /// The refusal, naming the camera.
        why: String,
    },
    /// The camera does not answer.
    #[error("mode not changed: {why}")]
    NoCamera {
        /// What is the matter with it.
        why: String,
    },
}

/// Why there is no snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// Nothing was captured yet, or the camera is closed.
    #[error("no picture to take a snapshot of: {why}")]
    NoPicture {
        /// What the camera's state says.
        why: String,
    },
    /// The camera's latest key frame did not decode.
    #[error("snapshot: {why}")]
    Decode {
        /// The decoder's error.
        why: String,
    },
    /// The picture did not encode.
    #[error("snapshot: {why}")]
    Jpeg {
        /// The encoder's error.
        why: String,
    },
}
