// What client.test.mjs needs of clients/typescript, as a browser program has it: the example that docs/control.md shows, and the client.

export { Room } from "livekit-client";
export { command } from "../../clients/typescript/examples/command";
export * from "artc-edge-client";
