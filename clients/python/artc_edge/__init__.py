"""Commands to an artc-edge device: every method with its types.

`Device` is a device in a LiveKit room (needs the package livekit), `LocalDevice` the one at the daemon's unix socket (needs nothing).
"""

from .device import Device, Picture
from .local import LocalDevice
from .methods import Code, Commands
from .rpc import Refused, RpcClient, Unanswered

__all__ = ["Code", "Commands", "Device", "LocalDevice", "Picture", "Refused", "RpcClient", "Unanswered"]
