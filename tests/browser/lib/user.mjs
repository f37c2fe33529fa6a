// A user of the library for rooms (clients/rooms): a page in a browser context of its own, with an engine that writes down its events.

import { eventually } from "./browser.mjs";

/** Everything here waits for a condition; on a busy machine two browsers and a server take their time. */
export const WITHIN = 180_000;

export class User {
  constructor(page, roomID, userID, token) {
    Object.assign(this, { page, roomID, userID, token });
  }

  /** Opens a page at the room's origin, which is what gives it camera and microphone; `code` is the library as a module. */
  static async open(browser, code, { origin, server, token, roomID, userID }) {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(WITHIN);
    // Its 404 is a page without content and policy. It must come from there: Chromium keeps pages from elsewhere away from this machine.
    await page.goto(`${origin}/no-such-page`);
    await page.evaluate(async ([address, text]) => {
      document.body.append(Object.assign(document.createElement("video"), { autoplay: true, playsInline: true }));
      const { ExpressEngine } = await import(`data:text/javascript;base64,${text}`);
      globalThis.engine = new ExpressEngine(0, address);
      globalThis.events = [];
      const names = ["roomStateUpdate", "roomUserUpdate", "roomStreamUpdate", "roomStreamExtraInfoUpdate", "publisherStateUpdate", "playerStateUpdate", "remoteCameraStatusUpdate", "remoteMicStatusUpdate"];
      for (const name of names) engine.on(name, (...values) => events.push([name, ...values]));
    }, [server, Buffer.from(code).toString("base64")]);
    return new User(page, roomID, userID, token);
  }

  /** Calls the engine; what cannot leave the page, a stream, goes to the page's video. Gives the value, or the error's code and words. */
  call(method, ...values) {
    return this.page.evaluate(
      ([name, given]) =>
        engine[name](...given).then(
          (value) => {
            if (!value?.stream) return { value };
            globalThis.streams = { ...globalThis.streams, [given[0]]: value.stream };
            if (name === "startPlayingStream") document.querySelector("video").srcObject = value.stream;
            return { value: value.stream.getTracks().map(({ kind }) => kind) };
          },
          ({ name: kind, code, message }) => ({ error: kind, code, message }),
        ),
      [method, values],
    );
  }

  login(config = { userUpdate: true }) {
    return this.call("loginRoom", this.roomID, this.token, { userID: this.userID }, config);
  }

  /** Events of one name so far, without the name. */
  async events(name) {
    return (await this.page.evaluate((wanted) => events.filter(([each]) => each === wanted), name)).map(([, ...values]) => values);
  }

  /** Waits for an event that satisfies. */
  heard(name, satisfied) {
    return eventually(() => this.events(name), (all) => all.some((values) => satisfied(...values)), `${this.userID} is told ${name}`, WITHIN);
  }

  /** The states of a stream so far, one after the other. */
  async states(name, streamID) {
    return (await this.events(name)).filter(([each]) => each.streamID === streamID).map(([{ state }]) => state);
  }

  /** Waits until frames of what is played go on being decoded. */
  async sees() {
    const decoded = () => this.page.evaluate(() => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
    const before = await decoded();
    return eventually(decoded, (count) => count > before + 5, `${this.userID} sees`, WITHIN);
  }

  /** Waits until a stream that is played sounds. */
  hears(streamID) {
    const level = (id) =>
      this.page.evaluate(async (wanted) => {
        const [track] = streams[wanted].getAudioTracks();
        if (!track) return 0;
        const context = new AudioContext();
        await context.resume();
        const analyser = new AnalyserNode(context, { fftSize: 32768 });
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        // The beep comes once a second; the window is nearly as long.
        await new Promise((resolve) => setTimeout(resolve, 1000));
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        await context.close();
        return Math.max(...samples.map(Math.abs));
      }, id);
    return eventually(() => level(streamID), (loudest) => loudest > 0.01, `${this.userID} hears ${streamID}`, WITHIN);
  }

  async close() {
    await this.page.context().close();
  }
}
