//! Commands and replies over a path that loses a tenth of all datagrams and takes 100 ms there and back.

use std::collections::VecDeque;

use super::*;

const DELAY: Duration = Duration::from_millis(50);
const TICK: Duration = Duration::from_millis(1);
const COMMANDS: usize = 4000;
const BYTES: usize = 400;

/// Two peers with data channels, and what is on its way between them.
struct BadPath {
    link: Link,
    under_way: VecDeque<(Instant, usize, Transmit)>,
    seed: u64,
}

impl BadPath {
    fn new(seed: u64) -> Self {
        let mut link = Link::new([&PeerConfig::default(), &PeerConfig::default()]);
        link.negotiate(Peer::add_data_channels);
        link.run(Duration::from_secs(2));
        assert!(link.ends.iter().all(|end| end.peer.data_open(DataChannel::Reliable)));
        link.ends.iter_mut().for_each(|end| end.events.clear());
        Self { link, under_way: VecDeque::new(), seed }
    }

    /// One in ten, always the same ones for a seed (SplitMix64).
    fn lost(&mut self) -> bool {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.seed;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)).is_multiple_of(10)
    }

    fn tick(&mut self) {
        self.link.now += TICK;
        let now = self.link.now;
        while self.under_way.front().is_some_and(|(at, ..)| *at <= now) {
            let Some((_, to, t)) = self.under_way.pop_front() else { break };
            self.link.ends[to].peer.handle_datagram(now, t.proto, t.source, t.destination, &t.contents);
            self.drain(to);
        }
        for index in 0..self.link.ends.len() {
            self.link.ends[index].peer.handle_timeout(now);
            self.drain(index);
        }
    }

    fn drain(&mut self, index: usize) {
        let mut out = Vec::new();
        self.link.drain(index, &mut out);
        for (to, transmit) in out {
            if !self.lost() {
                self.under_way.push_back((self.link.now + DELAY, to, transmit));
            }
        }
    }

    fn send(&mut self, from: usize, number: usize) {
        let mut message = number.to_be_bytes().to_vec();
        message.resize(BYTES, 7);
        self.link.ends[from].peer.send_data(DataChannel::Reliable, message.into()).expect("the queue takes it");
        self.drain(from);
    }

    fn heard(&mut self, end: usize) -> Vec<usize> {
        let number = |event| match event {
            Event::Data { channel: DataChannel::Reliable, data } => {
                data.get(..8).and_then(|bytes| bytes.try_into().ok()).map(usize::from_be_bytes)
            }
            _ => None,
        };
        self.link.take(end).into_iter().filter_map(number).collect()
    }
}

/// Commands of [`BYTES`] bytes, one each `every` milliseconds, each answered with as much. How long each took, in milliseconds, sorted.
fn ask(every: usize, seed: u64) -> Vec<u128> {
    let mut path = BadPath::new(seed);
    let (mut asked, mut took) = (Vec::new(), Vec::new());
    for tick in 0.. {
        if asked.len() < COMMANDS && tick % every == 0 {
            asked.push(path.link.now);
            path.send(0, asked.len() - 1);
        }
        path.tick();
        for number in path.heard(1) {
            path.send(1, number);
        }
        for number in path.heard(0) {
            assert_eq!(number, took.len(), "each once, in order");
            took.push((path.link.now - asked[number]).as_millis());
        }
        if took.len() == COMMANDS {
            break;
        }
        assert!(tick < every * COMMANDS + 60_000, "{} of {COMMANDS} were answered", took.len());
    }
    took.sort_unstable();
    took
}

#[test]
fn commands_are_answered_soon_where_a_tenth_of_all_datagrams_is_lost() {
    // 200 a second, and as many as one sender may ask unless the configuration says otherwise.
    for (every, seed) in [(5, 1), (5, 2), (22, 3)] {
        let took = ask(every, seed);
        let [p50, p99] = [50, 99].map(|part| took[took.len() * part / 100]);
        assert!(p99 <= 700, "one each {every} ms: p50 {p50} ms, p99 {p99} ms");
    }
}
