//! What a reader of the queue sees when it is slow, late or gone.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::error::ErrorCode;
use crate::frame::{AudioFrame, AudioPcmFrame, DataChannelMsg};

fn state(n: usize) -> Event {
    Event::RemoteUserOnLineNotify { uid: n.to_string() }
}

fn media(n: u32) -> Event {
    let pcm = AudioPcmFrame {
        frame_ms: n,
        channels: 1,
        sample_bits: 16,
        sample_rates: 8000,
        samples: 0,
        stream_index: 0,
        pcm: Vec::new(),
    };
    Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(pcm) }
}

fn message() -> Event {
    Event::DataChannelMsg { uid: "mallory".into(), msg: DataChannelMsg::custom("x") }
}

fn read(queue: &EventQueue) -> Vec<String> {
    std::iter::from_fn(|| queue.try_next())
        .map(|event| match event {
            Event::RemoteUserOnLineNotify { uid } => format!("state {uid}"),
            Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(pcm) } => format!("media {}", pcm.frame_ms),
            other => other.name().to_owned(),
        })
        .collect()
}

#[test]
fn order_is_kept_over_all_classes() {
    let queue = EventQueue::new();
    for event in [state(0), media(1), message(), state(2), media(3)] {
        queue.push(event);
    }
    assert_eq!(read(&queue), ["state 0", "media 1", "OnDataChannelMsg", "state 2", "media 3"]);
}

#[test]
fn the_newest_media_win_and_state_is_never_dropped() {
    let queue = EventQueue::new();
    for n in 0..1000 {
        queue.push(media(n));
        if n % 10 == 0 {
            queue.push(state(n as usize));
        }
    }
    let seen = read(&queue);
    assert_eq!(seen.iter().filter(|s| s.starts_with("state")).count(), 100);
    assert_eq!(seen.iter().filter(|s| s.starts_with("media")).count(), MEDIA_DEPTH);
    assert_eq!(seen.last().map(String::as_str), Some("media 999"));
    assert_eq!(queue.dropped().media, 1000 - MEDIA_DEPTH as u64);
}

#[test]
fn a_flood_of_messages_pushes_nothing_out() {
    let queue = EventQueue::new();
    queue.push(state(1));
    for _ in 0..10 * MESSAGE_DEPTH {
        queue.push(message());
    }
    queue.push(state(2));
    assert_eq!(queue.len(), MESSAGE_DEPTH + 2);
    assert_eq!(queue.dropped(), Dropped { messages: 9 * MESSAGE_DEPTH as u64, ..Dropped::default() });
    let seen = read(&queue);
    assert_eq!((seen[0].as_str(), seen[seen.len() - 1].as_str()), ("state 1", "state 2"));
}

#[test]
fn a_closed_queue_is_read_to_its_end_and_takes_nothing_more() {
    let queue = EventQueue::new();
    queue.push(Event::LeaveChannelResult { result: ErrorCode::Ok });
    queue.close();
    queue.push(state(1));
    assert_eq!(read(&queue), ["OnLeaveChannelResult"]);
    assert!(queue.next_timeout(Duration::from_secs(3600)).is_none(), "a closed queue does not wait");
}

#[tokio::test]
async fn waiting_readers_are_woken_by_events_and_by_the_end() {
    let queue = Arc::new(EventQueue::new());
    let reader = |queue: Arc<EventQueue>| tokio::spawn(async move { queue.next().await.is_some() });
    let readers = [reader(Arc::clone(&queue)), reader(Arc::clone(&queue)), reader(Arc::clone(&queue))];
    tokio::task::yield_now().await;
    queue.push(state(1));
    queue.push(state(2));
    queue.close();
    let mut got = 0;
    for reader in readers {
        got += usize::from(reader.await.expect("no panic"));
    }
    assert_eq!(got, 2, "two events, and the end for the third");
}

#[test]
fn threads_wait_for_the_next_event() {
    let queue = Arc::new(EventQueue::new());
    let reader = std::thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.next_timeout(Duration::from_secs(30)).is_some()
    });
    queue.push(state(1));
    assert!(reader.join().expect("no panic"));
    assert!(queue.next_timeout(Duration::ZERO).is_none());
}
