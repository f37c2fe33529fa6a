/** A device's commands in TypeScript: types, a client without transport, and devices in a LiveKit room. */

export * from "./commands";
export * from "./device";
export * from "./methods";
export * from "./rpc";
