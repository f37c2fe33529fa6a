"""The two ways between the SDK's process and the daemon: a socket of packets, and shared memory for pictures and sound."""

import json
import socket
import threading


def parsed(packet):
    """A packet's name, arguments, bytes."""
    head, _, tail = packet.partition(b"\n")
    name, arguments = json.loads(head)
    return name, arguments, tail


class Link:
    """The socket to the daemon."""

    def __init__(self, fd):
        self.socket = socket.socket(fileno=fd)
        self.sending = threading.Lock()

    def send(self, name, arguments, tail=b""):
        head = json.dumps([name, arguments], separators=(",", ":")).encode()
        with self.sending:
            self.socket.send(head + b"\n" + tail)

    def receive(self, flags=0):
        """The next packet: name, arguments, bytes. `EOFError` when the daemon is gone, `BlockingIOError` when there is none."""
        packet = self.socket.recv(1 << 18, flags)
        if not packet:
            raise EOFError
        return parsed(packet)


class Region:
    """Slots of shared memory for one kind of media in one direction. A slot's flag is 1 from when it is filled until it is read."""

    def __init__(self, memory, flags, offset, slots, size):
        self.memory, self.flags, self.offset, self.slots, self.size = memory, flags, offset, slots, size
        self.giving = threading.Lock()

    def bytes(self, slot, length):
        """What the daemon put there. A copy, as the documents' type of it is bytes, and the SDK may keep it."""
        start = self.offset + slot * self.size
        return self.memory[start : start + length]

    def free(self, slot):
        self.memory[self.flags + slot] = 0

    def give(self, data, length):
        """Puts `length` bytes of `data` into a free slot; None when there is none: the daemon is slow, and newer ones will come."""
        with memoryview(data) as view, view.cast("B") as whole:
            if length > min(self.size, len(whole)):
                raise ValueError("%d bytes announced, %d there, %d fit" % (length, len(whole), self.size))
            with self.giving:
                for slot in range(self.slots):
                    if self.memory[self.flags + slot] == 0:
                        start = self.offset + slot * self.size
                        self.memory[start : start + length] = whole[:length]
                        self.memory[self.flags + slot] = 1
                        return slot
        return None
