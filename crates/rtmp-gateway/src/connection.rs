//! One connection: the dialogue until somebody is let in, their stream, and its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::EngineFactory;
use rtmp_rs::amf::AmfValue;
use rtmp_rs::protocol::ConnectResponseBuilder;
use rtmp_rs::protocol::message::{Command, ConnectParams, RtmpMessage, UserControlEvent};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

use crate::address::Address;
use crate::host::{Bearer, Host, Kind};
use crate::play::{self, Playing};
use crate::publish::{self, Publication};
use crate::roster::{Entry, Roster};
use crate::seat::Seat;
use crate::wire::{Broken, Said, Stream, Wire};

/// From the first byte to `publish` or `play`.
const OUTSIDE: Duration = Duration::from_secs(10);
/// A pusher that sends nothing for so long is gone.
const IDLE: Duration = Duration::from_secs(30);
/// A stream that is not there is waited for so long, before the first picture and after its publisher has left.
const ABSENT: Duration = Duration::from_secs(10);
/// The one stream of a connection.
const STREAM: u32 = 1;

/// What connections share.
pub(crate) struct House {
    pub engines: Arc<dyn EngineFactory>,
    pub host: Arc<dyn Host>,
    pub roster: Arc<Roster>,
    pub stopping: watch::Receiver<bool>,
    pub tls: Option<TlsAcceptor>,
}

/// Why somebody is refused or sent away.
struct Refusal {
    /// By which it is counted.
    word: &'static str,
    /// RTMP's word for it.
    code: &'static str,
    why: String,
}

/// What somebody wants, once it is known.
struct Wish {
    kind: Kind,
    address: Address,
}

/// How a stream ended.
enum End {
    /// The peer ended it, or is gone.
    Peer(Broken),
    /// We end it.
    Refused(Refusal),
    /// It is over, and nobody is to blame: the word to the player.
    Over(&'static str, &'static str),
}

impl From<Broken> for End {
    fn from(broken: Broken) -> Self {
        Self::Peer(broken)
    }
}

impl House {
    /// Serves a connection to its end.
    pub(crate) async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        let asked = timeout(OUTSIDE, async {
            stream.set_nodelay(true)?;
            let stream: Box<dyn Stream> = match &self.tls {
                Some(tls) => Box::new(tls.accept(stream).await.map_err(|why| Broken::Garbage(format!("no TLS: {why}")))?),
                None => Box::new(stream),
            };
            let mut wire = Wire::accept(stream).await?;
            let wish = listen(&mut wire).await?;
            Ok::<_, Broken>((wire, wish))
        });
        let mut stopping = self.stopping.clone();
        let asked = tokio::select! {
            asked = asked => asked,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        let (mut wire, wish) = match asked {
            Ok(Ok(asked)) => asked,
            Ok(Err(broken)) => return self.broken(&broken, peer),
            Err(_) => {
                tracing::debug!(%peer, "an RTMP connection asked for nothing in time");
                return self.host.refused("late");
            }
        };
        let outcome = match wish {
            Ok(wish) => self.stream(&mut wire, &wish, peer).await,
            Err(refusal) => End::Refused(refusal),
        };
        let last = match outcome {
            End::Peer(broken) => return self.broken(&broken, peer),
            End::Refused(refusal) => {
                tracing::info!(%peer, code = refusal.code, "RTMP refused: {}", refusal.why);
                self.host.refused(refusal.word);
                status("error", refusal.code, &refusal.why)
            }
            End::Over(code, why) => status("status", code, why),
        };
        if wire.command(last).await.is_ok() {
            wire.close().await;
        }
    }

    fn broken(&self, broken: &Broken, peer: SocketAddr) {
        match broken.word() {
            Some(word) => {
                tracing::info!(%peer, "RTMP connection ended: {broken}");
                self.host.refused(word);
            }
            None => tracing::debug!(%peer, "RTMP connection ended: {broken}"),
        }
    }

    /// Lets somebody in, or not, and serves their stream.
    async fn stream(&self, wire: &mut Wire, wish: &Wish, peer: SocketAddr) -> End {
        let (bearer, entry) = match self.admit(wish) {
            Ok(admitted) => admitted,
            Err(refusal) => return End::Refused(refusal),
        };
        let parts = (&wish.address, &bearer);
        let seat = match wish.kind {
            Kind::Publish => Seat::take(&self.engines, publish::params(), parts, &publish::config(), publish::prepare).await,
            Kind::Play => Seat::take(&self.engines, play::params(), parts, &play::config(), |_| Ok(())).await,
        };
        let seat = match seat {
            Ok(seat) => seat,
            Err(why) => return End::Refused(Refusal { word: "join", code: wish.failed(), why }),
        };
        let Address { channel, stream, .. } = &wish.address;
        tracing::info!(%peer, channel, stream, user = bearer.identity, kind = ?wish.kind, "RTMP stream begins");
        wire.let_in();
        let mut stopping = self.stopping.clone();
        let stopped = async {
            // Whoever asks us to stop may also be gone.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let (seat, end) = match wish.kind {
            Kind::Publish => {
                let mut publication = Publication::new(seat);
                let end = tokio::select! {
                    end = pushed(wire, &mut publication) => end,
                    () = stopped => End::Over("NetStream.Unpublish.Success", "the server stops"),
                };
                (publication.into_seat(), end)
            }
            Kind::Play => {
                let mut playing = Playing::new(seat, stream);
                let end = tokio::select! {
                    end = pulled(wire, &mut playing, stream) => end,
                    () = stopped => End::Over("NetStream.Play.Stop", "the server stops"),
                };
                (playing.into_seat(), end)
            }
        };
        seat.leave().await;
        drop(entry);
        tracing::info!(%peer, channel, stream, user = bearer.identity, kind = ?wish.kind, "RTMP stream has ended");
        end
    }

    /// Whether somebody may have what they want.
    fn admit(&self, wish: &Wish) -> Result<(Bearer, Entry), Refusal> {
        let Address { channel, stream, token } = &wish.address;
        let refusal = |word, code, why| Refusal { word, code, why };
        let bearer = self.host.admit(token.expose(), channel).map_err(|why| refusal("token", wish.denied(), why))?;
        match wish.kind {
            Kind::Publish if !bearer.publish => {
                return Err(refusal("grant", wish.denied(), "the token does not allow to publish".into()));
            }
            Kind::Publish if *stream != bearer.identity => {
                let why = format!(
                    "the token is for the stream {:?}, not for {stream:?}: a stream is called as its user",
                    bearer.identity
                );
                return Err(refusal("grant", "NetStream.Publish.BadName", why));
            }
            Kind::Play if !bearer.subscribe => {
                return Err(refusal("grant", wish.denied(), "the token does not allow to play".into()));
            }
            _ => {}
        }
        let entry = self.roster.enter(channel, &bearer.identity, wish.kind).ok_or_else(|| {
            let why = format!("{:?} is in the channel by RTMP already", bearer.identity);
            let code = if wish.kind == Kind::Publish { "NetStream.Publish.BadName" } else { "NetStream.Play.Failed" };
            refusal("duplicate", code, why)
        })?;
        Ok((bearer, entry))
    }
}

impl Wish {
    /// RTMP's word for what is not allowed.
    fn denied(&self) -> &'static str {
        if self.kind == Kind::Publish { "NetStream.Publish.Denied" } else { "NetStream.Play.Failed" }
    }

    /// And for what went wrong.
    fn failed(&self) -> &'static str {
        if self.kind == Kind::Publish { "NetStream.Publish.Failed" } else { "NetStream.Play.Failed" }
    }
}

/// Answers until it is known what somebody wants.
async fn listen(wire: &mut Wire) -> Result<Result<Wish, Refusal>, Broken> {
    let mut app = None;
    loop {
        let Said::Command(command) = wire.next().await? else {
            return Err(Broken::Garbage("pictures or sound of nobody".into()));
        };
        let kind = match command.name.as_str() {
            "connect" if app.is_none() => {
                app = Some(ConnectParams::from_amf(&command.command_object).app);
                wire.introduce();
                wire.command(ConnectResponseBuilder::new().build(command.transaction_id)).await?;
                continue;
            }
            "createStream" => {
                let stream = AmfValue::Number(f64::from(STREAM));
                wire.command(Command::result(command.transaction_id, AmfValue::Null, stream)).await?;
                continue;
            }
            "publish" => Kind::Publish,
            "play" => Kind::Play,
            // What announces a stream, or asks for what a live stream has not.
            _ => continue,
        };
        let Some(app) = &app else { return Err(Broken::Garbage(format!("{} before connect", command.name))) };
        let key = command.arguments.first().and_then(AmfValue::as_str).unwrap_or_default();
        let code = if kind == Kind::Publish { "NetStream.Publish.BadName" } else { "NetStream.Play.StreamNotFound" };
        return Ok(match Address::read(app, key) {
            Ok(address) => Ok(Wish { kind, address }),
            Err(why) => Err(Refusal { word: "address", code, why: why.to_owned() }),
        });
    }
}

/// Takes what is pushed.
async fn pushed(wire: &mut Wire, publication: &mut Publication) -> End {
    let outcome = async {
        wire.control(&RtmpMessage::UserControl(UserControlEvent::StreamBegin(STREAM)));
        wire.command(status("status", "NetStream.Publish.Start", "the stream is in the room")).await?;
        let mut heard = Instant::now();
        loop {
            let said = tokio::select! {
                said = wire.next() => said?,
                event = publication.seat().next() => {
                    let event = event.ok_or_else(|| unfit(("lost", "the engine has ended".into())))?;
                    publication.heed(&event).map_err(unfit)?;
                    continue;
                }
                () = tokio::time::sleep_until(heard + IDLE) => return Err(unfit(("idle", format!("nothing came for {} s", IDLE.as_secs())))),
            };
            heard = Instant::now();
            match said {
                Said::Video(time, tag) => publication.picture(time, &tag).await.map_err(unfit)?,
                Said::Sound(time, tag) => publication.sound(time, &tag).await.map_err(unfit)?,
                Said::Command(command) if ends(&command) => {
                    return Ok::<End, End>(End::Over("NetStream.Unpublish.Success", "the stream has ended"));
                }
                Said::Command(_) => {}
            }
        }
    };
    outcome.await.unwrap_or_else(|end| end)
}

fn unfit((word, why): publish::Unfit) -> End {
    End::Refused(Refusal { word, code: "NetStream.Publish.Failed", why })
}

/// Sends what is pulled.
async fn pulled(wire: &mut Wire, playing: &mut Playing, stream: &str) -> End {
    let outcome = async {
        let joined = Instant::now();
        let (mut there, mut begun, mut changed) = (false, false, joined);
        loop {
            let event = tokio::select! {
                said = wire.next() => match said? {
                    Said::Command(command) if ends(&command) => return Err(End::Over("NetStream.Play.Stop", "the stream was played")),
                    _ => continue,
                },
                event = playing.seat().next() => event.ok_or_else(|| failed("lost", "the engine has ended".into()))?,
                () = tokio::time::sleep_until(changed + ABSENT), if !there => {
                    return Err(if begun {
                        End::Over("NetStream.Play.UnpublishNotify", "the publisher has left")
                    } else {
                        let why = format!("nobody in the channel publishes as {stream:?}");
                        End::Refused(Refusal { word: "absent", code: "NetStream.Play.StreamNotFound", why })
                    });
                }
            };
            let now = u64::try_from(joined.elapsed().as_millis()).unwrap_or(u64::MAX);
            let heard = playing.heed(event, now).map_err(|why| failed("lost", why))?;
            if let Some(now) = heard.there {
                (there, changed) = (now, Instant::now());
                if there && !begun {
                    begun = true;
                    wire.control(&RtmpMessage::UserControl(UserControlEvent::StreamBegin(STREAM)));
                    wire.command(status("status", "NetStream.Play.Reset", "the stream begins")).await?;
                    wire.command(status("status", "NetStream.Play.Start", "the stream begins")).await?;
                }
            }
            for (tag, time) in heard.tags {
                wire.tag(&tag, STREAM, time).await?;
            }
        }
    };
    let outcome: Result<std::convert::Infallible, End> = outcome.await;
    let Err(end) = outcome;
    if matches!(end, End::Over(..)) {
        wire.control(&RtmpMessage::UserControl(UserControlEvent::StreamEof(STREAM)));
    }
    end
}

fn failed(word: &'static str, why: String) -> End {
    End::Refused(Refusal { word, code: "NetStream.Play.Failed", why })
}

/// Whether a command ends the stream of its connection.
fn ends(command: &Command) -> bool {
    matches!(command.name.as_str(), "deleteStream" | "closeStream" | "FCUnpublish")
}

fn status(level: &str, code: &str, why: &str) -> Command {
    Command::on_status(STREAM, level, code, why)
}
