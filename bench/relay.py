#!/usr/bin/env python3
"""A bad path for UDP: what comes for PORT of the loopback goes there by way of us, later, and some of it not at all; so does what comes back.

usage: relay.py PORT DELAY_MS LOSS_PERCENT

For a network namespace of its own: datagrams for the port are led here by nftables, but for our own. DELAY_MS is that of one
direction. Prints a line when it is ready; ends with its standard input.
"""
import heapq
import random
import select
import socket
import subprocess
import sys
import time

MARK = 7
SO_MARK = 36


def lead(port, here):
    for words in (
        "add table ip relay",
        "add chain ip relay out { type nat hook output priority -100 ; }",
        f"add rule ip relay out ip daddr 127.0.0.1 udp dport {port} meta mark != {MARK} dnat to 127.0.0.1:{here}",
    ):
        subprocess.run(["nft", words], check=True)


def main(port, delay, loss):
    chance = random.Random(4711)
    front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    front.bind(("127.0.0.1", 0))
    lead(port, front.getsockname()[1])
    print("ready", flush=True)
    backs, clients, waiting, number = {}, {}, [], 0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, via, to, data = heapq.heappop(waiting)
            via.sendto(data, to)
        pause = max(0.0, waiting[0][0] - now) if waiting else None
        readable, _, _ = select.select([sys.stdin, front, *clients], [], [], pause)
        for one in readable:
            if one is sys.stdin:
                if not sys.stdin.readline():
                    return
                continue
            data, source = one.recvfrom(65536)
            if one is front:
                if source not in backs:
                    back = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    back.setsockopt(socket.SOL_SOCKET, SO_MARK, MARK)
                    back.bind(("127.0.0.1", 0))
                    backs[source], clients[back] = back, source
                via, to = backs[source], ("127.0.0.1", port)
            else:
                via, to = front, clients[one]
            number += 1
            if chance.random() * 100 >= loss:
                heapq.heappush(waiting, (time.monotonic() + delay, number, via, to, data))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]) / 1000, float(sys.argv[3]))
