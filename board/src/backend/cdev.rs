//! Lines through the GPIO character device, found by name.

use std::{
    collections::BTreeMap,
    os::fd::{AsFd, BorrowedFd},
    path::PathBuf,
    time::Duration,
};

use gpiocdev::{
    FoundLine, Request, chip,
    line::{Bias, EdgeDetection, EdgeKind, Value},
};

use super::{LineError, wired::Driver};
use crate::{Active, Direction, Line, Pull};

/// Whom `gpioinfo` shows as holding our lines.
const CONSUMER: &str = "artc-edge";
/// How long a button must have settled before it is believed.
const DEBOUNCE: Duration = Duration::from_millis(10);
/// Edges that are taken up at a time; the kernel keeps sixteen a line.
const EDGES: usize = 64;

#[derive(Default)]
pub(super) struct Cdev {
    requests: BTreeMap<String, Request>,
    /// Which of them tell when they move.
    watched: Vec<String>,
}

/// The first line of that name, on the chip with that label or path where one is given.
fn find(line: &Line) -> Result<Option<FoundLine>, gpiocdev::Error> {
    let mut denied = None;
    for path in chip::chips()? {
        let found = (|| {
            let chip = chip::Chip::from_path(&path)?;
            let info = chip.info()?;
            let wanted = line.chip.as_ref().is_none_or(|chip| *chip == info.label || *chip == info.name);
            Ok::<_, gpiocdev::Error>(if wanted { chip.find_line_info(&line.line) } else { None })
        })();
        match found {
            Ok(Some(info)) => return Ok(Some(FoundLine { chip: path, info })),
            Ok(None) => {}
            Err(why) => denied = Some(why),
        }
    }
    denied.map_or(Ok(None), Err)
}

fn failed(name: &str, line: &Line, chip: Option<&PathBuf>, why: &gpiocdev::Error) -> LineError {
    let text = why.to_string();
    let path = || chip.map_or("/dev/gpiochip*".to_owned(), |path| path.display().to_string());
    // The crate's errno is of its own kind; its text is the kernel's.
    if text.contains("ermission denied") || text.contains("not permitted") {
        return LineError::Permission { what: "line", name: name.into(), path: path() };
    }
    if matches!(why, gpiocdev::Error::NoGpioChips()) {
        return LineError::Missing { name: name.into(), line: line.line.clone() };
    }
    LineError::Failed { what: "line", name: name.into(), why: format!("{}: {text}", path()) }
}

/// The line, which nobody holds but perhaps `friend`.
fn free(name: &str, line: &Line, friend: Option<&str>) -> Result<FoundLine, LineError> {
    let found = find(line).map_err(|why| failed(name, line, None, &why))?;
    let Some(found) = found else {
        return Err(LineError::Missing { name: name.into(), line: line.line.clone() });
    };
    if found.info.used && friend != Some(&found.info.consumer) {
        let holder = if found.info.consumer.is_empty() { "the kernel".into() } else { found.info.consumer.clone() };
        return Err(LineError::Held { name: name.into(), line: line.line.clone(), holder });
    }
    Ok(found)
}

/// Looks for lines and takes none.
pub(super) struct Look;

impl Driver for Look {
    fn claim(&mut self, name: &str, line: &Line, _: bool) -> Result<(), LineError> {
        free(name, line, Some(CONSUMER)).map(drop)
    }

    fn read(&mut self, name: &str) -> Result<bool, LineError> {
        Err(LineError::Failed { what: "line", name: name.into(), why: "only looked at".into() })
    }

    fn write(&mut self, name: &str, _: bool) -> Result<(), LineError> {
        self.read(name).map(drop)
    }
}

impl Driver for Cdev {
    fn claim(&mut self, name: &str, line: &Line, watched: bool) -> Result<(), LineError> {
        let found = free(name, line, None)?;
        let mut request = Request::builder();
        request.with_consumer(CONSUMER).with_found_line(&found);
        // The polarity first: the value of an output is meant by it.
        match line.active {
            Active::Low => request.as_active_low(),
            Active::High => request.as_active_high(),
        };
        match line.direction {
            Direction::Input => request.as_input(),
            Direction::Output => request.as_output(level(line.safe.unwrap_or(false))),
        };
        match line.pull {
            Pull::AsIs => &mut request,
            Pull::Up => request.with_bias(Bias::PullUp),
            Pull::Down => request.with_bias(Bias::PullDown),
            Pull::None => request.with_bias(Bias::Disabled),
        };
        if watched {
            request.with_edge_detection(EdgeDetection::BothEdges).with_debounce_period(DEBOUNCE);
            self.watched.push(name.into());
        }
        let request = request.request().map_err(|why| failed(name, line, Some(&found.chip), &why))?;
        self.requests.insert(name.into(), request);
        Ok(())
    }

    fn read(&mut self, name: &str) -> Result<bool, LineError> {
        let failed = |why: String| LineError::Failed { what: "line", name: name.into(), why };
        let request = self.requests.get(name).ok_or_else(|| failed("not claimed".into()))?;
        request.lone_value().map(|value| value == Value::Active).map_err(|why| failed(why.to_string()))
    }

    fn write(&mut self, name: &str, on: bool) -> Result<(), LineError> {
        let failed = |why: String| LineError::Failed { what: "line", name: name.into(), why };
        let request = self.requests.get(name).ok_or_else(|| failed("not claimed".into()))?;
        request.set_lone_value(level(on)).map_err(|why| failed(why.to_string()))
    }

    fn moved(&mut self) -> Vec<(String, bool)> {
        let mut moved = Vec::new();
        for name in &self.watched {
            let Some(request) = self.requests.get(name) else { continue };
            while moved.len() < EDGES && request.has_edge_event().unwrap_or(false) {
                let Ok(event) = request.read_edge_event() else { break };
                // The kernel has turned the polarity already.
                moved.push((name.clone(), event.kind == EdgeKind::Rising));
            }
        }
        moved
    }

    fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        self.watched.iter().filter_map(|name| self.requests.get(name)).map(AsFd::as_fd).collect()
    }
}

fn level(on: bool) -> Value {
    if on { Value::Active } else { Value::Inactive }
}
