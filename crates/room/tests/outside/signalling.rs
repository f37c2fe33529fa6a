//! The signalling websocket under people who mean no good, or have bad luck.

use std::collections::HashMap;

use rtc::proto::{self, DisconnectReason, UpdateParticipantMetadata};
use rtc::signal::{MAX_REQUEST, Request, Response};
use tokio_tungstenite::tungstenite::Message;

use crate::stage::{Client, joins, start};

fn ping() -> Request {
    Request::PingReq(proto::Ping { timestamp: 1, rtt: 0 })
}

/// Somebody else in the room is served as ever.
async fn still_serves(bystander: &mut Client) {
    assert!(bystander.send(ping()).await);
    bystander.until(|message| matches!(message, Response::PongResp(_))).await;
}

#[tokio::test]
async fn garbage_ends_the_connection_of_who_sends_it_and_no_other() {
    let room = start();
    let mut bystander = Client::join(&room, &joins("bystander")).await;
    let mut noisy = Client::join(&room, &joins("noisy")).await;
    for _ in 0..10 {
        assert!(noisy.say(Message::Binary(vec![0xff; 40].into())).await);
    }
    let (_, close) = noisy.rest().await;
    assert_eq!(close.map(|frame| frame.reason.to_string()), Some("not LiveKit messages".into()));

    let mut text = Client::join(&room, &joins("text")).await;
    assert!(text.say(Message::Text("{\"hello\":1}".into())).await);
    let (_, close) = text.rest().await;
    assert_eq!(close.map(|frame| frame.reason.to_string()), Some("this server speaks binary protobuf".into()));

    let mut large = Client::join(&room, &joins("large")).await;
    large.say(Message::Binary(vec![0; MAX_REQUEST + 1].into())).await;
    let (came, _) = large.rest().await;
    assert!(!came.iter().any(|message| matches!(message, Response::RequestResponse(_))), "it is not even read");

    still_serves(&mut bystander).await;
    let refused = room.stats().refused;
    assert_eq!((refused["frame: malformed"], refused["frame: text"]), (10, 1), "{refused:?}");
    room.stop().await;
}

#[tokio::test]
async fn a_flood_of_messages_ends_the_connection_of_who_sends_it() {
    let room = start();
    let mut bystander = Client::join(&room, &joins("bystander")).await;
    let mut flood = Client::join(&room, &joins("flood")).await;
    let mut sent = 0;
    while sent < 20_000 && flood.send(ping()).await {
        sent += 1;
    }
    let (_, close) = flood.rest().await;
    // Whoever still sends when the server closes may lose the reason to a reset.
    assert!(close.is_none_or(|frame| frame.reason.as_str() == "too many messages"));
    assert_eq!(room.stats().refused.get("frame: rate"), Some(&1));
    still_serves(&mut bystander).await;
    room.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_given_up_and_the_others_go_on() {
    let room = start();
    let mut slow = Client::join(&room, &joins("slow")).await;
    let mut talkers = Vec::new();
    for name in ["one", "two", "three"] {
        let mut talker = Client::join(&room, &joins(name)).await;
        talkers.push(tokio::spawn(async move {
            let metadata = "x".repeat(60_000);
            for number in 0..400 {
                let attributes = HashMap::from([("number".to_owned(), number.to_string())]);
                let update = UpdateParticipantMetadata {
                    metadata: metadata.clone(),
                    attributes: attributes.clone(),
                    ..Default::default()
                };
                assert!(talker.send(Request::UpdateMetadata(update)).await, "{name} is not held up by others");
                let told = |info: &proto::ParticipantInfo| info.identity == name && info.attributes == attributes;
                talker.until(|message| matches!(message, Response::Update(update) if update.participants.iter().any(told))).await;
            }
            // Stays until all have finished.
            talker
        }));
    }
    let mut stay = Vec::new();
    for talker in talkers {
        stay.push(talker.await.expect("everything said and heard"));
    }
    let (came, close) = slow.rest().await;
    assert!(came.len() < 1200, "{} messages waited", came.len());
    // On a slow machine the server may have lost its patience with the socket before, and then says nothing.
    assert!(close.is_none_or(|frame| frame.reason.as_str() == "client reads too slowly"));
    room.stop().await;
}

#[tokio::test]
async fn the_same_identity_again_takes_the_place_of_the_earlier() {
    let room = start();
    let mut first = Client::join(&room, &joins("anna")).await;
    let mut second = Client::join(&room, &joins("anna")).await;
    let (came, _) = first.rest().await;
    let reason = came.iter().find_map(|m| if let Response::Leave(leave) = m { Some(leave.reason()) } else { None });
    assert_eq!(reason, Some(DisconnectReason::DuplicateIdentity));
    still_serves(&mut second).await;
    let stats = room.stats();
    assert_eq!((stats.rooms, stats.participants), (1, 1));
    room.stop().await;
}

#[tokio::test]
async fn everybody_is_told_when_the_server_stops() {
    let room = start();
    let mut anna = Client::join(&room, &joins("anna")).await;
    let told = tokio::spawn(async move { anna.rest().await.0 });
    room.stop().await;
    let came = told.await.unwrap();
    let reason = came.iter().find_map(|m| if let Response::Leave(leave) = m { Some(leave.reason()) } else { None });
    assert_eq!(reason, Some(DisconnectReason::ServerShutdown));
}
