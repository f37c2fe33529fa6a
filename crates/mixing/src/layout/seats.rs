//! Who sits where: a leaver's seat goes to the next comer, and nobody else moves who need not. Pure.

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Seats {
    seats: Vec<Option<String>>,
}

impl Seats {
    /// Seats `users`, in the order of joining, on `count` seats. Who has one of them keeps it; who comes takes the first free one.
    pub fn seat<'a>(&mut self, users: impl Iterator<Item = &'a str>, count: usize) {
        let users: Vec<&str> = users.collect();
        for seat in &mut self.seats {
            if seat.as_deref().is_some_and(|user| !users.contains(&user)) {
                *seat = None;
            }
        }
        // Fewer seats than before: who sits behind them moves up, before anybody new.
        let behind: Vec<String> = self.seats.drain(count.min(self.seats.len())..).flatten().collect();
        self.seats.resize(count, None);
        let waiting = behind.iter().map(String::as_str).chain(users);
        for user in waiting {
            if self.seats.iter().flatten().any(|seated| seated == user) {
                continue;
            }
            let Some(free) = self.seats.iter_mut().find(|seat| seat.is_none()) else { return };
            *free = Some(user.to_owned());
        }
    }

    /// Who has seat `number`.
    pub fn who(&self, number: usize) -> Option<&str> {
        self.seats.get(number)?.as_deref()
    }

    /// The seats that are taken.
    pub fn taken(&self) -> impl Iterator<Item = (usize, &str)> {
        self.seats.iter().enumerate().filter_map(|(number, seat)| Some((number, seat.as_deref()?)))
    }
}
