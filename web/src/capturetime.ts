/**
 * When the picture on the screen was captured.
 *
 * Senders stamp frames with the header extension abs-capture-time, rooms forward it, and Chromium tells what came
 * (`getSynchronizationSources`), but does not ask for it in an offer of its own: it stands on the list of what could be negotiated as
 * "stopped". livekit-client, which makes the offers, does not ask either. What
 * `requestVideoFrameCallback` calls `captureTime` is no help: Chromium makes it from sender reports and a round trip that a browser
 * which sends no media never measures.
 */

const CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";
/** Ticks a millisecond of a picture's RTP time. */
const TICKS = 90;

/** What WebRTC's extensions add and TypeScript's library does not know yet. */
interface Negotiable {
  getHeaderExtensionsToNegotiate?: () => { uri: string; direction: string }[];
  setHeaderExtensionsToNegotiate?: (extensions: { uri: string; direction: string }[]) => void;
}

/** A source with the capture time of its newest frame, in ms since 1900 on the sender's clock. */
export interface Stamped extends RTCRtpSynchronizationSource {
  captureTimestamp?: number;
}

/** Has every section for pictures that connections made from now on offer ask for the extension. To be called once, early. */
export function askForCaptureTime(connection: Pick<RTCPeerConnection, "addTransceiver">): void {
  const add = connection.addTransceiver;
  connection.addTransceiver = function (this: RTCPeerConnection, trackOrKind: MediaStreamTrack | string, init?: RTCRtpTransceiverInit) {
    const transceiver = add.call(this, trackOrKind, init);
    if (trackOrKind === "video") ask(transceiver as Negotiable);
    return transceiver;
  };
}

function ask(transceiver: Negotiable): void {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.();
  const wanted = extensions?.find(({ uri }) => uri === CAPTURE_TIME);
  if (!extensions || wanted?.direction !== "stopped") return;
  // Both ways, because that is written without a suffix, which not every server reads.
  wanted.direction = "sendrecv";
  try {
    transceiver.setHeaderExtensionsToNegotiate?.(extensions);
  } catch {
    // The connection is worth more than the number.
  }
}

/**
 * When the frame with the RTP time `frame` was captured, in ms since 1900 on the sender's clock: the source tells it of the frame that
 * was decoded last, which may be a few frames further.
 */
export function capturedAt(source: Stamped | undefined, frame: number | undefined): number | undefined {
  if (source?.captureTimestamp === undefined) return undefined;
  if (frame === undefined) return source.captureTimestamp;
  // RTP time has 32 bits and wraps.
  return source.captureTimestamp + ((frame - source.rtpTimestamp) | 0) / TICKS;
}
