/**
 * Who and what is in the room: LiveKit's participants and tracks, seen as users and streams, and what has changed since the last
 * look. Not for connecting, and knows nothing of what is published or played here.
 */

import type { RemoteParticipant, RemoteTrackPublication, Room, TrackPublication } from "livekit-client";

/** A participant's attribute that holds the extra info of one of its streams begins so; the stream's id follows. */
export const EXTRA_INFO = "artc.stream.";

export interface User {
  userID: string;
  userName: string;
}

export interface StreamInfo {
  streamID: string;
  user: User;
  /** What its publisher says about it. */
  extraInfo: string;
}

/** A stream of somebody else with what it consists of. */
export interface Stream extends StreamInfo {
  publications: RemoteTrackPublication[];
  /** Whether it has a picture, or sound, that is not switched off. */
  camera: boolean;
  microphone: boolean;
}

export interface Sight {
  users: Map<string, User>;
  streams: Map<string, Stream>;
}

export const NOTHING: Sight = { users: new Map(), streams: new Map() };

/** What of a room is looked at. */
export type Seen = { remoteParticipants: ReadonlyMap<string, Pick<RemoteParticipant, "identity" | "name" | "attributes" | "trackPublications">> };

export function look(room: Seen | Room): Sight {
  const users = new Map<string, User>();
  const streams = new Map<string, Stream>();
  for (const participant of (room as Seen).remoteParticipants.values()) {
    const user = { userID: participant.identity, userName: participant.name || participant.identity };
    users.set(user.userID, user);
    for (const [streamID, publications] of streamsOf(participant)) {
      const before = streams.get(streamID);
      // Of two of the same id the earlier one is the stream.
      if (before && !isEarlier(publications, before.publications)) continue;
      const sends = (kind: string) => publications.some((each) => each.kind === kind && !each.isMuted);
      const extraInfo = participant.attributes[EXTRA_INFO + streamID] ?? "";
      streams.set(streamID, { streamID, user, extraInfo, publications, camera: sends("video"), microphone: sends("audio") });
    }
  }
  return { users, streams };
}

/**
 * Whether the stream of these publications was published before that of those: by the version that the server gives every track as
 * it is announced, and by its id where a server gives none. Every client of the room comes to the same answer.
 */
export function isEarlier(these: Iterable<TrackPublication>, those: Iterable<TrackPublication>): boolean {
  const [a, b] = [first(these), first(those)];
  if (!a || !b) return a !== undefined;
  return a.at !== b.at ? a.at < b.at : a.ticks !== b.ticks ? a.ticks < b.ticks : a.sid < b.sid;
}

function first(publications: Iterable<TrackPublication>) {
  return [...publications]
    .map(({ trackInfo, trackSid: sid }) => ({ at: trackInfo?.version?.unixMicro ?? 0n, ticks: trackInfo?.version?.ticks ?? 0, sid }))
    .sort((a, b) => (a.at !== b.at ? (a.at < b.at ? -1 : 1) : a.ticks - b.ticks || (a.sid < b.sid ? -1 : 1)))[0];
}

/**
 * Tracks of a stream of this library bear its id twice: as the stream they belong to, and as their name. Participants that are no
 * clients of this library, such as cameras, name something else: what they send is the stream of their user id, and a shared screen
 * that of the user id with "-screen".
 */
function streamsOf(participant: Pick<RemoteParticipant, "identity" | "trackPublications">): Map<string, RemoteTrackPublication[]> {
  const streams = new Map<string, RemoteTrackPublication[]>();
  for (const each of participant.trackPublications.values()) {
    const publication = each as RemoteTrackPublication;
    const screen = publication.source === "screen_share" || publication.source === "screen_share_audio";
    const named = publication.trackName !== "" && publication.trackName === publication.trackInfo?.stream;
    const streamID = named ? publication.trackName : participant.identity + (screen ? "-screen" : "");
    streams.set(streamID, [...(streams.get(streamID) ?? []), publication]);
  }
  return streams;
}

/** What is there now and was not, is there no more, and says something else about itself. */
export interface Change<T> {
  added: T[];
  gone: T[];
  other: T[];
}

export function changes<T>(before: ReadonlyMap<string, T>, now: ReadonlyMap<string, T>, differs: (a: T, b: T) => boolean): Change<T> {
  const change: Change<T> = { added: [], gone: [], other: [] };
  for (const [id, each] of before) if (!now.has(id)) change.gone.push(each);
  for (const [id, each] of now) {
    const earlier = before.get(id);
    if (earlier === undefined) change.added.push(each);
    else if (differs(earlier, each)) change.other.push(each);
  }
  return change;
}
