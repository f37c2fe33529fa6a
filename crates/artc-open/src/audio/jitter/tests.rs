//! Speech over networks that lose, delay, swap and repeat packets, by a virtual clock: what is heard at the end, and how late.

use std::sync::OnceLock;

use super::super::speech::{Dice, packets, speech, understood};
use super::*;
use crate::session::AudioPacket;

const SECONDS: f64 = 20.0;

#[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
fn start() -> Instant {
    Instant::now()
}

/// What was said, and its packets as they are sent where 20 % get lost.
fn said() -> &'static (Vec<i16>, Vec<AudioPacket>) {
    static SAID: OnceLock<(Vec<i16>, Vec<AudioPacket>)> = OnceLock::new();
    SAID.get_or_init(|| {
        let pcm = speech(7, SECONDS);
        let packets = packets(&pcm, 20);
        (pcm, packets)
    })
}

/// What a network does to packet `n`: nothing comes, or it comes so many ms after it was sent, perhaps several times.
type Path<'a> = dyn FnMut(usize) -> Vec<f64> + 'a;

struct Heard {
    pcm: Vec<i16>,
    counts: Counts,
    /// Blocks without sound, after the first with sound.
    silent: usize,
    /// Delay against the quickest packet, in ms, each second.
    delays: Vec<f64>,
    most_waiting: usize,
}

/// Plays it all; the sender's clock is faster than the listener's by `ppm`.
fn play(path: &mut Path<'_>, ppm: f64) -> Heard {
    let (_, packets) = said();
    play_packets(packets.iter().map(|p| (u64::from(p.time), Arc::clone(&p.data))), path, ppm)
}

fn play_packets(packets: impl Iterator<Item = (u64, Arc<[u8]>)>, path: &mut Path<'_>, ppm: f64) -> Heard {
    let begin = start();
    let mut arrivals: Vec<(f64, u64, Arc<[u8]>)> = Vec::new();
    for (n, (time, data)) in packets.enumerate() {
        let sent = n as f64 * 20.0 / (1.0 + ppm * 1e-6);
        arrivals.extend(path(n).into_iter().map(|late| (sent + late, time, Arc::clone(&data))));
    }
    arrivals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut buffer = JitterBuffer::new().unwrap();
    let mut heard = Heard { pcm: Vec::new(), counts: Counts::default(), silent: 0, delays: Vec::new(), most_waiting: 0 };
    let mut coming = arrivals.into_iter().peekable();
    let ticks = (SECONDS * 100.0) as usize + 100;
    for tick in 0..ticks {
        // The listener's ticks and the sender's packets are not in step.
        let at = tick as f64 * 10.0 + 3.7;
        while let Some((came, time, data)) = coming.next_if(|(came, ..)| *came <= at) {
            buffer.push(time, data, begin + Duration::from_secs_f64(came / 1000.0));
        }
        let now = begin + Duration::from_secs_f64(at / 1000.0);
        heard.most_waiting = heard.most_waiting.max(buffer.waiting());
        match buffer.pull(now) {
            Some(block) => heard.pcm.extend_from_slice(&block),
            None => {
                heard.silent += usize::from(heard.pcm.iter().any(|s| *s != 0) && tick < ticks - 120);
                heard.pcm.extend_from_slice(&[0; BLOCK]);
            }
        }
        if tick % 100 == 99 {
            heard.delays.push(buffer.delay_now(now) as f64 / 1000.0);
        }
    }
    heard.counts = buffer.counts();
    heard
}

fn score(heard: &Heard) -> f64 {
    understood(&said().0, &heard.pcm).0
}

/// Sending and decoding alone: what a path that does nothing leaves.
#[test]
fn an_even_path_is_heard_as_it_was_sent_and_soon() {
    let heard = play(&mut |_| vec![15.0], 0.0);
    let counts = heard.counts;
    assert_eq!(
        (counts.late, counts.broken, counts.corrected, counts.concealed, counts.flushed),
        (0, 0, 0, PATIENCE as u64, 0),
        "{counts:?}"
    );
    assert_eq!(heard.silent, 0);
    assert!(heard.delays[3..19].iter().all(|ms| *ms <= 35.0), "{:?}", heard.delays);
    let score = score(&heard);
    assert!(score > 0.9, "{score}");
}

#[test]
fn speech_is_understood_when_every_fifth_packet_is_lost() {
    for seed in 0..3 {
        let mut dice = Dice::new(seed);
        let heard = play(&mut |_| if dice.roll() < 0.2 { vec![] } else { vec![15.0] }, 0.0);
        let counts = heard.counts;
        let score = score(&heard);
        assert!(score >= 0.85, "seed {seed}: {score:.3}, {counts:?}");
        assert!(counts.corrected > 80, "most lost packets are repaired by the next: {counts:?}");
        assert!(heard.delays[3..19].iter().all(|ms| *ms <= 60.0), "{:?}", heard.delays);
    }
}

#[test]
fn uneven_paths_cost_delay_and_not_understanding() {
    let mut dice = Dice::new(11);
    let heard = play(&mut |_| vec![dice.between(5.0, 65.0)], 0.0);
    let (score, counts) = (score(&heard), heard.counts);
    assert!(score > 0.85, "{score:.3}, {counts:?}");
    assert!(counts.late <= 20, "{counts:?}");
    assert!(heard.delays[5..19].iter().all(|ms| (30.0..100.0).contains(ms)), "{:?}", heard.delays);
    assert_eq!(heard.counts.flushed, 0);
}

#[test]
fn packets_out_of_order_and_twice_are_played_once_and_in_order() {
    let mut dice = Dice::new(5);
    let heard = play(&mut |_| if dice.roll() < 0.1 { vec![55.0, 56.0] } else { vec![15.0, 15.5] }, 0.0);
    let (score, counts) = (score(&heard), heard.counts);
    assert!(score > 0.85, "{score:.3}, {counts:?}");
    assert!(counts.decoded <= 1000);
}

#[test]
fn bursts_are_caught_up_with() {
    // Every 4 s the path stands still for 150 ms, then gives all at once.
    let heard = play(&mut |n| vec![15.0 + if n % 200 < 8 { (7 - n % 200) as f64 * 20.0 } else { 0.0 }], 0.0);
    let (score, counts) = (score(&heard), heard.counts);
    assert!(score > 0.75, "{score:.3}, {counts:?}");
    assert!(counts.shortened > 0 && counts.lengthened + counts.concealed > 0, "{counts:?}");
    assert!(heard.delays.iter().all(|ms| *ms <= 220.0), "{:?}", heard.delays);
    assert_eq!(heard.silent, 0);
}

#[test]
fn after_a_rough_time_the_delay_comes_back() {
    let mut dice = Dice::new(3);
    let heard = play(&mut |n| vec![if n < 150 { dice.between(5.0, 105.0) } else { 15.0 }], 0.0);
    let most = heard.delays[..4].iter().copied().fold(0.0, f64::max);
    assert!(most > 60.0, "{:?}", heard.delays);
    assert!(heard.delays[19] < most - 10.0, "{:?}", heard.delays);
    assert!(heard.counts.shortened > 0);
}

#[test]
fn clocks_that_drift_neither_starve_nor_pile_up() {
    for ppm in [-2000.0, 2000.0] {
        let heard = play(&mut |_| vec![15.0], ppm);
        let (score, counts) = (score(&heard), heard.counts);
        assert!(score > 0.85, "{ppm}: {score:.3}, {counts:?}");
        assert!(heard.delays[3..19].iter().all(|ms| (-10.0..60.0).contains(ms)), "{ppm}: {:?}", heard.delays);
        assert!(heard.most_waiting < 6, "{ppm}: {}", heard.most_waiting);
    }
}

#[test]
fn a_pause_is_silence_and_afterwards_the_sender_is_heard_again() {
    // 3 s are missing, and the times go on as if nothing had been.
    let heard = play(&mut |n| if (400..550).contains(&n) { vec![] } else { vec![15.0] }, 0.0);
    assert!((250..310).contains(&heard.silent), "{} blocks", heard.silent);
    let score = understood(&said().0[12 * RATE..18 * RATE], &heard.pcm[12 * RATE..]).0;
    assert!(score > 0.9, "{score}");
}

#[test]
fn a_sender_that_begins_anew_is_heard_again() {
    for begin in [0u64, 1 << 33] {
        let (_, packets) = said();
        let times = packets.iter().enumerate().map(|(n, p)| {
            let time = if n < 500 { (1 << 31) + n as u64 * 960 } else { begin + (n as u64 - 500) * 960 };
            (time, Arc::clone(&p.data))
        });
        let heard = play_packets(times, &mut |_| vec![15.0], 0.0);
        let counts = heard.counts;
        assert!(counts.decoded >= 990 && counts.broken <= 1, "{counts:?}");
        assert!(heard.silent <= 12, "{}", heard.silent);
    }
}

#[test]
fn rubbish_is_counted_and_what_is_between_it_is_heard() {
    let (_, packets) = said();
    let mut dice = Dice::new(9);
    let mut buffer = JitterBuffer::new().unwrap();
    let begin = start();
    let mut pcm = Vec::new();
    for (n, packet) in packets.iter().enumerate() {
        let now = begin + Duration::from_millis(n as u64 * 20);
        buffer.push(u64::from(packet.time), Arc::clone(&packet.data), now);
        let length = (dice.roll() * 40.0) as usize;
        let rubbish: Arc<[u8]> = (0..length).map(|_| (dice.roll() * 256.0) as u8).collect();
        let time = if dice.roll() < 0.5 { (dice.roll() * u64::MAX as f64) as u64 } else { dice.between(0.0, 1e9) as u64 };
        buffer.push(time, rubbish, now);
        for half in 0..2 {
            pcm.extend(buffer.pull(now + Duration::from_millis(half * 10)).unwrap_or([0; BLOCK]));
        }
        assert!(buffer.waiting() <= 100);
    }
    let counts = buffer.counts();
    assert!(counts.broken >= 950 && counts.decoded >= 990, "{counts:?}");
    let score = understood(&said().0, &pcm).0;
    assert!(score > 0.9, "{score}");
}

#[test]
fn whoever_sends_too_much_is_cut_short() {
    let (_, packets) = said();
    let mut buffer = JitterBuffer::new().unwrap();
    let now = start();
    for packet in packets {
        buffer.push(u64::from(packet.time), Arc::clone(&packet.data), now);
    }
    assert!(buffer.waiting() <= 101, "{}", buffer.waiting());
    assert!(buffer.counts().flushed + buffer.counts().broken > 800, "{:?}", buffer.counts());
}

#[test]
fn sound_waits_for_pictures_that_are_late() {
    let (_, packets) = said();
    let mut buffer = JitterBuffer::new().unwrap();
    buffer.set_least(Duration::from_millis(200));
    let begin = start();
    for (n, packet) in packets.iter().enumerate().take(400) {
        let now = begin + Duration::from_millis(n as u64 * 20);
        buffer.push(u64::from(packet.time), Arc::clone(&packet.data), now);
        for half in 0..2 {
            buffer.pull(now + Duration::from_millis(half * 10));
        }
    }
    let delay = buffer.delay_now(begin + Duration::from_millis(8000));
    assert!((180_000..=230_000).contains(&delay), "{delay}");
}
