#!/usr/bin/env bash
# The clips that the bench plays: the kernel bench's footage, forward and backward so that the loop has no cut, the same pictures
# raw, packed and as JPEG; and what a camera that encodes would send. Idempotent; prints the folder.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clips=$here/../tests/.cache/bench
version=2 # of the clips below: counts up with every change
if [ "$(cat "$clips/version" 2>/dev/null)" = "$version" ]; then realpath "$clips"; exit 0; fi
footage=$("$here/../tests/kernel/clips.sh")
rm -rf "$clips"
mkdir -p "$clips"
convert() { ffmpeg -nostdin -loglevel error -y "$@"; }
there_and_back="trim=end_frame=60,split[a][b];[b]reverse[c];[a][c]concat"
convert -framerate 30 -f mjpeg -i "$footage/720.mjpeg" -filter_complex "scale=in_range=full:out_range=limited,format=yuv420p,$there_and_back" \
    -f yuv4mpegpipe "$clips/720.y4m"
convert -i "$clips/720.y4m" -pix_fmt yuyv422 -f rawvideo "$clips/720.yuyv"
convert -i "$clips/720.y4m" -vf scale=out_range=full -pix_fmt yuvj420p -c:v mjpeg -q:v 5 -f mjpeg "$clips/720.mjpeg"
# As a camera would send it: 30 pictures a second, a key frame each second, an even rate.
convert -r 30 -f h264 -i "$footage/1080.h264" -c:v libx264 -profile:v baseline -preset veryfast -bf 0 -pix_fmt yuv420p \
    -x264-params "keyint=30:min-keyint=30:scenecut=0:repeat-headers=1:bitrate=4000:vbv-maxrate=4500:vbv-bufsize=2000" -f h264 "$clips/1080.h264"
echo "$version" >"$clips/version"
realpath "$clips"
