//! What the bench measures with. Each subcommand prints JSON lines on standard output and is steered by lines on standard input:
//! `mark` asks for the counters of now, the end of the input ends it. Not for deciding what the numbers mean: see `bench/bench.py`.

mod call;
mod clip;
mod command;
mod cycle;
mod encode;
mod feed;
mod fleet;
mod http;
mod janus;
mod pattern;
mod people;
mod place;
mod publish;
mod push;
mod receive;
mod send;
mod signature;
mod signing;
mod steer;
mod voice;
mod watch;

use clap::{Parser, Subcommand};

/// Anything that goes wrong ends the program with its reason.
type Failure = Box<dyn std::error::Error>;

#[derive(Parser)]
#[command(about = "Measures parts of artc-edge from outside")]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The daemon's encoder alone, paced like a camera
    Encode(encode::Encode),
    /// A clip through the open engine into a room
    Publish(publish::Publish),
    /// People in a room who send a clip as it is
    People(people::People),
    /// Somebody who sends a clip as it is, by WHIP or into a room of Janus
    Send(send::Send),
    /// Viewers by WHEP, or of Janus, that count what comes
    Watch(watch::Watch),
    /// Viewers that join one after the other, and how long that takes
    Join(watch::Join),
    /// The pattern's pictures, into a file
    Pattern(pattern::Pattern),
    /// Pictures into an engine, as a program that uses the API does
    Feed(feed::Feed),
    /// Commands over the data channel, timed
    Command(command::Commands),
    /// Users that talk
    Talk(receive::Talk),
    /// A user that listens or watches
    Listen(receive::Listen),
    /// The time from mouth to ear
    Ear(receive::Ear),
    /// How well what was heard is understood
    Understood(receive::Understood),
    /// The decoder alone
    Decode(receive::Decode),
    /// Raw pictures pushed into an engine, each call timed
    Push(push::Push),
    /// Signed commands at the desk, timed
    Signature(signature::Signature),
    /// Join tokens, signed
    Signing(signing::Signing),
    /// Devices that come to a broker at once
    Fleet(fleet::Fleet),
    /// Calls over a broker, timed
    Call(call::Call),
    /// How much of an echo is taken out
    Echo(voice::Echo),
    /// What taking out echo and noise costs
    Voice(voice::Voice),
    /// Clocks that run apart for a day
    Drift(voice::Drift),
    /// Joining and leaving, and what it leaves behind
    Cycle(cycle::Cycle),
}

fn main() -> Result<(), Failure> {
    match Arguments::parse().what {
        What::Encode(encode) => encode.run(),
        What::Publish(publish) => publish.run(),
        What::People(people) => people.run(),
        What::Send(send) => send.run(),
        What::Watch(watch) => watch.run(),
        What::Join(join) => join.run(),
        What::Pattern(pattern) => pattern.run(),
        What::Feed(feed) => feed.run(),
        What::Command(command) => command.run(),
        What::Talk(talk) => talk.run(),
        What::Listen(listen) => listen.run(),
        What::Ear(ear) => ear.run(),
        What::Understood(understood) => understood.run(),
        What::Decode(decode) => decode.run(),
        What::Push(push) => push.run(),
        What::Signature(signature) => signature.run(),
        What::Signing(signing) => signing.run(),
        What::Fleet(fleet) => fleet.run(),
        What::Call(call) => call.run(),
        What::Echo(echo) => echo.run(),
        What::Voice(voice) => voice.run(),
        What::Drift(drift) => drift.run(),
        What::Cycle(cycle) => cycle.run(),
    }
}
