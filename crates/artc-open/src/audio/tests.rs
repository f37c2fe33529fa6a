//! Sound through encoder, jitter buffer and resampler, as a listener would hear it.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use media::PcmFormat;

use super::*;

fn tone(rate: u32, channels: u16, hz: f64, ms: usize, from: usize) -> Vec<i16> {
    let count = rate as usize * ms / 1000;
    (from..from + count)
        .flat_map(|n| {
            let s = ((n as f64 * hz * std::f64::consts::TAU / f64::from(rate)).sin() * 10_000.0) as i16;
            std::iter::repeat_n(s, usize::from(channels))
        })
        .collect()
}

fn bytes(pcm: &[i16]) -> Vec<u8> {
    pcm.iter().flat_map(|s| s.to_le_bytes()).collect()
}

/// Share of the power at `hz` in a mono signal, by Goertzel.
fn purity(pcm: &[i16], rate: u32, hz: f64) -> f64 {
    let w = std::f64::consts::TAU * hz / f64::from(rate);
    let (mut re, mut im, mut power) = (0.0, 0.0, 0.0);
    for (n, s) in pcm.iter().enumerate() {
        let s = f64::from(*s);
        re += s * (w * n as f64).cos();
        im += s * (w * n as f64).sin();
        power += s * s;
    }
    2.0 * (re * re + im * im) / (pcm.len() as f64 * power)
}

#[test]
fn every_rate_and_channel_count_becomes_opus_that_sounds_like_what_was_pushed() {
    for rate in [8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000] {
        for channels in [1u16, 2] {
            let input = Arc::new(AudioInput::default());
            input.set_format(Some(PcmFormat { rate, channels }));
            input.set_profile(Profile::new(artc_bindings::AudioQualityMode::HighQuality, artc_bindings::AudioSceneMode::Default));
            input.set_active(true);
            let (packets, arrived) = channel();
            let clock = Clock::new();
            let thread = AudioThread::start(Arc::clone(&input), Box::new(move |p| _ = packets.send(p)), clock).unwrap();
            let began = clock.monotonic();
            let (mut decoder, mut heard, mut times) =
                (opus::Decoder::new(48_000, opus::Channels::Mono).unwrap(), Vec::new(), Vec::new());
            for block in 0..100usize {
                let at = block * rate as usize / 100;
                let pcm = tone(rate, channels, 1000.0, 10, at);
                while input.push(&bytes(&pcm), began + Duration::from_millis(block as u64 * 10)).is_err() {
                    std::thread::yield_now();
                }
                while let Ok(packet) = arrived.try_recv() {
                    times.push(packet.time);
                    let mut out = [0i16; 5760];
                    let n = decoder.decode(&packet.data, &mut out, false).unwrap();
                    heard.extend_from_slice(&out[..n]);
                }
            }
            while heard.len() < 45_000 {
                let packet = arrived.recv_timeout(Duration::from_secs(5)).unwrap();
                times.push(packet.time);
                let mut out = [0i16; 5760];
                let n = decoder.decode(&packet.data, &mut out, false).unwrap();
                heard.extend_from_slice(&out[..n]);
            }
            drop(thread);
            assert!(times.windows(2).all(|w| w[1] - w[0] == 960), "{rate} Hz: 20 ms a packet");
            let share = purity(&heard[9600..40_000], 48_000, 1000.0);
            assert!(share > 0.98, "{rate} Hz, {channels} channels: {share:.3} of the power is the tone");
        }
    }
}

#[test]
fn sound_is_refused_when_full_dropped_when_nobody_listens_and_ragged_bytes_are_named() {
    let input = AudioInput::default();
    let ten = vec![0u8; 960];
    assert_eq!(input.push(&ten, Duration::ZERO), Err(PushRefused::SourceOff));
    input.set_format(Some(PcmFormat { rate: 48_000, channels: 1 }));
    assert_eq!(input.push(&ten, Duration::ZERO), Ok(()));
    assert_eq!(input.counts().1, 10, "dropped: nobody listens");
    input.set_active(true);
    let taken = (0..100).take_while(|_| input.push(&ten, Duration::ZERO).is_ok()).count();
    assert_eq!(taken, 20, "200 ms wait, not more");
    assert_eq!(input.push(&ten, Duration::ZERO), Err(PushRefused::Full { first: false }));
    assert_eq!(input.push(&ten[..3], Duration::ZERO), Err(PushRefused::Ragged { len: 3, sample: 2 }));
}

#[test]
fn resampled_tones_stay_tones_and_their_length_is_right() {
    for (from, to) in [(44_100, 48_000), (32_000, 48_000), (96_000, 48_000)] {
        let mut resampler = Resampler::new(from, to, 1);
        let mut out = Vec::new();
        for block in 0..100 {
            resampler.process(&tone(from, 1, 997.0, 10, block * from as usize / 100), &mut out);
        }
        assert!(out.len().abs_diff(to as usize) < 64, "{from}: {}", out.len());
        let share = purity(&out[2000..46_000], to, 997.0);
        assert!(share > 0.9999, "{from} to {to}: {share}");
    }
    let mut resampler = Resampler::new(96_000, 48_000, 1);
    let mut out = Vec::new();
    resampler.process(&tone(96_000, 1, 30_000.0, 500, 0), &mut out);
    let loudest = out[2000..].iter().map(|s| s.unsigned_abs()).max().unwrap();
    assert!(loudest <= 10, "what 48 kHz cannot carry is filtered out, not folded: {loudest}");
}

#[test]
fn sound_that_waits_for_its_time_stamp_plays_at_its_own_pace_with_its_gaps_and_jumps_back_nowhere() {
    let (told, room) = channel();
    let input = Arc::new(AudioInput::new(move || _ = told.send(())));
    input.set_format(Some(PcmFormat { rate: 48_000, channels: 1 }));
    input.set_active(true);
    let clock = Clock::new();
    assert_eq!(input.push_in_time(&[0; 960], 0, clock.monotonic()), None, "nothing waits yet");
    input.set_cache(Some((Arc::default(), 30)));
    let push = |pts| input.push_in_time(&[1; 960], pts, clock.monotonic()).unwrap();
    for n in 0..15 {
        assert_eq!(push(10 * n), Ok(()));
    }
    // 150 ms of sound, then nothing for 150 ms, then again.
    for n in 30..45 {
        assert_eq!(push(10 * n), Ok(()));
    }
    assert_eq!(push(450), Err(PushRefused::Full { first: true }));
    assert_eq!(push(0), Err(PushRefused::Backwards { last: 440 }));
    let (packets, arrived) = channel();
    let _thread = AudioThread::start(Arc::clone(&input), Box::new(move |p| _ = packets.send(p)), clock).unwrap();
    let came: Vec<_> = (0..15).map(|_| arrived.recv_timeout(Duration::from_secs(5)).unwrap()).collect();
    let first = came[0].captured_at;
    let at: Vec<_> = came.iter().map(|p| (p.captured_at - first).as_millis()).collect();
    assert_eq!(at, [0, 20, 40, 60, 80, 100, 120, 140, 300, 320, 340, 360, 380, 400, 420]);
    assert_eq!(came[8].time - came[7].time, 160 * 48, "RTP time has the gap, too");
    assert!(room.recv_timeout(Duration::from_secs(5)).is_ok(), "room again is told");
    assert_eq!(push(450), Ok(()));
}

#[test]
fn the_volume_is_that_of_what_is_sent() {
    let loudness = |volume| {
        let input = Arc::new(AudioInput::default());
        input.set_format(Some(PcmFormat { rate: 48_000, channels: 1 }));
        input.set_volume(volume);
        input.set_active(true);
        let (packets, arrived) = channel();
        let _thread = AudioThread::start(Arc::clone(&input), Box::new(move |p| _ = packets.send(p)), Clock::new()).unwrap();
        for block in 0..20 {
            while input.push(&bytes(&tone(48_000, 1, 1000.0, 10, block * 480)), Duration::from_millis(block as u64 * 10)).is_err()
            {
                std::thread::yield_now();
            }
        }
        // The change of the gain is gradual.
        let mut levels = (0..10).map(|_| arrived.recv_timeout(Duration::from_secs(5)).unwrap().level);
        levels.nth(9).unwrap()
    };
    let (full, half, none) = (loudness(100), loudness(50), loudness(0));
    assert!((5..=7).contains(&(full - half)), "half the amplitude is 6 dB less: {full} and {half} dBov");
    assert_eq!(none, -127);
}
