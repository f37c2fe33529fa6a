// What a person would see and hear, looked at inside the page.

import { eventually } from "./browser.mjs";

/** A part of the picture, drawn `width` x `height` pixels large: red, green, blue and opacity of each of its pixels. */
function pixels(page, [width, height], part) {
  return page.evaluate(
    ([w, h, [x, y, columns, rows]]) => {
      const canvas = new OffscreenCanvas(w, h);
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      pen.drawImage(document.querySelector("video"), 0, 0, w, h);
      return Array.from(pen.getImageData(x, y, columns, rows).data);
    },
    [width, height, part],
  );
}

/** Some pixels of the picture, small, as a list of luma values. */
export async function sight(page) {
  const data = await pixels(page, [64, 36], [0, 0, 64, 36]);
  return Array.from({ length: 64 * 36 }, (_, i) => Math.round(0.299 * data[i * 4] + 0.587 * data[i * 4 + 1] + 0.114 * data[i * 4 + 2]));
}

/**
 * The strongest green in the band where the pattern's block moves to and fro on black (crates/media/src/pattern.rs); the block is
 * the only thing there.
 */
export async function brightestGreen(page) {
  const data = await pixels(page, [160, 90], [0, 71, 160, 4]);
  return Math.max(...data.filter((_, i) => i % 4 === 1));
}

/** How many of two sights' pixels differ clearly, 0 to 1. */
export function difference(a, b) {
  return a.filter((value, i) => Math.abs(value - b[i]) > 24).length / a.length;
}

/** Frames that the video element was given so far. */
export function frames(page) {
  return page.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
}

/** Waits, at most `within` milliseconds, until no frame has come for `ms` milliseconds; answers whether it came to that. */
export function still(page, ms, within = 15_000) {
  return page.evaluate(
    ([quiet, most]) =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        const end = performance.now() + most;
        let timer = setTimeout(resolve, quiet, true);
        const each = () => {
          clearTimeout(timer);
          if (performance.now() > end) return resolve(false);
          timer = setTimeout(resolve, quiet, true);
          video.requestVideoFrameCallback(each);
        };
        video.requestVideoFrameCallback(each);
      }),
    [ms, within],
  );
}

/** The longest time between two frames, in milliseconds, while the next `count` of them come; frames that stay away end it after 15 s. */
export function longestGap(page, count) {
  return page.evaluate(
    (wanted) =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        let [longest, last, left] = [0, performance.now(), wanted];
        const look = () => {
          const now = performance.now();
          [longest, last] = [Math.max(longest, now - last), now];
        };
        const timer = setTimeout(() => {
          look();
          resolve(longest);
        }, 15_000);
        const each = () => {
          look();
          left -= 1;
          if (left > 0) return video.requestVideoFrameCallback(each);
          clearTimeout(timer);
          resolve(longest);
        };
        video.requestVideoFrameCallback(each);
      }),
    count,
  );
}

/** What an element says at each of the next `count` frames. */
export function readings(page, selector, count) {
  return page.evaluate(
    ([where, wanted]) =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        const found = [];
        const each = () => {
          found.push(document.querySelector(where).textContent);
          if (found.length < wanted) video.requestVideoFrameCallback(each);
          else resolve(found);
        };
        video.requestVideoFrameCallback(each);
      }),
    [selector, count],
  );
}

export function videoSize(page) {
  return page.evaluate(() => {
    const { videoWidth, videoHeight } = document.querySelector("video");
    return `${videoWidth}x${videoHeight}`;
  });
}

/**
 * The loudest tone of the next `ms` milliseconds: its frequency in Hz, and its level and that of everything else in dBFS.
 * Listens to the track itself, so that it hears what arrives whatever the page's own volume is.
 */
export function listen(page, ms = 1200) {
  return page.evaluate(async (duration) => {
    const [track] = document.querySelector("audio").srcObject?.getAudioTracks() ?? [];
    if (!track) return { frequency: 0, level: -Infinity };
    const context = new AudioContext();
    await context.resume();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
    source.connect(analyser);
    await new Promise((resolve) => setTimeout(resolve, duration));
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const width = context.sampleRate / analyser.fftSize;
    let best = 1;
    for (let i = 2; i < bins.length - 1; i += 1) if (bins[i] > bins[best]) best = i;
    // The top of the parabola through the three highest bins is nearer to the truth than the bin's middle.
    const [left, top, right] = [bins[best - 1], bins[best], bins[best + 1]];
    const shift = (left - right) / (2 * (left - 2 * top + right)) || 0;
    const level = top;
    source.disconnect();
    await context.close();
    return { frequency: (best + shift) * width, level };
  }, ms);
}

/** What is heard once it is steady: two looks one after the other that agree, neither of them partly silent. */
export async function steady(page) {
  let before = -Infinity;
  const agrees = ({ level }) => {
    const agreed = level > -60 && Math.abs(level - before) < 1;
    before = level;
    return agreed;
  };
  return eventually(() => listen(page, 600), agrees, "the sound is steady");
}

/**
 * Reads the stamp of every frame shown for `ms` milliseconds: frame counter, capture time on the monotonic clock, and when the
 * page was given the frame, on the same clock. Both ends run on this machine, so the difference is the whole way from picture to
 * picture, but for the time until the screen's next refresh.
 */
export async function stamps(page, ms) {
  // performance.now() runs on the monotonic clock from another start. The reading lies somewhere between two of ours; the
  // tightest of many pairs says where, to well below a millisecond.
  let tightest = Infinity;
  let ahead = 0;
  for (let i = 0; i < 30; i += 1) {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const there = await page.evaluate(() => performance.now());
    const after = Number(process.hrtime.bigint()) / 1e6;
    if (after - before < tightest) [tightest, ahead] = [after - before, (before + after) / 2 - there];
  }
  const seen = await page.evaluate(
    (duration) =>
      new Promise((resolve) => {
        const video = document.querySelector("video");
        const canvas = new OffscreenCanvas(16, 16);
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        const found = [];
        const end = performance.now() + duration;
        const each = (_beginning, frame) => {
          const given = performance.now();
          const { videoWidth: width } = video;
          const height = Math.ceil(width / 20);
          if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
          pen.drawImage(video, 0, 0);
          const stamp = readStamp(pen.getImageData(0, 0, width, height).data, width);
          found.push({ ...(stamp ?? { counter: null, ms: null }), given, expected: frame.expectedDisplayTime, received: frame.receiveTime, captured: frame.captureTime });
          if (given < end) video.requestVideoFrameCallback(each);
          else resolve(found);
        };
        video.requestVideoFrameCallback(each);

        // Layout: crates/media/src/barcode.rs.
        function readStamp(d, w) {
          const edge = (k) => Math.floor((k * w) / 40);
          const bytes = new Uint8Array(10);
          for (let i = 0; i < 80; i += 1) {
            const [x0, x1] = [edge(i % 40), edge((i % 40) + 1)];
            const r = Math.floor(i / 40);
            const [y0, y1] = [edge(r), edge(r + 1)];
            const [mx, my] = [(x1 - x0) >> 2, (y1 - y0) >> 2];
            let sum = 0;
            let n = 0;
            for (let y = y0 + my; y < y1 - my; y += 1) for (let x = x0 + mx; x < x1 - mx; x += 1, n += 1) sum += d[(y * w + x) * 4 + 1];
            if (sum > 127 * n) bytes[i >> 3] |= 128 >> (i & 7);
          }
          let crc = 0xffff;
          for (let i = 0; i < 8; i += 1) {
            crc ^= bytes[i] << 8;
            for (let k = 0; k < 8; k += 1) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
          }
          if (crc !== ((bytes[8] << 8) | bytes[9])) return undefined;
          const v = new DataView(bytes.buffer);
          return { counter: v.getUint32(0) >>> 8, ms: (bytes[3] * 2 ** 32 + v.getUint32(4)) / 10 };
        }
      }),
    ms,
  );
  return seen.map((each) => ({ ...each, latency: each.ms === null ? null : each.given + ahead - each.ms }));
}

/** The value below which the part `p` of all values lies. */
export function percentile(values, p) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
}
