//! The room server as strangers meet it: real sockets, real HTTP and websockets, real media, in words that anybody may send.
//! People's own clients are in `tests/clients` of the workspace; the state machine's tests are beside it.

mod http;
mod media;
mod signalling;
mod stage;
