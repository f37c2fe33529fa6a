//! The camera's knobs: a processing unit and a camera terminal with the controls of USB Video Class 1.1, section 4.2.2.

/// Entity number of the camera terminal.
pub const CAMERA_TERMINAL: u8 = 1;
/// Entity number of the processing unit.
pub const PROCESSING_UNIT: u8 = 2;
/// Selector of brightness in the processing unit.
pub const BRIGHTNESS: u8 = 0x02;

/// One control.
#[derive(Debug)]
pub struct Control {
    /// Entity it belongs to.
    pub entity: u8,
    /// Its selector in that entity.
    pub selector: u8,
    /// Its bit in the entity's `bmControls`.
    pub bit: u8,
    /// How many numbers its value has: one, or pan and tilt.
    pub axes: usize,
    /// Bytes of each.
    pub bytes: usize,
    /// Smallest value.
    pub min: i32,
    /// Largest value.
    pub max: i32,
    /// Step between values.
    pub step: i32,
    /// Value at power-on.
    pub default: i32,
    /// Value now, by axis.
    pub value: [i32; 2],
    /// Whether the camera may change it by itself and then says so on its status endpoint.
    pub autonomous: bool,
}

const fn control(entity: u8, selector: u8, bit: u8, bytes: usize, range: (i32, i32, i32)) -> Control {
    Control {
        entity,
        selector,
        bit,
        axes: 1,
        bytes,
        min: range.0,
        max: range.1,
        step: 1,
        default: range.2,
        value: [range.2; 2],
        autonomous: false,
    }
}

/// The controls of this camera, at power-on.
pub fn all() -> Vec<Control> {
    vec![
        Control { autonomous: true, ..control(PROCESSING_UNIT, BRIGHTNESS, 0, 2, (-64, 64, 0)) },
        control(PROCESSING_UNIT, 0x03, 1, 2, (0, 95, 32)),        // contrast
        control(PROCESSING_UNIT, 0x07, 3, 2, (0, 100, 55)),       // saturation
        control(PROCESSING_UNIT, 0x08, 4, 2, (1, 7, 2)),          // sharpness
        control(PROCESSING_UNIT, 0x0a, 6, 2, (2800, 6500, 4600)), // white balance temperature
        control(PROCESSING_UNIT, 0x05, 10, 1, (0, 2, 1)),         // power line frequency
        control(PROCESSING_UNIT, 0x0b, 12, 1, (0, 1, 1)),         // white balance temperature, automatic
        Control { step: 10, ..control(CAMERA_TERMINAL, 0x0b, 9, 2, (100, 400, 100)) }, // zoom
        // Pan and tilt, in seconds of arc.
        Control { axes: 2, step: 3600, ..control(CAMERA_TERMINAL, 0x0d, 11, 4, (-36_000, 36_000, 0)) },
    ]
}

/// `bmControls` of an entity.
pub fn bitmap(entity: u8) -> u32 {
    all().iter().filter(|control| control.entity == entity).fold(0, |bits, control| bits | 1 << control.bit)
}

impl Control {
    /// Answers a GET request (UVC 1.1, A.8), or nothing for an unknown one.
    pub fn get(&self, request: u8) -> Option<Vec<u8>> {
        let numbers =
            |axes: [i32; 2]| axes[..self.axes].iter().flat_map(|value| value.to_le_bytes()[..self.bytes].to_vec()).collect();
        Some(match request {
            0x81 => numbers(self.value),
            0x82 => numbers([self.min; 2]),
            0x83 => numbers([self.max; 2]),
            0x84 => numbers([self.step; 2]),
            0x85 => ((self.axes * self.bytes) as u16).to_le_bytes().to_vec(),
            0x86 => vec![if self.autonomous { 0x0b } else { 0x03 }],
            0x87 => numbers([self.default; 2]),
            _ => return None,
        })
    }

    /// Its value as text, axis by axis.
    pub fn told(&self) -> String {
        self.value[..self.axes].iter().map(i32::to_string).collect::<Vec<_>>().join(" ")
    }

    /// Takes a new value; out of range is refused, as a stall.
    pub fn set(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() != self.axes * self.bytes {
            return false;
        }
        let mut asked = self.value;
        for (axis, bytes) in asked.iter_mut().zip(bytes.chunks(self.bytes)) {
            *axis = match *bytes {
                [a] => i32::from(a),
                [a, b] if self.min < 0 => i32::from(i16::from_le_bytes([a, b])),
                [a, b] => i32::from(u16::from_le_bytes([a, b])),
                [a, b, c, d] => i32::from_le_bytes([a, b, c, d]),
                _ => return false,
            };
        }
        let fits = asked[..self.axes].iter().all(|value| (self.min..=self.max).contains(value));
        if fits {
            self.value = asked;
        }
        fits
    }
}
