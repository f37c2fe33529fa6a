// A way to the daemon that can be cut, as a router does that forgets its connections.

import { once } from "node:events";
import net from "node:net";

export class Proxy {
  #server;
  #sockets = new Set();

  /** Passes on to a port of this machine. */
  static async start(target) {
    const proxy = new Proxy();
    proxy.#server = net.createServer((near) => {
      const far = net.connect(target, "127.0.0.1");
      for (const [one, other] of [[near, far], [far, near]]) {
        proxy.#sockets.add(one);
        one.on("error", () => {}).on("close", () => {
          proxy.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    proxy.port = proxy.#server.address().port;
    return proxy;
  }

  /** Resets every connection, and gives how many there were. */
  cut() {
    const open = [...this.#sockets];
    for (const socket of open) socket.resetAndDestroy();
    return open.length / 2;
  }

  async stop() {
    this.#server.close();
    this.cut();
  }
}
