//! Commands and replies as types, JSON-RPC 2.0 and OpenRPC from them; no I/O.
