//! Where everybody's video stands at the moment. Pure.
//!
//! The documents show geometry in pictures only. Here a grid has as many columns and rows as the smallest square that holds all; beside
//! a big window small ones of the picture's own shape stand in one column, or from the ninth on in two.

use media::Size;
use media::draw::Rect;

use super::seats::Seats;
use super::{Crop, Layout, Pane, Side, Video};

/// Small windows beside the big one at most.
const SMALL: usize = 16;
/// Small windows in a column at most; and at least so many would fit, so that few are no giants.
const COLUMN: usize = 8;
const LEAST: usize = 4;
/// Tiles of a grid at most.
const GRID: usize = 25;

/// A user in the channel who publishes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// User id.
    pub user: String,
    /// Sends a camera.
    pub camera: bool,
    /// Shares a screen.
    pub screen: bool,
}

impl Person {
    /// What is shown of somebody of whom any video will do.
    fn any(&self) -> Video {
        if self.screen && !self.camera { Video::Screen } else { Video::Camera }
    }
}

/// What a place shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A user's video, or what stands for it while there is none.
    User(String, Video),
    /// The big window while there is nothing to show in it.
    NoScreen,
}

/// A place in the picture. Places come in the order of painting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Where, on even pixels, inside the picture.
    pub rect: Rect,
    /// What.
    pub content: Content,
    /// How it gets the place's shape.
    pub crop: Crop,
}

/// Knows who has which seat, and so what stands where.
#[derive(Debug, Default)]
pub struct Arrangement {
    seats: Seats,
}

impl Arrangement {
    /// Where `people`, in the order of joining, stand in a picture of `size`.
    pub fn places(&mut self, layout: &Layout, size: Size, people: &[Person]) -> Vec<Place> {
        match layout {
            Layout::Grid => self.grid(size, people),
            Layout::ScreenShare { side, big } => self.share(size, people, *side, big.as_ref()),
            Layout::Custom(panes) => self.custom(size, people, panes),
        }
    }

    fn grid(&mut self, size: Size, people: &[Person]) -> Vec<Place> {
        let columns = (1usize..).find(|n| n * n >= people.len().clamp(1, GRID)).unwrap_or(5);
        self.seats.seat(people.iter().map(|person| person.user.as_str()), columns * columns);
        let part = |n: usize| n as f64 / columns as f64;
        let rect = |seat: usize| {
            let (column, row) = (seat % columns, seat / columns);
            rect(size, [part(column), part(row), part(column + 1), part(row + 1)])
        };
        self.seated(people, rect)
    }

    fn share(&mut self, size: Size, people: &[Person], side: Side, big: Option<&(Option<String>, Video)>) -> Vec<Place> {
        let shown = big.and_then(|(user, video)| {
            let sends = |person: &&Person| match video {
                Video::Camera => true,
                Video::Screen => person.screen,
            };
            let named = |person: &&Person| user.as_ref().map_or(*video == Video::Screen, |user| *user == person.user);
            people.iter().filter(sends).find(named).map(|person| (person.user.clone(), *video))
        });
        // Whose camera is big has no small one as well.
        let is_big =
            |person: &Person| shown.as_ref().is_some_and(|(user, video)| *user == person.user && *video == Video::Camera);
        let small: Vec<Person> = people.iter().filter(|person| !is_big(person)).cloned().collect();
        let columns = if small.len() > COLUMN { 2 } else { 1 };
        let rows = small.len().clamp(LEAST, COLUMN);
        self.seats.seat(small.iter().map(|person| person.user.as_str()), (columns * rows).min(SMALL));
        let wide = columns as f64 / rows as f64;
        let (big_at, small_at) = match side {
            Side::Left => (0.0, 1.0 - wide),
            Side::Right => (wide, 0.0),
        };
        let content = shown.map_or(Content::NoScreen, |(user, video)| Content::User(user, video));
        let mut places = vec![Place { rect: rect(size, [big_at, 0.0, big_at + 1.0 - wide, 1.0]), content, crop: Crop::Pad }];
        let part = |n: usize| n as f64 / rows as f64;
        places.extend(self.seated(&small, |seat| {
            let (column, row) = (seat / rows, seat % rows);
            rect(size, [small_at + part(column), part(row), small_at + part(column + 1), part(row + 1)])
        }));
        places
    }

    fn custom(&mut self, size: Size, people: &[Person], panes: &[Pane]) -> Vec<Place> {
        let named = |person: &&Person| panes.iter().any(|pane| pane.user.as_deref() == Some(person.user.as_str()));
        let free = panes.iter().filter(|pane| pane.user.is_none() && pane.video == Video::Camera).count();
        self.seats.seat(people.iter().filter(|person| !named(person)).map(|person| person.user.as_str()), free);
        let mut seat = 0;
        let mut layers: Vec<(u32, Place)> = Vec::new();
        for pane in panes {
            let user = match (&pane.user, pane.video) {
                (Some(user), _) => people.iter().find(|person| person.user == *user).map(|person| person.user.clone()),
                (None, Video::Screen) => people.iter().find(|person| person.screen).map(|person| person.user.clone()),
                (None, Video::Camera) => {
                    seat += 1;
                    self.seats.who(seat - 1).map(str::to_owned)
                }
            };
            let rect = rect(size, [pane.x, pane.y, pane.x + pane.width, pane.y + pane.height]);
            if let Some(user) = user {
                layers.push((pane.zorder, Place { rect, content: Content::User(user, pane.video), crop: pane.crop }));
            }
        }
        layers.sort_by_key(|(zorder, _)| *zorder);
        layers.into_iter().map(|(_, place)| place).collect()
    }

    /// Everybody who has a seat, where `rect` says.
    fn seated(&self, people: &[Person], rect: impl Fn(usize) -> Rect) -> Vec<Place> {
        let place = |(seat, user): (usize, &str)| {
            let person = people.iter().find(|person| person.user == user)?;
            Some(Place { rect: rect(seat), content: Content::User(user.to_owned(), person.any()), crop: Crop::Fill })
        };
        self.seats.taken().filter_map(place).collect()
    }
}

/// The rectangle from left, top to right, bottom in parts of the picture: on even pixels, so that neighbours touch and do not overlap.
fn rect(size: Size, [left, top, right, bottom]: [f64; 4]) -> Rect {
    let even = |part: f64, long: u32| ((part * f64::from(long) / 2.0).round() as u32 * 2).min(long);
    let (x, y) = (even(left, size.width).min(size.width - 2), even(top, size.height).min(size.height - 2));
    let (right, bottom) = (even(right, size.width).max(x + 2), even(bottom, size.height).max(y + 2));
    Rect { x, y, width: right - x, height: bottom - y }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const SIZE: Size = Size::new(1280, 720);

    fn person(n: usize) -> Person {
        Person { user: format!("user-{n}"), camera: !n.is_multiple_of(3), screen: false }
    }

    fn users(places: &[Place]) -> Vec<&str> {
        places
            .iter()
            .filter_map(|place| if let Content::User(user, _) = &place.content { Some(user.as_str()) } else { None })
            .collect()
    }

    fn overlap(a: Rect, b: Rect) -> bool {
        a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
    }

    fn inside(place: &Place, size: Size) -> bool {
        let Rect { x, y, width, height } = place.rect;
        width > 0
            && height > 0
            && x + width <= size.width
            && y + height <= size.height
            && [x, y, width, height].iter().all(|n| n % 2 == 0)
    }

    fn people(from: impl IntoIterator<Item = usize>) -> Vec<Person> {
        from.into_iter().map(person).collect()
    }

    #[test]
    fn a_grid_grows_in_squares_and_fills_by_rows() {
        for (count, columns) in [(1, 1), (2, 2), (4, 2), (5, 3), (9, 3), (10, 4), (16, 4), (17, 5), (25, 5), (30, 5)] {
            let places = Arrangement::default().places(&Layout::Grid, SIZE, &people(0..count));
            assert_eq!(places.len(), count.min(25));
            for (seat, place) in places.iter().enumerate() {
                assert!(place.rect.x.abs_diff((seat as u32 % columns) * SIZE.width / columns) < 2, "{count}: {seat}");
                assert!(place.rect.y.abs_diff((seat as u32 / columns) * SIZE.height / columns) < 2);
                assert_eq!(place.crop, Crop::Fill);
            }
        }
    }

    #[test]
    fn a_leaver_is_replaced_by_the_next_comer_and_nobody_else_moves() {
        let mut arrangement = Arrangement::default();
        arrangement.places(&Layout::Grid, SIZE, &people(0..9));
        let before = arrangement.places(&Layout::Grid, SIZE, &people([0, 1, 2, 4, 5, 6, 7, 8]));
        let after = arrangement.places(&Layout::Grid, SIZE, &people([0, 1, 2, 4, 5, 6, 7, 8, 20]));
        assert_eq!(users(&after)[3], "user-20");
        assert!(before.iter().all(|place| after.contains(place)));
    }

    #[test]
    fn a_shared_screen_is_big_whole_and_on_its_side() {
        let mut crowd = people(0..5);
        crowd[2].screen = true;
        for (side, x) in [(Side::Left, 0), (Side::Right, SIZE.width / 5)] {
            let layout = Layout::ScreenShare { side, big: Some((None, Video::Screen)) };
            let places = Arrangement::default().places(&layout, SIZE, &crowd);
            assert_eq!(places[0].content, Content::User("user-2".into(), Video::Screen));
            assert_eq!((places[0].crop, places[0].rect.x, places[0].rect.height), (Crop::Pad, x, SIZE.height));
            assert_eq!(users(&places[1..]), ["user-0", "user-1", "user-2", "user-3", "user-4"], "by the order of joining");
            let gone = Arrangement::default().places(&layout, SIZE, &people(0..5));
            assert_eq!(gone[0].content, Content::NoScreen);
        }
        let layout = Layout::ScreenShare { side: Side::Left, big: Some((Some("user-3".into()), Video::Camera)) };
        let places = Arrangement::default().places(&layout, SIZE, &people(0..30));
        assert_eq!((places.len(), users(&places)[0]), (17, "user-3"));
        assert_eq!(users(&places).iter().filter(|user| **user == "user-3").count(), 1);
    }

    #[test]
    fn panes_lie_by_zorder_and_free_ones_take_who_is_not_named() {
        let pane = |id, user: Option<&str>, zorder| Pane {
            id,
            user: user.map(str::to_owned),
            video: Video::Camera,
            x: 0.25,
            y: 0.5,
            width: 0.5,
            height: 0.25,
            zorder,
            crop: Crop::Pad,
        };
        let layout = Layout::Custom(vec![pane(1, None, 3), pane(2, Some("user-0"), 1), pane(3, None, 0)]);
        let places = Arrangement::default().places(&layout, SIZE, &people(0..3));
        assert_eq!(users(&places), ["user-2", "user-0", "user-1"]);
        assert_eq!(places[0].rect, Rect { x: 320, y: 360, width: 640, height: 180 });
    }

    fn any_layout() -> impl Strategy<Value = Layout> {
        let big = proptest::option::of((
            proptest::option::of((0usize..30).prop_map(|n| format!("user-{n}"))),
            prop_oneof![Just(Video::Camera), Just(Video::Screen)],
        ));
        prop_oneof![
            Just(Layout::Grid),
            (prop_oneof![Just(Side::Left), Just(Side::Right)], big).prop_map(|(side, big)| Layout::ScreenShare { side, big }),
        ]
    }

    proptest! {
        /// However people come and go: places lie inside the picture and never on one another, as many are shown as fit, nobody twice, and
        /// who stays keeps the seat while the shape of the layout stays.
        #[test]
        fn whoever_comes_and_goes(layout in any_layout(), turns in proptest::collection::vec((0usize..30, any::<bool>()), 1..60), template in 0usize..13) {
            let size = crate::Template::VIDEO[template].size;
            let mut arrangement = Arrangement::default();
            let mut crowd: Vec<Person> = Vec::new();
            let mut before: Vec<Place> = Vec::new();
            for (who, screen) in turns {
                match crowd.iter().position(|other| other.user == format!("user-{who}")) {
                    Some(at) => _ = crowd.remove(at),
                    None => crowd.push(Person { screen, ..person(who) }),
                }
                let places = arrangement.places(&layout, size, &crowd);
                for (at, place) in places.iter().enumerate() {
                    prop_assert!(inside(place, size), "{place:?}");
                    prop_assert!(places[..at].iter().all(|other| !overlap(other.rect, place.rect)), "{places:?}");
                }
                let small = if layout == Layout::Grid { &places[..] } else { &places[1..] };
                let shown: BTreeSet<&str> = users(small).into_iter().collect();
                prop_assert_eq!(shown.len(), small.len());
                let most = if layout == Layout::Grid { 25 } else { 16 };
                let big_camera = places.first().is_some_and(|place| layout != Layout::Grid && matches!(place.content, Content::User(_, Video::Camera)));
                prop_assert_eq!(small.len(), (crowd.len() - usize::from(big_camera)).min(most));
                if let (Some(old), Some(new)) = (before.last(), places.last()) && old.rect.width == new.rect.width && layout == Layout::Grid {
                    let moved = before.iter().filter(|place| {
                        let user = users(std::slice::from_ref(*place))[0];
                        places.iter().any(|other| users(std::slice::from_ref(other))[0] == user && other.rect != place.rect)
                    });
                    prop_assert_eq!(moved.count(), 0, "{:?} {:?}", before, places);
                }
                before = places;
            }
        }

        #[test]
        fn panes_stay_inside_whatever_they_are(x in 0.0f64..=1.0, y in 0.0f64..=1.0, right in 0.0f64..=1.0, bottom in 0.0f64..=1.0, template in 0usize..13) {
            let size = crate::Template::VIDEO[template].size;
            let place = Place { rect: rect(size, [x.min(right), y.min(bottom), x.max(right), y.max(bottom)]), content: Content::NoScreen, crop: Crop::Pad };
            prop_assert!(inside(&place, size), "{place:?}");
        }
    }
}
