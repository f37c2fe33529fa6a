//! Lines through the registers of a Raspberry Pi, with the crate rppal: one backend among others, for who wants the speed of registers
//! or a dimmed line. The repository of that crate was archived in July 2025 and it knows the Raspberry Pi alone, so nothing may
//! depend on it; and it does not keep other processes off a line, as the character device does.
//!
//! rppal counts the chip's pins, so a line must be called `GPIO17` here; other names of the kernel are told as missing.

use std::collections::BTreeMap;

use rppal::gpio::{Gpio, InputPin, OutputPin};

use super::{LineError, wired::Driver};
use crate::{Active, Direction, Line, Pull};

/// How fast a line is dimmed, in hertz: fast enough for a fan, slow enough for a thread.
const DIMMED_AT: f64 = 100.0;

enum Pin {
    Input(InputPin),
    Output(OutputPin),
}

struct Claimed {
    pin: Pin,
    line: Line,
    /// What a watched input was at last.
    last: Option<bool>,
}

#[derive(Default)]
pub(super) struct Registers {
    gpio: Option<Gpio>,
    claimed: BTreeMap<String, Claimed>,
}

impl Claimed {
    fn on(&self) -> bool {
        let high = match &self.pin {
            Pin::Input(pin) => pin.is_high(),
            Pin::Output(pin) => pin.is_set_high(),
        };
        high == (self.line.active == Active::High)
    }
}

impl Registers {
    fn claimed(&mut self, name: &str) -> Result<&mut Claimed, LineError> {
        let failed = || LineError::Failed { what: "line", name: name.into(), why: "not claimed".into() };
        self.claimed.get_mut(name).ok_or_else(failed)
    }
}

impl Driver for Registers {
    fn claim(&mut self, name: &str, line: &Line, watched: bool) -> Result<(), LineError> {
        let failed = |why: rppal::gpio::Error| match why {
            rppal::gpio::Error::PermissionDenied(path) => LineError::Permission { what: "line", name: name.into(), path },
            rppal::gpio::Error::PinUsed(_) => {
                LineError::Held { name: name.into(), line: line.line.clone(), holder: "this process".into() }
            }
            why => LineError::Failed { what: "line", name: name.into(), why: format!("rppal: {why}") },
        };
        let number = line.line.strip_prefix("GPIO").and_then(|number| number.parse::<u8>().ok());
        let number = number.ok_or_else(|| LineError::Missing { name: name.into(), line: line.line.clone() })?;
        if self.gpio.is_none() {
            self.gpio = Some(Gpio::new().map_err(failed)?);
        }
        let Some(gpio) = &self.gpio else { return Ok(()) };
        let pin = gpio.get(number).map_err(failed)?;
        let pin = match (line.direction, line.pull) {
            (Direction::Input, Pull::Up) => Pin::Input(pin.into_input_pullup()),
            (Direction::Input, Pull::Down) => Pin::Input(pin.into_input_pulldown()),
            (Direction::Input, _) => Pin::Input(pin.into_input()),
            // The level first, then the direction: rppal sets it before it drives.
            (Direction::Output, _) => {
                let high = line.safe.unwrap_or(false) == (line.active == Active::High);
                Pin::Output(if high { pin.into_output_high() } else { pin.into_output_low() })
            }
        };
        let mut claimed = Claimed { pin, line: line.clone(), last: None };
        claimed.last = watched.then(|| claimed.on());
        self.claimed.insert(name.into(), claimed);
        Ok(())
    }

    fn read(&mut self, name: &str) -> Result<bool, LineError> {
        self.claimed(name).map(|claimed| claimed.on())
    }

    fn write(&mut self, name: &str, on: bool) -> Result<(), LineError> {
        let claimed = self.claimed(name)?;
        let high = on == (claimed.line.active == Active::High);
        if let Pin::Output(pin) = &mut claimed.pin {
            // A thread that dims it would go on. It fails only where there is none.
            let _ = pin.clear_pwm();
            if high { pin.set_high() } else { pin.set_low() }
        }
        Ok(())
    }

    fn dim(&mut self, name: &str, duty: f32) -> Result<(), LineError> {
        let claimed = self.claimed(name)?;
        let duty = f64::from(duty.clamp(0.0, 1.0));
        let duty = if claimed.line.active == Active::High { duty } else { 1.0 - duty };
        match &mut claimed.pin {
            Pin::Output(pin) => pin.set_pwm_frequency(DIMMED_AT, duty).map_err(|why| LineError::Failed {
                what: "line",
                name: name.into(),
                why: format!("rppal: {why}"),
            }),
            Pin::Input(_) => Err(LineError::Input(name.into())),
        }
    }

    fn moved(&mut self) -> Vec<(String, bool)> {
        let mut moved = Vec::new();
        for (name, claimed) in &mut self.claimed {
            let on = claimed.on();
            if claimed.last.is_some_and(|last| last != on) {
                claimed.last = Some(on);
                moved.push((name.clone(), on));
            }
        }
        moved
    }

    fn is_polled(&self) -> bool {
        self.claimed.values().any(|claimed| claimed.last.is_some())
    }
}
