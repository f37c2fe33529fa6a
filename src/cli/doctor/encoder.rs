//! The encoder: whether one can be made for the configured picture, and gives a picture that a decoder can start with.

use std::time::Duration;

use artc_open::encoder::{self, Choice, Encoded, Picture, Settings, Usage};
use media::Size;

use super::{Exit, Finding};
use crate::config::{Config, EngineKind};

pub(super) fn works(config: &Config) -> Option<Finding> {
    let about = "encoder";
    if config.engine.kind != EngineKind::Open {
        return None;
    }
    let choice = config.stream.encoder;
    let settings = Settings {
        // Encoders take whole pairs of pixels; a camera's size is made to fit before it comes here.
        size: Size::new(config.camera.width & !1, config.camera.height & !1),
        fps: config.camera.fps as f32,
        bitrate_bps: config.stream.bitrate_kbps.saturating_mul(1000),
        usage: Usage::Camera,
        key_interval: None,
    };
    let way_out = match choice {
        Choice::V4l2 => "set `stream.encoder` to \"auto\", which falls back to software",
        _ => "set a smaller `camera.width` and `camera.height`",
    };
    Some(match first_picture(choice, settings) {
        Ok(name) => Finding::ok(about, format!("{name}: {} at {} pictures a second", settings.size, settings.fps)),
        Err(why) => Finding::failure(about, Exit::Unavailable, why, way_out),
    })
}

/// Encodes one grey picture; the encoder's name, or why it did not work.
fn first_picture(choice: Choice, settings: Settings) -> Result<&'static str, String> {
    let mut encoder = encoder::open(choice, settings).map_err(|why| why.to_string())?;
    let (width, height) = (settings.size.width as usize, settings.size.height as usize);
    let grey = vec![0x80; width * height * 3 / 2];
    let picture = Picture::contiguous(&grey, settings.size, [width, width / 2, width / 2], Duration::ZERO);
    let picture = picture.ok_or_else(|| format!("{} is no size of a picture", settings.size))?;
    let mut unit = Vec::new();
    match encoder.encode(&picture, true, &mut unit).map_err(|why| why.to_string())? {
        Encoded::Unit { key: true } if !unit.is_empty() => Ok(encoder.name()),
        other => Err(format!("{} made no key frame of its first picture: {other:?}", encoder.name())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn the_software_encoder_works_everywhere_and_a_size_that_is_none_is_told() {
        let found = works(&Config::default()).expect("the open engine encodes");
        assert_eq!(found.level, Level::Ok, "{}", found.text);
        assert!(found.text.starts_with("openh264: 1280x720 at "), "{}", found.text);
        let mut config = Config::default();
        config.stream.encoder = Choice::OpenH264;
        config.camera.width = 8;
        config.camera.height = 0;
        let found = works(&config).expect("the open engine encodes");
        assert_eq!(found.level, Level::Failure);
        assert!(found.way_out.is_some());
    }
}
