"""A path that loses and delays: the daemon in a network namespace behind a veth pair. Loss by nftables, at random; delay that varies by
a token bucket, in whose queue bursts wait. netem would do both, but not every kernel has it."""
import os
import pathlib
import subprocess
import sys


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


class Path:
    """While it lasts, programs started with the prefix `inside` have the address `address`; the way from there to us is bad."""

    def __init__(self, loss_percent, rate, burst, queue):
        mark = os.getpid() % 1000
        self.space, self.near, self.far = f"artc-bench-{mark}", f"ab{mark}n", f"ab{mark}f"
        self.address, self.gateway = f"10.213.{mark % 250}.2", f"10.213.{mark % 250}.1"
        self.inside = ("ip", "netns", "exec", self.space)
        self.loss, self.shape = loss_percent, ("rate", rate, "burst", burst, "latency", queue)

    def __enter__(self):
        try:
            run("ip", "netns", "add", self.space)
            run("ip", "link", "add", self.near, "type", "veth", "peer", "name", self.far, "netns", self.space)
            run("ip", "address", "add", f"{self.gateway}/24", "dev", self.near)
            run("ip", "link", "set", self.near, "up")
            run(*self.inside, "ip", "address", "add", f"{self.address}/24", "dev", self.far)
            run(*self.inside, "ip", "link", "set", self.far, "up")
            run(*self.inside, "ip", "link", "set", "lo", "up")
            run(*self.inside, "tc", "qdisc", "add", "dev", self.far, "root", "tbf", *self.shape)
            table = f"numgen random mod 1000 < {round(self.loss * 10)}"
            run(*self.inside, "nft", "add", "table", "inet", "bench")
            run(*self.inside, "nft", "add", "chain", "inet", "bench", "out", "{ type filter hook output priority 0 ; }")
            run(*self.inside, "nft", "add", "rule", "inet", "bench", "out", "oifname", self.far, "meta", "l4proto", "udp", *table.split(), "drop")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(("ip", "netns", "delete", self.space), stderr=subprocess.DEVNULL)
        subprocess.run(("ip", "link", "delete", self.near), stderr=subprocess.DEVNULL)


class Relayed:
    """While it lasts, programs started with the prefix `inside` share a loopback of their own."""

    def __init__(self):
        self.space = f"artc-relay-{os.getpid() % 1000}"
        self.inside = ("ip", "netns", "exec", self.space)
        self.relay = None

    def __enter__(self):
        run("ip", "netns", "add", self.space)
        run(*self.inside, "ip", "link", "set", "lo", "up")
        return self

    def spoil(self, port, delay_ms, loss_percent):
        """From now on UDP to and from this port is late and lossy, in each direction as much."""
        words = [*self.inside, sys.executable, "-B", pathlib.Path(__file__).resolve().parents[1] / "relay.py", port, delay_ms, loss_percent]
        self.relay = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.relay.stdout.readline().strip() != "ready":
            raise RuntimeError("the relay did not start")

    def __exit__(self, *_):
        if self.relay:
            self.relay.stdin.close()
            try:
                self.relay.wait(5)
            except subprocess.TimeoutExpired:
                self.relay.kill()
        subprocess.run(("ip", "netns", "delete", self.space), stderr=subprocess.DEVNULL)
