"""What a mixed recording costs: nine people in one picture, decoded, laid out and encoded, against ffmpeg with the same files."""
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

from lib.clip import camera_clip
from lib.measure import cpu_seconds, median, spread
from lib.programs import Tool, free_port
from lib.server import AppServer
from lib.table import Result

TILES = 9
SIZE = (426, 240)
ROUNDS = 3
WARM = 5.0
WINDOW = 15.0
CHANNEL = "bench"
# As the recorder's template 1280x720_30_1710.
KBPS = 1710


def recorded(clip):
    """Processor time of the app server without and with a job, as shares of a core, and pictures a second of the file."""
    with tempfile.TemporaryDirectory() as folder:
        listen = free_port()
        sections = {
            "room": {"listen": f"127.0.0.1:{listen}", "media_port": 0, "tcp": False, "max_joins_per_second": 1000},
            "record": {"folder": f"{folder}/recordings", "work": f"{folder}/work"},
        }
        with contextlib.closing(AppServer(folder, sections)) as server:
            words = ["people", clip, "--size", *SIZE, "--url", f"ws://127.0.0.1:{listen}"]
            for nth in range(TILES):
                words += ["--token", server.made("/v1/tokens", {"channel": CHANNEL, "user": f"user-{nth}"})["token"]]
            with Tool(*words) as people:
                people.event("streaming")
                without = share(server.pid)
                app = server.made("/v2/apps", {"app_name": "bench"})["app_id"]
                address = {"bucket": "bench", "location": "bench", "object": ""}
                rule = server.made(f"/v2/apps/{app}/record-rules", {"obs_addr": address, "record_formats": ["MP4"], "mp4_config": {}})["rule_id"]
                mix = {"room_id": CHANNEL, "encode_template": f"1280x720_30_{KBPS}", "layout_template": "nine_grids_view"}
                jobs = f"/v2/apps/{app}/mix-stream-jobs"
                job = server.made(jobs, {"mix_param": mix, "record_param": {"record_rule_id": rule}})["job_id"]
                took = share(server.pid)
                server.ask("DELETE", f"{jobs}/{job}")
                fps, lasts = probed(finished(pathlib.Path(folder) / "recordings"))
    return {"without": without, "with": took, "fps": fps, "lasts": lasts}


def share(pid):
    time.sleep(WARM)
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(WINDOW)
    return (cpu_seconds(pid) - before) / (time.monotonic() - began)


def finished(folder, within=60.0):
    """The file of the job, when it is in its place."""
    by = time.monotonic() + within
    while not (found := list(folder.rglob("*.mp4"))):
        if time.monotonic() > by:
            raise RuntimeError("the recording was not finished")
        time.sleep(0.1)
    return found[0]


def probed(path):
    """Pictures a second, and seconds."""
    entries = ["-count_packets", "-show_entries", "stream=nb_read_packets:format=duration", "-of", "csv=p=0"]
    done = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", *entries, path], check=True, stdout=subprocess.PIPE, text=True)
    packets, lasts = (float(word) for word in done.stdout.replace(",", " ").split()[:2])
    return packets / lasts, lasts


def stacked(clip):
    """ffmpeg's own: the files decoded, stacked and encoded as fast as it goes; processor time for a second of the result."""
    inputs = [word for _ in range(TILES) for word in ("-framerate", "30", "-f", "h264", "-i", clip)]
    width, height = SIZE
    layout = "|".join(f"{x * width}_{y * height}" for y in range(3) for x in range(3))
    graph = "".join(f"[{n}:v]" for n in range(TILES)) + f"xstack=inputs={TILES}:layout={layout}:fill=black,pad=1280:720,format=yuv420p"
    command = [
        "ffmpeg", "-nostdin", "-loglevel", "error", *inputs, "-filter_complex", graph, "-t", str(WINDOW), "-c:v", "libx264", "-preset", "veryfast",
        "-tune", "zerolatency", "-b:v", f"{KBPS}k", "-g", "60", "-f", "mp4", "-y", "/dev/null",
    ]
    before = os.times()
    subprocess.run(command, check=True)
    after = os.times()
    return (after.children_user + after.children_system - before.children_user - before.children_system) / WINDOW


def mixing():
    clip = camera_clip("tile", SIZE, 400)
    raw = {"ours": [], "ffmpeg": []}
    for _ in range(ROUNDS):
        raw["ours"].append(recorded(clip))
        raw["ffmpeg"].append(stacked(clip))
    ours = [one["with"] - one["without"] for one in raw["ours"]]
    times = [own / other for own, other in zip(ours, raw["ffmpeg"])]
    fps = median([one["fps"] for one in raw["ours"]])
    measured = f"{spread(times)} x: {100 * median(ours):.0f} % of a core, {fps:.1f} pictures a second"
    # Pictures that were left out would be cheap.
    met = median(times) <= 1.3 and fps >= 29
    baseline = f"ffmpeg xstack, libx264 veryfast: {100 * median(raw['ffmpeg']):.0f} % of a core"
    return [Result("mixed recording, 9 tiles to 1280x720 at 30, CPU, decode included", "<= 1.3 x", measured, met, baseline)], raw
