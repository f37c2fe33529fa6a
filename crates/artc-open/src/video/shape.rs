//! From the pushed picture's shape to the published one's: orientation, turning, mirroring, and what to do where both differ. Pure.

use artc_bindings::encoder::{MirrorMode, OrientationMode, RotationMode};
use artc_bindings::{RenderMode, VideoDataSample};
use media::Size;
use media::scale::Fit;
use media::turn::Turn;

/// How a track's pictures are to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// What to do where the pushed picture has another shape than the configured one. `Auto` keeps the pushed picture's.
    pub render: RenderMode,
    /// Which way up.
    pub orientation: OrientationMode,
    /// Mirrored left to right.
    pub mirror: MirrorMode,
    /// Turned clockwise.
    pub rotation: RotationMode,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            render: RenderMode::Auto,
            orientation: OrientationMode::Adaptive,
            mirror: MirrorMode::Disabled,
            rotation: RotationMode::NoChange,
        }
    }
}

/// What is to be done with one picture: scaled first, then turned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Size to scale to.
    pub scaled: Size,
    /// How, where that is another shape.
    pub fit: Fit,
    /// How to turn it then.
    pub turn: Turn,
    /// Size that comes out.
    pub size: Size,
}

impl Shape {
    /// The configured size is the published picture's shape, whatever is pushed.
    pub fn is_fixed(self) -> bool {
        self.render != RenderMode::Auto
    }

    /// What to do with a picture when at most `target` is to be sent; `None` = as it comes.
    pub(super) fn plan(self, sample: &VideoDataSample, target: Option<Size>) -> Plan {
        let own = u32::try_from(self.rotation.value()).unwrap_or(0);
        let turn = Turn::new(sample.rotation + own, self.mirror == MirrorMode::Enabled);
        let source = turn.size(Size::new(sample.width, sample.height).even());
        let size = target.map_or(source, |target| self.published(source, target));
        let fit = match self.render {
            RenderMode::Stretch => Fit::Stretch,
            RenderMode::Crop => Fit::Crop,
            RenderMode::Fill => Fit::Letterbox,
            // Nothing but a fixed orientation changes the shape here, and then nothing is to be lost; else only rounding differs.
            RenderMode::Auto if is_wide(size) == is_wide(source) => Fit::Stretch,
            RenderMode::Auto => Fit::Letterbox,
        };
        Plan { scaled: turn.size(size), fit, turn, size }
    }

    /// The published size of a picture of `source` (turned already), never enlarged.
    fn published(self, source: Size, target: Size) -> Size {
        let wide = match self.orientation {
            OrientationMode::Adaptive => is_wide(source),
            OrientationMode::FixedLandscape => true,
            OrientationMode::FixedPortrait => false,
        };
        if !self.is_fixed() && wide == is_wide(source) {
            return within(source, target);
        }
        let (long, short) = (target.width.max(target.height), target.width.min(target.height));
        let room = if wide { Size::new(long, short) } else { Size::new(short, long) };
        let across = f64::from(room.width) / f64::from(source.width.max(1));
        let down = f64::from(room.height) / f64::from(source.height.max(1));
        let enlarged = if self.render == RenderMode::Crop { across.max(down) } else { across.min(down) };
        scaled(room, 1.0 / enlarged.max(1.0))
    }
}

/// The largest size of the shape of `source` that neither it nor `target`, either way round, is smaller than.
fn within(source: Size, target: Size) -> Size {
    // Orientation of the source wins: a turned camera is no reason to stretch.
    let (long, short) = (target.width.max(target.height), target.width.min(target.height));
    let (source_long, source_short) = (source.width.max(source.height), source.width.min(source.height));
    if source_long <= long && source_short <= short {
        return source;
    }
    scaled(source, (f64::from(long) / f64::from(source_long)).min(f64::from(short) / f64::from(source_short)))
}

fn scaled(size: Size, by: f64) -> Size {
    let side = |s: u32| ((f64::from(s) * by / 2.0).round() as u32 * 2).max(16);
    if by == 1.0 { size } else { Size::new(side(size.width), side(size.height)) }
}

fn is_wide(size: Size) -> bool {
    size.width >= size.height
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn s(width: u32, height: u32) -> Size {
        Size::new(width, height)
    }

    fn plan(shape: Shape, pushed: Size, target: Size) -> Plan {
        let sample = VideoDataSample::i420(Arc::new(Vec::new()), pushed.width, pushed.height, 0, None);
        shape.plan(&sample, Some(target))
    }

    #[test]
    fn by_itself_a_picture_is_scaled_down_only_and_keeps_its_shape() {
        let size = |pushed, target| plan(Shape::default(), pushed, target).size;
        assert_eq!(size(s(1280, 720), s(1280, 720)), s(1280, 720));
        assert_eq!(size(s(640, 480), s(1280, 720)), s(640, 480));
        assert_eq!(size(s(1280, 720), s(640, 360)), s(640, 360));
        assert_eq!(size(s(720, 1280), s(640, 360)), s(360, 640));
        assert_eq!(size(s(640, 480), s(640, 360)), s(480, 360));
    }

    #[test]
    fn a_render_mode_gives_the_configured_shape_without_enlarging() {
        let with = |render, pushed, target| {
            let plan = plan(Shape { render, ..Shape::default() }, pushed, target);
            (plan.size, plan.fit)
        };
        assert_eq!(with(RenderMode::Fill, s(1280, 960), s(640, 360)), (s(640, 360), Fit::Letterbox));
        assert_eq!(with(RenderMode::Crop, s(1280, 960), s(640, 360)), (s(640, 360), Fit::Crop));
        assert_eq!(with(RenderMode::Stretch, s(1280, 960), s(640, 360)), (s(640, 360), Fit::Stretch));
        assert_eq!(with(RenderMode::Fill, s(320, 240), s(1280, 720)).0, s(426, 240));
        assert_eq!(with(RenderMode::Crop, s(320, 240), s(1280, 720)).0, s(320, 180));
        assert_eq!(with(RenderMode::Crop, s(480, 640), s(640, 360)).0, s(360, 640), "upright stays upright");
    }

    #[test]
    fn orientation_and_rotation_decide_which_way_up() {
        let upright = Shape { orientation: OrientationMode::FixedPortrait, ..Shape::default() };
        let bars = plan(upright, s(1280, 720), s(640, 360));
        assert_eq!((bars.size, bars.fit), (s(360, 640), Fit::Letterbox));
        assert_eq!(plan(upright, s(720, 1280), s(640, 360)).size, s(360, 640));
        let turned = Shape { rotation: RotationMode::Rotate90, ..upright };
        let plan = plan(turned, s(1280, 720), s(640, 360));
        assert_eq!((plan.scaled, plan.size, plan.turn), (s(640, 360), s(360, 640), Turn::new(90, false)));
        let mut sample = VideoDataSample::i420(Arc::new(Vec::new()), 1280, 720, 0, None);
        sample.rotation = 270;
        assert!(turned.plan(&sample, None).turn.is_none(), "both turns together are a whole one");
    }
}
