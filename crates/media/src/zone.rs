//! Parts of a picture, said without its size: what to look at, what to cover.

use crate::format::Size;

/// A point in fractions of width and height, 0 to 1, from the upper left corner.
pub type Point = [f32; 2];

/// Points that a zone has at most.
pub const MOST_POINTS: usize = 32;

/// What is wrong with the zone of these points: two opposite corners of a rectangle, or the corners of a polygon one after the other.
fn problem(points: &[Point]) -> Option<String> {
    if !(2..=MOST_POINTS).contains(&points.len()) {
        return Some(format!(
            "a zone has {} points; two are the corners of a rectangle, 3 to {MOST_POINTS} those of a polygon",
            points.len()
        ));
    }
    let outside = points.iter().flatten().find(|part| !(0.0..=1.0).contains(*part));
    outside.map(|part| format!("{part} is out of range, 0 to 1 of width or height"))
}

/// Zones of one kind there are at most.
pub const MOST_ZONES: usize = 16;

/// What is wrong with the first of `zones` that something is wrong with.
pub fn problem_of(zones: &[Vec<Point>]) -> Option<String> {
    if zones.len() > MOST_ZONES {
        return Some(format!("{} zones are too many, at most {MOST_ZONES}", zones.len()));
    }
    zones.iter().enumerate().find_map(|(at, points)| Some(format!("number {}: {}", at + 1, problem(points)?)))
}

/// Sets the flags of the pixels of a plane of `width` a row whose middles lie in the zone. Where it crosses itself, every other part is in it.
pub fn mark(points: &[Point], width: usize, flags: &mut [bool]) {
    if width == 0 {
        return;
    }
    let height = flags.len() / width;
    let corners;
    let points = match points {
        [[left, top], [right, bottom]] => {
            corners = [[*left, *top], [*right, *top], [*right, *bottom], [*left, *bottom]];
            &corners[..]
        }
        points => points,
    };
    for (y, row) in flags.chunks_exact_mut(width).enumerate() {
        let at = (y as f32 + 0.5) / height as f32;
        for (x, flag) in row.iter_mut().enumerate() {
            *flag |= is_inside(points, [(x as f32 + 0.5) / width as f32, at]);
        }
    }
}

fn is_inside(points: &[Point], [x, y]: Point) -> bool {
    let mut inside = false;
    let mut before = points.last();
    for point in points {
        if let Some([bx, by]) = before
            && (point[1] > y) != (*by > y)
            && x < (bx - point[0]) * (y - point[1]) / (by - point[1]) + point[0]
        {
            inside = !inside;
        }
        before = Some(point);
    }
    inside
}

/// Zones of I420 pictures of one size, made ready to be filled: no allocation and no arithmetic for a picture, only writing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cover {
    size: Option<Size>,
    /// Rows of the colour planes, and from which to which of their pixels.
    spans: Vec<(usize, usize, usize)>,
}

impl Cover {
    /// For pictures of `size`. What is covered is whole squares of 2 by 2 pixels, and a little more rather than a little less.
    pub fn new<'a>(zones: impl IntoIterator<Item = &'a [Point]>, size: Size) -> Self {
        let (width, height) = (size.width as usize, size.height as usize);
        let mut flags = vec![false; width * height];
        for points in zones {
            mark(points, width, &mut flags);
        }
        let mut spans = Vec::new();
        for (row, pair) in flags.chunks_exact((width * 2).max(1)).enumerate() {
            let covered = |x: &usize| [2 * x, 2 * x + 1, width + 2 * x, width + 2 * x + 1].iter().any(|at| pair[*at]);
            let mut from = None;
            for x in 0..=width / 2 {
                match (x < width / 2 && covered(&x), from) {
                    (true, None) => from = Some(x),
                    (false, Some(begun)) => {
                        spans.push((row, begun, x));
                        from = None;
                    }
                    _ => {}
                }
            }
        }
        Self { size: Some(size), spans }
    }

    /// Whether nothing is covered.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Makes the zones of an I420 picture black. One of another size stays as it is, and false is returned.
    #[must_use]
    pub fn fill(&self, size: Size, picture: &mut [u8]) -> bool {
        if self.size != Some(size) || picture.len() < size.i420_len() {
            return self.spans.is_empty();
        }
        let (width, luma, chroma) = (size.width as usize, size.area(), size.area() / 4);
        let (y, colours) = picture.split_at_mut(luma);
        let (u, v) = colours.split_at_mut(chroma);
        for (row, from, to) in &self.spans {
            for line in [2 * row, 2 * row + 1] {
                y[line * width + 2 * from..line * width + 2 * to].fill(BLACK);
            }
            for plane in [&mut *u, &mut *v] {
                plane[row * width / 2 + from..row * width / 2 + to].fill(GREY);
            }
        }
        true
    }
}

/// Black in the limited range, and no colour.
const BLACK: u8 = 16;
const GREY: u8 = 128;

#[cfg(test)]
mod tests {
    use super::*;

    /// The flags as rows of text.
    fn drawn(points: &[Point], width: usize, height: usize) -> Vec<String> {
        let mut flags = vec![false; width * height];
        mark(points, width, &mut flags);
        let row = |row: &[bool]| row.iter().map(|flag| if *flag { '#' } else { '.' }).collect();
        flags.chunks_exact(width).map(row).collect()
    }

    #[test]
    fn rectangles_and_polygons_are_where_they_are_said_to_be() {
        let rectangle = ["........", "..####..", "..####..", "........"];
        assert_eq!(drawn(&[[0.25, 0.25], [0.75, 0.75]], 8, 4), rectangle);
        assert_eq!(drawn(&[[0.75, 0.75], [0.25, 0.25]], 8, 4), rectangle, "from any corner");
        assert_eq!(drawn(&[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], 4, 4), ["###.", "##..", "#...", "...."]);
        assert_eq!(drawn(&[[0.0, 0.0], [1.0, 1.0]], 3, 2), ["###", "###"]);
    }

    #[test]
    fn what_is_no_zone_is_told_why() {
        assert_eq!(problem(&[[0.0, 0.0], [1.0, 1.0]]), None);
        assert!(problem(&[[0.0, 0.0]]).is_some_and(|why| why.starts_with("a zone has 1 points")));
        assert!(problem(&[[0.0, 0.0]; MOST_POINTS + 1]).is_some());
        for part in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
            assert!(problem(&[[0.0, part], [1.0, 1.0]]).is_some_and(|why| why.contains("out of range")), "{part}");
        }
    }

    #[test]
    fn what_is_covered_is_black_without_colour_and_the_rest_as_it_was() {
        let size = Size::new(16, 8);
        let cover = Cover::new([&[[0.26, 0.3], [0.7, 0.7]][..]], size);
        let mut picture = vec![200; size.i420_len()];
        assert!(cover.fill(size, &mut picture));
        let (luma, colours) = picture.split_at(size.area());
        for (at, pixel) in luma.iter().enumerate() {
            let inside = (4..12).contains(&(at % 16)) && (2..6).contains(&(at / 16));
            assert_eq!(*pixel, if inside { BLACK } else { 200 }, "{at}");
        }
        for (at, pixel) in colours.iter().enumerate() {
            let inside = (2..6).contains(&(at % 8)) && (1..3).contains(&(at / 8 % 4));
            assert_eq!(*pixel, if inside { GREY } else { 200 }, "{at}");
        }
        let other = Size::new(8, 8);
        assert!(!cover.fill(other, &mut vec![200; other.i420_len()]), "made for another size, it covers nothing and says so");
        assert!(Cover::default().fill(other, &mut []) && Cover::default().is_empty());
    }
}
