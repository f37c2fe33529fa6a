//! The bench itself: the drivers that the scenarios count on are there and do what they should, as other people's tools see it.

use crate::bench::{Guest, in_guest};
use crate::rig::{UsbCamera, Vivid, clip, read, run};

#[test]
fn are_all_there() {
    in_guest(&Guest::default(), || {
        for driver in [
            "/sys/bus/platform/drivers/vivid",
            "/sys/bus/usb/drivers/uvcvideo",
            "/sys/bus/usb/drivers/snd-usb-audio",
            "/sys/devices/platform/vhci_hcd.0",
            "/sys/kernel/config/gpio-sim",
            "/dev/watchdog",
        ] {
            assert!(std::path::Path::new(driver).exists(), "{driver} is not in this kernel");
        }
        run("ip", ["link", "add", "left", "type", "veth", "peer", "name", "right"]);
        run("tc", ["qdisc", "add", "dev", "left", "root", "netem", "delay", "10ms", "loss", "10%"]);
        assert!(read("/proc/asound/cards").contains("Loopback"));
    });
}

/// Captures `count` frames with v4l2-ctl and returns their bytes.
fn captured(node: &std::path::Path, format: &str, count: usize) -> usize {
    let file = "/run/captured";
    let format = format!("--set-fmt-video={format}");
    let stream = [format!("--stream-count={count}"), format!("--stream-to={file}")];
    run(
        "v4l2-ctl",
        ["-d".as_ref(), node.as_os_str(), format.as_ref(), "--stream-mmap".as_ref(), stream[0].as_ref(), stream[1].as_ref()],
    );
    std::fs::metadata(file).expect("v4l2-ctl writes a file").len() as usize
}

#[test]
fn vivid_streams_with_both_kinds_of_buffers() {
    in_guest(&Guest::default(), || {
        assert_eq!(captured(&Vivid::SINGLE.node(), "width=640,height=360,pixelformat=YUYV", 5), 5 * 640 * 360 * 2);
        assert_eq!(captured(&Vivid::MULTI.node(), "width=640,height=360,pixelformat=NM12", 5), 5 * 640 * 360 * 3 / 2);
    });
}

#[test]
fn a_usb_camera_streams_every_format() {
    in_guest(&Guest::default(), || {
        let modes = [
            format!("mjpeg:1280x720@30={}", clip("720.mjpeg").display()),
            format!("h264:1280x720@25={}", clip("720.h264").display()),
            format!("yuyv:640x480@30={}", clip("480.yuyv").display()),
            "nv12:640x480@30".to_owned(),
        ];
        let camera = UsbCamera::plug("Street Camera", "SN7", &modes);
        let node = camera.node();
        assert_eq!(captured(&node, "width=640,height=480,pixelformat=YUYV", 10), 10 * 640 * 480 * 2);
        assert_eq!(captured(&node, "width=640,height=480,pixelformat=NV12", 10), 10 * 640 * 480 * 3 / 2);
        for (format, codec, frames) in [("MJPG", "mjpeg", 20), ("H264", "h264", 20)] {
            captured(&node, &format!("width=1280,height=720,pixelformat={format}"), frames);
            let probed =
                ["-v", "error", "-f", codec, "-count_frames", "-show_entries", "stream=width,nb_read_frames", "-of", "csv=p=0"];
            let said = run("ffprobe", probed.into_iter().chain(["/run/captured"]));
            assert_eq!(said.trim(), format!("1280,{frames}"), "what came out of {format} is not {frames} whole pictures");
        }
        camera.pull();
    });
}

#[test]
fn cameras_can_be_pulled_and_made_to_fail() {
    in_guest(&Guest::default(), || {
        Vivid::SINGLE.set("brightness", 17);
        Vivid::unplug();
        Vivid::plug();
        let node = Vivid::SINGLE.node();
        let said = run("v4l2-ctl", ["-d".as_ref(), node.as_os_str(), "-C".as_ref(), "brightness".as_ref()]);
        assert_eq!(said.trim(), "brightness: 128", "a camera that comes back is a new one");

        let mut camera = UsbCamera::plug("Street Camera", "SN7", &["yuyv:320x240@30".to_owned()]);
        camera.fault("freeze");
        let node = camera.node();
        let format = "--set-fmt-video=width=320,height=240,pixelformat=YUYV";
        let stream: [&std::ffi::OsStr; 8] = [
            "1".as_ref(),
            "v4l2-ctl".as_ref(),
            "-d".as_ref(),
            node.as_os_str(),
            format.as_ref(),
            "--stream-mmap".as_ref(),
            "--stream-count=1".as_ref(),
            "--stream-to=/run/captured".as_ref(),
        ];
        let ended = std::process::Command::new("timeout").args(stream).status().expect("timeout is there");
        assert_eq!(ended.code(), Some(124), "a frozen camera sends nothing");
        camera.fault("resume");
        assert_eq!(captured(&node, "width=320,height=240,pixelformat=YUYV", 3), 3 * 320 * 240 * 2);
        camera.pull();
    });
}
