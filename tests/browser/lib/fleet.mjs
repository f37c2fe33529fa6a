// The real app server with a broker of its own (Debian's Mosquitto), to which devices come.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { freePort } from "./daemon.mjs";

const SERVER = process.env.ARTC_ROOM ?? fileURLToPath(new URL("../../../target/release/artc-room", import.meta.url));
// Debian puts the broker where only root looks.
const BROKER = existsSync("/usr/sbin/mosquitto") ? "/usr/sbin/mosquitto" : "mosquitto";
const STARTS_WITHIN = 60_000;
const PASSWORD = "of the broker";

export class Fleet {
  key = "a-key-of-the-browser-tests";
  #folder;
  #children = [];

  static async start() {
    const fleet = new Fleet();
    fleet.#folder = await mkdtemp(join(tmpdir(), "artc-room-browser-"));
    fleet.broker = await freePort();
    const broker = await fleet.#file("mosquitto.conf", `user root\nlistener ${fleet.broker} 127.0.0.1\nallow_anonymous true\nlog_dest stderr\n`);
    fleet.secret = await fleet.#file("secret", PASSWORD);
    await fleet.#run(BROKER, ["-c", broker], "stderr", /running$/m);
    const config = await fleet.#file(
      "artc-room.toml",
      `[room]\nlisten = "127.0.0.1:0"\nmedia_port = 0\ntcp_port = 0\n
       [calls]\nenabled = true\nbroker = "mqtt://127.0.0.1:${fleet.broker}"\naccess_key = "server"\nsecret_file = "${fleet.secret}"\npassword = "secret"\n
       [http]\nenabled = true\nlisten = "127.0.0.1:0"\nrequests_per_second = 1000\n
       [http.keys.admin]\nsecret_file = "${await fleet.#file("key", fleet.key)}"\nrole = "own"\n`,
    );
    const [, address] = await fleet.#run(SERVER, ["--config", config], "stdout", /^http +(\S+)$/m);
    fleet.origin = `http://${address}`;
    return fleet;
  }

  /** What a device is configured to that waits at this broker as `device`. */
  calls(device) {
    return { enabled: true, broker: `mqtt://127.0.0.1:${this.broker}`, device, access_key: device, secret_file: this.secret, password: "secret" };
  }

  async stop() {
    for (const child of this.#children) {
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, "exit");
        child.kill("SIGKILL");
        await exit;
      }
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #file(name, text) {
    const path = join(this.#folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  /** Starts a program, and gives the match of `ready` in what it says on `stream`. */
  #run(program, words, stream, ready) {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    this.#children.push(child);
    let said = "";
    return new Promise((resolve, reject) => {
      const failed = (why) => reject(new Error(`${program}: ${why}\n${said}`));
      const timer = setTimeout(() => failed(`not up within ${STARTS_WITHIN} ms`), STARTS_WITHIN);
      child.once("error", failed);
      child.once("exit", (code) => failed(`ended with ${code}`));
      for (const name of ["stdout", "stderr"]) {
        child[name].setEncoding("utf8").on("data", (text) => {
          said += text;
          const match = name === stream ? ready.exec(said) : null;
          if (match) {
            clearTimeout(timer);
            resolve(match);
          }
        });
      }
    });
  }
}
