// The real daemon with its embedded room, as `make run` starts it, but with a configuration and ports of its own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { mint } from "./token.mjs";

const BINARY = process.env.ARTC_EDGE ?? fileURLToPath(new URL("../../../target/release/artc-edge", import.meta.url));
const STARTS_WITHIN = 60_000;
const STOPS_WITHIN = 5_000;

const KEYS = { key: "browser-tests", secret: "0123456789abcdef0123456789abcdef" };
const CHANNEL = "test-channel";

/** A port that was free a moment ago; a daemon that is to come back at its old address cannot take port 0. */
export async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export class Daemon {
  #folder;
  #config;
  #child;
  #lines = [];

  /** Starts one; `settings` are TOML sections by name, merged over those below. */
  static async start(settings = {}) {
    const daemon = new Daemon();
    daemon.#folder = await mkdtemp(join(tmpdir(), "artc-edge-browser-"));
    daemon.#config = join(daemon.#folder, "config.toml");
    daemon.port = await freePort();
    const secret = join(daemon.#folder, "secret");
    await writeFile(secret, KEYS.secret, { mode: 0o600 });
    const sections = {
      device: { name: "Test camera" },
      camera: { source: "pattern", width: 640, height: 360, fps: 30 },
      microphone: { source: "tone" },
      stream: { bitrate_kbps: 1500 },
      room: { listen: `127.0.0.1:${daemon.port}`, media_port: await freePort(), tcp_port: await freePort(), channel: CHANNEL, api_key: KEYS.key, api_secret_file: secret },
      control: { socket: join(daemon.#folder, "control.sock") },
      "control.allow": { "tester*": ["*"], reader: ["device.*", "stream.get"] },
      telemetry: { log: "info", log_to: "stderr", http: false },
    };
    for (const [name, values] of Object.entries(settings)) sections[name] = { ...sections[name], ...values };
    await writeFile(daemon.#config, toToml(sections));
    await daemon.run();
    return daemon;
  }

  /** Starts the process and waits for its line with the viewer's address. */
  async run() {
    const child = spawn(BINARY, ["run", "--config", this.#config], { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, XDG_RUNTIME_DIR: this.#folder } });
    this.#child = child;
    this.#lines = [];
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the daemon printed no viewer address within ${STARTS_WITHIN} ms\n${this.log}`)), STARTS_WITHIN);
      const settle = (outcome) => (value) => {
        clearTimeout(timer);
        outcome(value);
      };
      child.once("error", settle(reject));
      child.once("exit", (code) => settle(reject)(new Error(`the daemon ended with ${code} before it was up\n${this.log}`)));
      for (const stream of [child.stdout, child.stderr]) {
        let rest = "";
        stream.setEncoding("utf8").on("data", (text) => {
          const lines = (rest + text).split("\n");
          rest = lines.pop();
          this.#lines.push(...lines);
          const address = lines.map((line) => /https?:\/\/\S+#\S*token=\S+/.exec(line)?.[0]).find(Boolean);
          if (address) {
            this.viewer = address;
            settle(resolve)();
          }
        });
      }
    });
  }

  /** What the daemon has printed and logged since it was started. */
  get log() {
    return this.#lines.join("\n");
  }

  get origin() {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A viewer's address for another identity than the one that the daemon prints. */
  address(identity, { room = CHANNEL, seconds = 3600, grant = {}, more = "" } = {}) {
    return `${this.origin}/#token=${mint(KEYS, identity, room, seconds, grant)}&room=${room}${more}`;
  }

  /** Address and token of the room, for programs. */
  way(identity, options = {}) {
    return { server: this.origin.replace("http", "ws"), token: mint(KEYS, identity, options.room ?? CHANNEL, options.seconds ?? 3600, options.grant ?? {}) };
  }

  /** The address of the call page that `artc-edge token --call` prints for somebody; `more` are other arguments. */
  async invite(identity, room, ...more) {
    const secret = join(this.#folder, "secret");
    const { stdout } = await promisify(execFile)(BINARY, ["token", "--identity", identity, "--room", room, "--api-key", KEYS.key, "--secret-file", secret, "--call", this.origin, ...more]);
    return stdout.trim();
  }

  /** Calls a method on the daemon's own socket, as `artc-edge call` does: one line there, one line back. */
  async call(method, params = {}) {
    const socket = net.connect(join(this.#folder, "control.sock"));
    await once(socket, "connect");
    socket.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method, params })}\n`);
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) {
      text += chunk;
      if (text.includes("\n")) break;
    }
    socket.destroy();
    const { result, error } = JSON.parse(text);
    if (error) throw new Error(`${method}: ${error.code} ${error.message}`);
    return result;
  }

  /** Asks it to end as Ctrl-C does, and gives its exit code. */
  async stop() {
    const child = this.#child;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, "exit");
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOPS_WITHIN);
    const [code] = await exit;
    clearTimeout(timer);
    return code;
  }

  async remove() {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function toToml(sections) {
  const value = (each) => JSON.stringify(each);
  return Object.entries(sections)
    .map(([name, values]) => [`[${name}]`, ...Object.entries(values).map(([key, each]) => `${value(key)} = ${value(each)}`), ""].join("\n"))
    .join("\n");
}
