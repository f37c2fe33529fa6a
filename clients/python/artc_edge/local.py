"""The device at the daemon's own unix socket: a line there, a line back."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any, Self

from .device import SNAPSHOT_TIMEOUT, Picture
from .rpc import RpcClient

# A line may carry a picture.
MAX_LINE = 64 * 1024 * 1024


class LocalDevice(RpcClient):
    """The daemon that listens on this socket (`[control] socket`); methods that only the device itself may call are here, too."""

    def __init__(self, socket: str | Path = "/run/artc-edge/control.sock", *, timeout: float = 15.0):
        # A socket of the same machine loses nothing, so nothing is sent again.
        super().__init__(self._write, timeout=timeout, again=None)
        self._path = str(socket)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_unix_connection(self._path, limit=MAX_LINE)
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_: Any) -> None:
        self._writer.close()
        self._reading.cancel()

    async def snapshot(self) -> Picture:
        """Takes a still picture, with its bytes."""
        reply = await self.call("camera.snapshot", timeout=SNAPSHOT_TIMEOUT)
        return Picture(reply["name"], reply["mime"], base64.b64decode(reply["base64"]))

    async def _write(self, message: bytes) -> None:
        self._writer.write(message + b"\n")
        await self._writer.drain()

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self.receive(line)
        finally:
            self.fail(f"{self._path}: the connection broke")
