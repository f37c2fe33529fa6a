//! Family `rpc`: the interface describes itself.

use wire::Reply;
use wire::method::Discovery;

use super::Decision;

pub(super) fn discover() -> Decision {
    Reply::RpcDiscover(Discovery(wire::openrpc::discovery())).into()
}
