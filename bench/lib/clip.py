"""Clips as cameras that encode by themselves send them."""
import subprocess

from lib.programs import clips


def camera_clip(name, size, kbps):
    """H.264 of this size at an even rate, 30 pictures a second, a key frame each second, with delimiters; made when it is not there."""
    clip = clips() / f"{name}.h264"
    if not clip.exists():
        made = clip.with_suffix(".new.h264")
        rate = f"bitrate={kbps}:vbv-maxrate={kbps * 9 // 8}:vbv-bufsize={kbps // 2}"
        subprocess.run([
            "ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-stream_loop", "4", "-i", clips() / "720.y4m", "-vf", f"scale={size[0]}:{size[1]}",
            "-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryfast", "-bf", "0", "-pix_fmt", "yuv420p", "-x264-params",
            f"keyint=30:min-keyint=30:scenecut=0:repeat-headers=1:aud=1:{rate}", "-f", "h264", made,
        ], check=True)
        made.rename(clip)
    return clip
