"""Calls: ids, time limits, sending again. Knows no transport."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from .methods import Code, Commands

# Longest request that a device takes, in bytes.
MAX_MESSAGE = 15 * 1024
# Requests under way at once; a device refuses more than 16 of one sender.
IN_FLIGHT = 12


class Refused(Exception):
    """The device answered, and the answer is no."""

    def __init__(self, error: Mapping[str, Any]):
        super().__init__(error["message"])
        data = error.get("data") or {}
        self.code: int = error["code"]
        self.error = dict(error)
        # What the caller can do about it, in the device's words.
        self.remedy: str | None = data.get("remedy")
        self.suggestion: str | None = data.get("suggestion")
        # When it is worth trying again.
        self.retry_after_s: float | None = data["retry_after_ms"] / 1000 if "retry_after_ms" in data else None


class Unanswered(Exception):
    """No answer came: it took too long, the connection went away, or the request could not be sent."""


class _Pending:
    def __init__(self, answer: asyncio.Future[Any]):
        self.answer, self.message, self.sent = answer, b"", 1


class RpcClient(Commands):
    """Sends requests by `send` and is handed what comes back by `receive`.

    What is not answered within `again` seconds is sent again under its id: the device runs it once and answers it twice. `timeout` seconds
    bound the whole. `send` raises OSError, or what else the transport has, when it cannot send.
    """

    def __init__(self, send: Callable[[bytes], Awaitable[Any]], *, timeout: float = 5.0, again: float | None = 2.0):
        self._send, self._timeout, self._again = send, timeout, again
        self._pending: dict[str, _Pending] = {}
        # A device remembers the ids of clients that were here before.
        self._ids = (f"{prefix}-{count}" for prefix in [secrets.token_hex(4)] for count in itertools.count(1))
        self._turns = asyncio.Semaphore(IN_FLIGHT)
        self._told: dict[str, list[Callable[[Any], None]]] = {}

    async def call(self, method: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Any:
        """Asks the device. Raises `Refused` when it says no and `Unanswered` when it says nothing."""
        request_id = next(self._ids)
        message = json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": dict(params or {})}).encode()
        if len(message) > MAX_MESSAGE:
            raise Unanswered(f"{method} was not sent: {len(message)} bytes are more than the {MAX_MESSAGE} that a device takes")
        limit = self._timeout if timeout is None else timeout
        async with self._turns:
            pending = self._pending[request_id] = _Pending(asyncio.get_running_loop().create_future())
            pending.message = message
            try:
                async with asyncio.timeout(limit):
                    return await self._exchange(pending)
            except TimeoutError:
                raise Unanswered(f"{method}: no answer within {limit:g} s") from None
            finally:
                del self._pending[request_id]

    async def _exchange(self, pending: _Pending) -> Any:
        try:
            await self._send(pending.message)
        except Exception as why:
            raise Unanswered(f"not sent: {why}") from why
        while self._again is not None:
            done, _ = await asyncio.wait([pending.answer], timeout=self._again)
            if done:
                break
            await self._send_again(pending)
        return await pending.answer

    async def _send_again(self, pending: _Pending) -> None:
        pending.sent += 1
        try:
            await self._send(pending.message)
        except Exception:  # What does not go out now may go out the next time; in the end it is a time-out.
            pass

    async def resend(self) -> None:
        """Sends every unanswered request again: the connection is back, and some may have been lost with the one before."""
        for pending in list(self._pending.values()):
            await self._send_again(pending)

    def receive(self, message: bytes) -> None:
        """Takes a message of the device. What is no answer to one of our requests, and no notification, is ignored."""
        try:
            said = json.loads(message)
        except ValueError:
            return
        if not isinstance(said, dict) or said.get("jsonrpc") != "2.0":
            return
        if "method" in said:
            for told in list(self._told.get(said["method"], [])) if "id" not in said else []:
                told(said.get("params"))
            return
        pending = self._pending.get(said["id"]) if isinstance(said.get("id"), str) else None
        if pending is None or pending.answer.done():
            return
        error = said.get("error")
        if isinstance(error, dict) and isinstance(error.get("code"), int) and isinstance(error.get("message"), str):
            # The answer to the first sending is still on its way.
            if error["code"] == Code.DUPLICATE_ID and pending.sent > 1:
                return
            pending.answer.set_exception(Refused(error))
        elif "result" in said:
            pending.answer.set_result(said["result"])

    def on(self, notification: str, told: Callable[[Any], None]) -> Callable[[], None]:
        """Calls `told` with the parameters whenever the device sends this notification; answers what ends that."""
        self._told.setdefault(notification, []).append(told)
        return lambda: self._told[notification].remove(told)

    def fail(self, reason: str) -> None:
        """Ends every call that is under way: no answer can come any more."""
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(Unanswered(reason))
