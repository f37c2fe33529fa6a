//! Where which user stands in the mixed picture: what can be asked for. Pure.

mod place;
mod seats;

use std::collections::BTreeSet;

pub(crate) use place::{Arrangement, Content, Person, Place};

/// Panes of a custom layout at most, and its layers.
const MOST_PANES: usize = 25;
/// Users with a picture of their own at most.
const MOST_IMAGES: usize = 1000;

/// Which video of a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Video {
    /// `CAMERASTREAM`.
    #[default]
    Camera,
    /// `SCREENSTREAM`.
    Screen,
}

/// What becomes of a video whose shape is not the pane's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crop {
    /// `KEEP_RATIO_CROP`: the pane is filled, edges are cut off.
    #[default]
    Fill,
    /// `KEEP_RATIO_PADDING`: the whole video, background beside it.
    Pad,
}

/// On which side the big window of a screen-share layout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// `screen_share_left`.
    Left,
    /// `screen_share_right`.
    Right,
}

/// A pane of a custom layout, or the big window of a screen-share layout (only user and video count there).
#[derive(Clone, Debug, PartialEq)]
pub struct Pane {
    /// From 1, each once.
    pub id: u32,
    /// Whose video. Without one: of `Screen` whoever shares, of `Camera` the next user whom no pane names, in the order of joining.
    pub user: Option<String>,
    /// Which video.
    pub video: Video,
    /// Left edge as a part of the picture's width, 0.0 to 1.0.
    pub x: f64,
    /// Upper edge as a part of the picture's height, 0.0 to 1.0.
    pub y: f64,
    /// As a part of the picture's width; `x + width` is at most 1.0.
    pub width: f64,
    /// As a part of the picture's height; `y + height` is at most 1.0.
    pub height: f64,
    /// 0 is at the bottom, 24 on top; of equals the later pane is above.
    pub zorder: u32,
    /// How the video gets the pane's shape.
    pub crop: Crop,
}

/// How the users are laid out.
///
/// Source: SparkRTC's `layout_template` and `layout_panes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Layout {
    /// `nine_grids_view`: equal tiles, at most 25.
    #[default]
    Grid,
    /// A big window and the others beside it, at most 17 pictures.
    ScreenShare {
        /// Where the big window is.
        side: Side,
        /// What it shows: a user's video; without a user, whoever shares a screen.
        big: Option<(Option<String>, Video)>,
    },
    /// Free panes, at most 25.
    Custom(Vec<Pane>),
}

/// A picture that was put into the store before: `s3://BUCKET/OBJECT`; JPEG or PNG.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Image(pub String);

/// A layout and what is seen where no video is. Images are scaled and cropped to cover their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scene {
    /// Where the users are.
    pub layout: Layout,
    /// `background_image`, behind everything; without one it is black.
    pub background: Option<Image>,
    /// `default_user_background_image`: in the tile of a user who sends no video.
    pub user_image: Option<Image>,
    /// `user_background_images`: the same of one user, by user id.
    pub user_images: Vec<(String, Image)>,
    /// `screen_background_image`: in the big window while nothing is shared.
    pub screen_image: Option<Image>,
}

/// What of a layout cannot be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BadLayout {
    /// Too many panes, or none.
    #[error("a custom layout has 1 to {MOST_PANES} panes, not {0}")]
    Panes(usize),
    /// An id that is 0 or there twice.
    #[error("pane id {0}: ids begin at 1, and each is there once")]
    Id(u32),
    /// Outside the picture, or nothing of it.
    #[error(
        "pane {id}: {field} is {value}; x, y, width and height are parts of the picture from 0.0 to 1.0, and a pane ends inside it"
    )]
    Place {
        /// Of the pane.
        id: u32,
        /// Which of the four.
        field: &'static str,
        /// What it is.
        value: f64,
    },
    /// A layer that there is not.
    #[error("pane {id}: zorder is {zorder}, from 0 to {} are possible", MOST_PANES - 1)]
    ZOrder {
        /// Of the pane.
        id: u32,
        /// What it is.
        zorder: u32,
    },
    /// No address of an object in a bucket.
    #[error("{0:?} is no image in the bucket: write s3://BUCKET/OBJECT")]
    Image(String),
    /// More images than anybody needs.
    #[error("at most {MOST_IMAGES} users can have an image of their own, not {0}")]
    Images(usize),
}

impl Image {
    /// The bucket and the object.
    pub fn parts(&self) -> Option<(&str, &str)> {
        let (bucket, object) = self.0.strip_prefix("s3://")?.split_once('/')?;
        let fine = !bucket.is_empty() && self.0.len() <= 1024 && super::files::is_object_name(object);
        fine.then_some((bucket, object))
    }
}

impl Scene {
    /// Whether it can be shown.
    pub fn check(&self) -> Result<(), BadLayout> {
        if let Layout::Custom(panes) = &self.layout {
            if panes.is_empty() || panes.len() > MOST_PANES {
                return Err(BadLayout::Panes(panes.len()));
            }
            let mut ids = BTreeSet::new();
            for pane in panes {
                if pane.id == 0 || !ids.insert(pane.id) {
                    return Err(BadLayout::Id(pane.id));
                }
                pane.check()?;
            }
        }
        if self.user_images.len() > MOST_IMAGES {
            return Err(BadLayout::Images(self.user_images.len()));
        }
        self.images().try_for_each(|image| image.parts().map(|_| ()).ok_or_else(|| BadLayout::Image(image.0.clone())))
    }

    /// All images that are named.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        let general = [&self.background, &self.user_image, &self.screen_image].into_iter().flatten();
        general.chain(self.user_images.iter().map(|(_, image)| image))
    }
}

impl Pane {
    fn check(&self) -> Result<(), BadLayout> {
        let bad = |field, value| Err(BadLayout::Place { id: self.id, field, value });
        for (field, value) in [("x", self.x), ("y", self.y), ("width", self.width), ("height", self.height)] {
            if !(0.0..=1.0).contains(&value) {
                return bad(field, value);
            }
        }
        // Thirds do not add up to one exactly.
        const CLOSE: f64 = 1.0 + 1e-6;
        for (field, at, long) in [("width", self.x, self.width), ("height", self.y, self.height)] {
            if long == 0.0 || at + long > CLOSE {
                return bad(field, long);
            }
        }
        if self.zorder as usize >= MOST_PANES {
            return Err(BadLayout::ZOrder { id: self.id, zorder: self.zorder });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pane(id: u32) -> Pane {
        let (user, video, crop) = (None, Video::Camera, Crop::Fill);
        Pane { id, user, video, x: 0.5, y: 0.0, width: 0.5, height: 1.0, zorder: 0, crop }
    }

    fn check(change: impl FnOnce(&mut Pane)) -> Result<(), BadLayout> {
        let mut one = pane(1);
        change(&mut one);
        Scene { layout: Layout::Custom(vec![pane(2), one]), ..Scene::default() }.check()
    }

    #[test]
    fn a_layout_that_cannot_be_is_refused_with_its_pane_and_field() {
        assert_eq!(check(|_| {}), Ok(()));
        assert_eq!(check(|pane| pane.id = 2), Err(BadLayout::Id(2)));
        assert_eq!(check(|pane| pane.id = 0), Err(BadLayout::Id(0)));
        for (change, field) in [
            (Box::new(|pane: &mut Pane| pane.x = -0.1) as Box<dyn Fn(&mut Pane)>, "x"),
            (Box::new(|pane: &mut Pane| pane.y = f64::NAN), "y"),
            (Box::new(|pane: &mut Pane| pane.width = 0.6), "width"),
            (Box::new(|pane: &mut Pane| pane.height = 0.0), "height"),
        ] {
            let error = check(change).unwrap_err();
            assert!(matches!(error, BadLayout::Place { id: 1, field: found, .. } if found == field), "{error}");
        }
        assert_eq!(check(|pane| pane.zorder = 25), Err(BadLayout::ZOrder { id: 1, zorder: 25 }));
        let scene = |layout| Scene { layout, ..Scene::default() };
        assert_eq!(scene(Layout::Custom(Vec::new())).check(), Err(BadLayout::Panes(0)));
        assert_eq!(scene(Layout::Custom((1..27).map(pane).collect())).check(), Err(BadLayout::Panes(26)));
    }

    #[test]
    fn an_image_is_an_object_in_a_bucket_and_no_way_out_of_it() {
        assert_eq!(Image("s3://bucket/a/b.png".into()).parts(), Some(("bucket", "a/b.png")));
        for bad in ["", "s3://", "s3://b", "s3://b/", "s3:///b", "http://b/c", "s3://b/../c", "s3://b//c", "s3://b/c\n"] {
            let scene = Scene { background: Some(Image(bad.into())), ..Scene::default() };
            assert_eq!(scene.check(), Err(BadLayout::Image(bad.into())));
        }
    }
}
