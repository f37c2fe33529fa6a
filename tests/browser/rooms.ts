// What rooms.test.mjs needs of clients/rooms, as a browser program has it.

export * from "artc-edge-rooms";
