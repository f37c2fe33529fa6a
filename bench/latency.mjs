// Picture to picture through Chromium: reads the barcode of each frame that a page shows. Prints one JSON line.
// usage: latency.mjs ADDRESS FRAMES [SECONDS_AT_MOST]

import { Viewer, startBrowser } from "../tests/browser/lib/browser.mjs";
import { stamps } from "../tests/browser/lib/senses.mjs";

const [address, frames, atMost] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4] ?? 60)];
/** Time for the jitter buffer to settle, in milliseconds. */
const SETTLE = 2500;
/** Frames are read in pieces of this length. */
const PIECE = 2000;

const browser = await startBrowser();
try {
  const viewer = await Viewer.open(browser, address);
  await viewer.live();
  await new Promise((resolve) => setTimeout(resolve, SETTLE));
  const seen = [];
  const end = Date.now() + atMost * 1000;
  while (seen.length < frames && Date.now() < end) seen.push(...(await stamps(viewer.page, PIECE)));
  const statistics = await viewer.page.evaluate(async () => {
    // The page's own connection is not ours to reach; the element tells what it lost.
    const quality = document.querySelector("video").getVideoPlaybackQuality();
    return { shown: quality.totalVideoFrames, dropped: quality.droppedVideoFrames };
  });
  const good = seen.filter(({ latency }) => latency !== null);
  console.log(JSON.stringify({
    frames: seen.length,
    latency: good.map(({ latency }) => Math.round(latency * 10) / 10),
    given: good.map(({ given }) => Math.round(given * 10) / 10),
    counter: good.map(({ counter }) => counter),
    statistics,
  }));
} finally {
  await browser.close();
}
