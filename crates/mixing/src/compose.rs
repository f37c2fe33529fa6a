//! The mixed picture: every place gets the newest picture of its video, scaled and cropped. Only places whose video has a new picture are
//! painted again, and nothing is allocated for that.

use media::draw::{Canvas, Color, Rect};
use media::{Fit, Scaler, Size};

use crate::images::Stills;
use crate::layout::{Arrangement, Content, Crop, Image, Person, Place, Scene};
use crate::stage::{Newest, Stage};

/// Behind a user who sends no video and has no image.
const CARD: Color = Color::gray(48);
/// The name on it.
const NAME_LUMA: u8 = 200;

/// See the module. Pure but for its memory.
pub(crate) struct Composer {
    size: Size,
    scene: Scene,
    stills: Stills,
    arrangement: Arrangement,
    people: Vec<Person>,
    version: Option<u64>,
    spots: Vec<Spot>,
    /// Places lie on one another: all are painted when one is.
    layered: bool,
    background: Vec<u8>,
    canvas: Vec<u8>,
    scratch: Vec<u8>,
    scaler: Scaler,
}

/// A place, and what is painted there.
struct Spot {
    place: Place,
    painted: Painted,
    /// Tables for scaling are kept from picture to picture, so each place has its own.
    scaler: Scaler,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Painted {
    Nothing,
    Standing,
    Picture(u64),
}

impl Composer {
    pub(crate) fn new(size: Size, scene: Scene, stills: Stills) -> Self {
        let mut composer = Self {
            size,
            scene: Scene::default(),
            stills: Stills::new(),
            arrangement: Arrangement::default(),
            people: Vec::new(),
            version: None,
            spots: Vec::new(),
            layered: false,
            background: vec![0; size.i420_len()],
            canvas: vec![0; size.i420_len()],
            scratch: vec![0; size.i420_len()],
            scaler: Scaler::default(),
        };
        composer.set_scene(scene, stills);
        composer
    }

    /// Another layout from the next picture on.
    pub(crate) fn set_scene(&mut self, scene: Scene, stills: Stills) {
        let still = scene.background.as_ref().and_then(|image| stills.get(image));
        match still {
            Some(still) => still.cover(&mut self.scaler, self.size, &mut self.background),
            None => fill(self.size, &mut self.background, Color::BLACK),
        }
        (self.scene, self.stills, self.version) = (scene, stills, None);
    }

    /// Paints the picture of this moment; I420 of the composer's size.
    pub(crate) fn compose(&mut self, stage: &Stage) -> &[u8] {
        if self.version != Some(stage.version) {
            self.version = Some(stage.version);
            self.people = stage.people();
            let places = self.arrangement.places(&self.scene.layout, self.size, &self.people);
            self.layered = overlap(&places);
            self.spots = places.into_iter().map(Spot::new).collect();
            self.canvas.copy_from_slice(&self.background);
        }
        let due = |spot: &Spot| spot.due(stage) != spot.painted;
        if self.layered && self.spots.iter().any(due) {
            self.canvas.copy_from_slice(&self.background);
            self.spots.iter_mut().for_each(|spot| spot.painted = Painted::Nothing);
        }
        let mut spots = std::mem::take(&mut self.spots);
        for spot in &mut spots {
            let due = spot.due(stage);
            if spot.painted == due {
                continue;
            }
            let newest = stage_picture(stage, &spot.place);
            match newest {
                Some(newest) => self.paint(spot, newest),
                None => self.stand_in(&spot.place),
            }
            spot.painted = due;
        }
        self.spots = spots;
        &self.canvas
    }

    fn paint(&mut self, spot: &mut Spot, newest: &Newest) {
        let Rect { x, y, width, height } = spot.place.rect;
        let to = Size::new(width, height);
        let (inside, at) = match spot.place.crop {
            Crop::Fill => (to, (x, y)),
            Crop::Pad => {
                let inside = whole(newest.size, to);
                (inside, (x + (width - inside.width) / 4 * 2, y + (height - inside.height) / 4 * 2))
            }
        };
        if inside != to {
            self.put_background(spot.place.rect);
        }
        let bytes: &[u8] = (*newest.bytes).as_ref();
        let fit = if spot.place.crop == Crop::Fill { Fit::Crop } else { Fit::Stretch };
        let scaled = &mut self.scratch[..inside.i420_len()];
        if inside == newest.size {
            put(self.size, &mut self.canvas, inside, bytes, at);
        } else if spot.scaler.scale((newest.size, bytes), (inside, &mut *scaled), fit).is_ok() {
            put(self.size, &mut self.canvas, inside, scaled, at);
        }
    }

    /// What is seen of a place without video.
    fn stand_in(&mut self, place: &Place) {
        let Rect { x, y, width, height } = place.rect;
        let size = Size::new(width, height);
        let image = self.scene.image(&place.content).and_then(|image| self.stills.get(image));
        let scratch = &mut self.scratch[..size.i420_len()];
        match (image, &place.content) {
            (Some(still), _) => still.cover(&mut self.scaler, size, scratch),
            (None, Content::NoScreen) => return,
            (None, Content::User(user, _)) => {
                fill(size, scratch, CARD);
                if let Some(mut card) = Canvas::new(size, scratch) {
                    let scale = (width / (Canvas::text_width(user, 1) * 5 / 4).max(1)).clamp(1, height / 24 + 1);
                    let left = width.saturating_sub(Canvas::text_width(user, scale)) / 2;
                    card.text(left, height.saturating_sub(8 * scale) / 2, scale, user, NAME_LUMA);
                }
            }
        }
        put(self.size, &mut self.canvas, size, scratch, (x, y));
    }

    /// The background shows again where a picture leaves its place free.
    fn put_background(&mut self, rect: Rect) {
        let (stride, mut at) = (self.size.width as usize, 0);
        for shift in [0, 1, 1] {
            let (stride, rows) = (stride >> shift, (self.size.height >> shift) as usize);
            let (left, width) = ((rect.x >> shift) as usize, (rect.width >> shift) as usize);
            let (top, height) = ((rect.y >> shift) as usize, (rect.height >> shift) as usize);
            for row in top..top + height {
                let from = at + row * stride + left;
                self.canvas[from..from + width].copy_from_slice(&self.background[from..from + width]);
            }
            at += stride * rows;
        }
    }
}

impl Spot {
    fn new(place: Place) -> Self {
        Self { place, painted: Painted::Nothing, scaler: Scaler::default() }
    }

    /// What is to be seen there.
    fn due(&self, stage: &Stage) -> Painted {
        stage_picture(stage, &self.place).map_or(Painted::Standing, |newest| Painted::Picture(newest.number))
    }
}

impl Scene {
    /// What stands for content without video.
    fn image(&self, content: &Content) -> Option<&Image> {
        match content {
            Content::NoScreen => self.screen_image.as_ref(),
            Content::User(user, _) => {
                let own = self.user_images.iter().find(|(of, _)| of == user).map(|(_, image)| image);
                own.or(self.user_image.as_ref())
            }
        }
    }
}

fn stage_picture<'a>(stage: &'a Stage, place: &Place) -> Option<&'a Newest> {
    match &place.content {
        Content::User(user, video) => stage.newest(user, *video),
        Content::NoScreen => None,
    }
}

/// The largest even size of the shape of `shape` inside `room`.
fn whole(shape: Size, room: Size) -> Size {
    let (sw, sh) = (u64::from(shape.width), u64::from(shape.height));
    let (rw, rh) = (u64::from(room.width), u64::from(room.height));
    let even = |a: u64, b: u64, most: u64| ((a + b) / (2 * b) * 2).clamp(2, most) as u32;
    if rw * sh <= rh * sw { Size::new(room.width, even(rw * sh, sw, rh)) } else { Size::new(even(rh * sw, sh, rw), room.height) }
}

fn put(size: Size, canvas: &mut [u8], picture: Size, bytes: &[u8], (x, y): (u32, u32)) {
    if let Some(mut canvas) = Canvas::new(size, canvas) {
        canvas.paste(picture, bytes, x, y);
    }
}

fn fill(size: Size, out: &mut [u8], color: Color) {
    if let Some(mut canvas) = Canvas::new(size, out) {
        canvas.fill(Rect { x: 0, y: 0, width: size.width, height: size.height }, color);
    }
}

fn overlap(places: &[Place]) -> bool {
    let apart = |a: Rect, b: Rect| a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height;
    places.iter().enumerate().any(|(at, a)| places[..at].iter().any(|b| !apart(a.rect, b.rect)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use artc_bindings::{AudioTrack, VideoFrame, VideoFrameType, VideoH264Frame, VideoTrack, VideoTrackType};

    use super::*;
    use crate::images::Still;
    use crate::layout::{Layout, Pane, Side, Video};

    const SIZE: Size = Size::new(640, 480);

    /// A picture of one luma.
    fn frame(size: Size, luma: u8, track: VideoTrackType) -> VideoFrame {
        let mut bytes = vec![128; size.i420_len()];
        bytes[..size.area()].fill(luma);
        let (buf_size, width, height) = (bytes.len(), size.width, size.height);
        let frame = VideoH264Frame {
            frame_ms: 0,
            frame_num: 0,
            buf: Arc::new(bytes),
            buf_size,
            width,
            height,
            qp: 0,
            motion_vectors: Vec::new(),
            slice_type: 0,
            captured_at: None,
        };
        VideoFrame { track, kind: VideoFrameType::H264, frame }
    }

    fn luma(picture: &[u8], x: u32, y: u32) -> u8 {
        picture[(y * SIZE.width + x) as usize]
    }

    fn join(stage: &mut Stage, user: &str, video: VideoTrack) {
        stage.publishes(user, AudioTrack::Mic, video, Duration::ZERO);
    }

    #[test]
    fn each_tile_shows_the_newest_of_its_user_and_goes_with_him() {
        let mut stage = Stage::default();
        let mut composer = Composer::new(SIZE, Scene::default(), Stills::new());
        for n in 0..4u8 {
            join(&mut stage, &format!("u{n}"), VideoTrack::Camera);
            stage.picture(format!("u{n}"), frame(Size::new(320, 180), 10, VideoTrackType::CameraLarge));
            stage.picture(format!("u{n}"), frame(Size::new(160, 120), 50 * (n + 1), VideoTrackType::CameraLarge));
        }
        for _ in 0..2 {
            let picture = composer.compose(&stage);
            let seen = [(160, 120), (480, 120), (160, 360), (480, 360)].map(|(x, y)| luma(picture, x, y));
            assert_eq!(seen, [50, 100, 150, 200]);
            assert_eq!(
                [luma(picture, 0, 0), luma(picture, 319, 239), luma(picture, 320, 239)],
                [50, 50, 100],
                "filled to the edges"
            );
        }
        stage.publishes("u1", AudioTrack::No, VideoTrack::No, Duration::ZERO);
        assert_eq!(luma(composer.compose(&stage), 480, 120), 16, "background");
        join(&mut stage, "u9", VideoTrack::No);
        assert_eq!(luma(composer.compose(&stage), 322, 2), CARD.y, "who sends sound alone keeps a tile");
    }

    #[test]
    fn a_screen_is_whole_before_the_background_and_panes_lie_on_one_another() {
        let still = |luma: u8| {
            let mut bytes = vec![128; SIZE.i420_len()];
            bytes[..SIZE.area()].fill(luma);
            Still { size: SIZE, bytes }
        };
        let stills = || Stills::from([(Image("s3://b/back".into()), still(77)), (Image("s3://b/user".into()), still(99))]);
        let background = Some(Image("s3://b/back".into()));
        let user_image = Some(Image("s3://b/user".into()));
        let mut stage = Stage::default();
        join(&mut stage, "a", VideoTrack::Both);
        stage.picture("a".into(), frame(Size::new(640, 120), 200, VideoTrackType::Screenshare));
        let layout = Layout::ScreenShare { side: Side::Left, big: Some((None, Video::Screen)) };
        let scene = Scene { layout, background: background.clone(), user_image, ..Scene::default() };
        let mut composer = Composer::new(SIZE, scene, stills());
        let picture = composer.compose(&stage);
        assert_eq!([luma(picture, 240, 240), luma(picture, 0, 240), luma(picture, 240, 20)], [200, 200, 77]);
        assert_eq!(luma(picture, 600, 20), 99, "no picture of the camera yet: the user's image");

        let pane = |id, x, zorder, video| Pane {
            id,
            user: Some("a".into()),
            video,
            x,
            y: 0.0,
            width: 0.5,
            height: 1.0,
            zorder,
            crop: Crop::Fill,
        };
        let layout = Layout::Custom(vec![pane(1, 0.25, 2, Video::Camera), pane(2, 0.0, 1, Video::Screen)]);
        composer.set_scene(Scene { layout, background, ..Scene::default() }, stills());
        for camera in [60, 70] {
            stage.picture("a".into(), frame(Size::new(160, 120), camera, VideoTrackType::CameraLarge));
            let picture = composer.compose(&stage);
            assert_eq!(
                [luma(picture, 10, 240), luma(picture, 170, 240), luma(picture, 479, 240), luma(picture, 490, 240)],
                [200, camera, camera, 77]
            );
            stage.picture("a".into(), frame(Size::new(160, 120), 200, VideoTrackType::Screenshare));
            assert_eq!(luma(composer.compose(&stage), 170, 240), camera, "what is on top stays there");
        }
    }
}
