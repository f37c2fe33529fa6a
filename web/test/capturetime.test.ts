import { describe, expect, it } from "vitest";

import { askForCaptureTime, capturedAt, type Stamped } from "../src/capturetime";

const URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time";

/** A connection of a browser that knows the extension in the given state. */
function connection(direction: string) {
  const asked: { uri: string; direction: string }[][] = [];
  const transceiver = {
    getHeaderExtensionsToNegotiate: () => [{ uri: "other", direction: "stopped" }, { uri: URI, direction }],
    setHeaderExtensionsToNegotiate: (extensions: { uri: string; direction: string }[]) => void asked.push(extensions),
  };
  const made = { addTransceiver: () => transceiver as unknown as RTCRtpTransceiver };
  askForCaptureTime(made as unknown as RTCPeerConnection);
  return { made: made as unknown as RTCPeerConnection, asked, transceiver };
}

describe("the capture time", () => {
  it("is asked for where the browser would not, for pictures only, and nothing else is touched", () => {
    const { made, asked, transceiver } = connection("stopped");
    expect(made.addTransceiver("audio")).toBe(transceiver);
    expect(asked).toEqual([]);
    expect(made.addTransceiver("video", { direction: "recvonly" })).toBe(transceiver);
    expect(asked).toEqual([[{ uri: "other", direction: "stopped" }, { uri: URI, direction: "sendrecv" }]]);
  });

  it("is left alone where it is asked for already", () => {
    const { made, asked } = connection("sendrecv");
    made.addTransceiver("video");
    expect(asked).toEqual([]);
  });

  it("costs no connection where the browser knows or allows nothing of it", () => {
    const old = { addTransceiver: () => ({}) as RTCRtpTransceiver };
    askForCaptureTime(old as unknown as RTCPeerConnection);
    expect((old as unknown as RTCPeerConnection).addTransceiver("video")).toEqual({});
    const { made, transceiver } = connection("stopped");
    transceiver.setHeaderExtensionsToNegotiate = () => {
      throw new TypeError("not allowed");
    };
    expect(made.addTransceiver("video")).toBe(transceiver);
  });

  it("of a frame is that of the newest one less the distance between them, over the end of RTP time too", () => {
    const source = { captureTimestamp: 5000, rtpTimestamp: 900 } as Stamped;
    expect(capturedAt(source, 900)).toBe(5000);
    expect(capturedAt(source, 0)).toBe(4990);
    expect(capturedAt(source, 2 ** 32 - 900)).toBe(4980);
    expect(capturedAt({ rtpTimestamp: 900 } as Stamped, 900)).toBeUndefined();
    expect(capturedAt(undefined, 900)).toBeUndefined();
  });
});
