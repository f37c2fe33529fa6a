SUMMARY = "Camera and microphone of a device in a real-time room"
DESCRIPTION = "Turns a Linux box with a camera and a microphone into a participant of a real-time room: V4L2 and ALSA in, H.264 and \
Opus over WebRTC out, commands over the data channel. The room server and a viewer page are inside; any LiveKit server will do as well."
HOMEPAGE = "https://example.invalid/artc-edge"
BUGTRACKER = "https://example.invalid/artc-edge/issues"
SECTION = "multimedia"
CVE_PRODUCT = "artc-edge"

# The daemon's own, and that of what is linked in: `make deny` names the licences, and holds them.
LICENSE = "(Apache-2.0 | MIT) & Apache-2.0 & BSD-2-Clause & BSD-3-Clause & IJG & ISC & MIT & Unicode-3.0 & Zlib"
LIC_FILES_CHKSUM = "\
    file://LICENSE;md5=a75b7ff8b50b3824a5a68b9ca09ca04e \
    file://LICENSE-APACHE;md5=22a53954e4e0ec258dfce4391e905dac \
    file://LICENSE-MIT;md5=e65f7b9ab6b477da183f876907f756a0 \
"

DEPENDS = "alsa-lib clang-native cmake-native"
DEPENDS:append:x86-64 = " nasm-native"

# The archive of `make source-release`: the sources with the viewer page built. Node.js and npm have no part in this build. One that lies on
# a server is named by ARTC_EDGE_ARCHIVE = "https://.../artc-edge-0.1.0.tar.xz;name=archive" and SRC_URI[archive.sha256sum].
ARTC_EDGE_ARCHIVE ?= "file://${BP}.tar.xz"
ARTC_EDGE_SOURCE_DIR ?= "${FILE_DIRNAME}/../../../../target/source"
# nooelint: oelint.vars.fileextrapaths,oelint.vars.outofcontext - the archive is made in this checkout and is no part of the layer
FILESEXTRAPATHS:prepend := "${ARTC_EDGE_SOURCE_DIR}:"
SRC_URI = "${ARTC_EDGE_ARCHIVE}"

# nooelint: oelint.task.noanonpython - without the archive nothing else of a build shall fail
python () {
    archive = os.path.join(d.getVar("ARTC_EDGE_SOURCE_DIR"), d.getVar("BP") + ".tar.xz")
    if d.getVar("ARTC_EDGE_ARCHIVE").startswith("file:") and not os.path.exists(archive):
        raise bb.parse.SkipRecipe("%s is not there: run make source-release in the checkout of artc-edge, or let ARTC_EDGE_SOURCE_DIR "
                                  "or ARTC_EDGE_ARCHIVE name another" % os.path.normpath(archive))
}

require ${BPN}-crates.inc

inherit cargo cargo-update-recipe-crates pkgconfig systemd useradd

# What is shipped and measured elsewhere, too (`make dist`); the symbols are the image's to take off.
BUILD_MODE = "--profile dist"
BUILD_DIR = "dist"
export CARGO_PROFILE_DIST_STRIP = "none"
export CARGO_PROFILE_DIST_DEBUG = "line-tables-only"

# bindgen reads the kernel's headers of the target, not of this machine.
export LIBCLANG_PATH = "${STAGING_LIBDIR_NATIVE}"
export BINDGEN_EXTRA_CLANG_ARGS = "--sysroot=${STAGING_DIR_HOST}"

# The oldest Rust that builds it, `rust-version` of Cargo.toml.
ARTC_EDGE_RUST = "1.95"

artc_edge_rust_check[doc] = "Says which layer has a Rust that is new enough"
python artc_edge_rust_check() {
    have = (d.getVar("RUSTVERSION") or "").rstrip("%")
    want = d.getVar("ARTC_EDGE_RUST")
    if [int(part) for part in have.split(".")[:2]] < [int(part) for part in want.split(".")]:
        bb.fatal("artc-edge needs Rust %s and this build has %s: add meta-lts-mixins, branch %s/rust, as kas/base.yml does"
                 % (want, have, d.getVar("LAYERSERIES_CORENAMES")))
}
do_configure[prefuncs] += "artc_edge_rust_check"

# The program alone is linked at 3: see the profile in Cargo.toml.
do_compile() {
    export RUSTFLAGS="${RUSTFLAGS}"
    "${CARGO}" rustc ${CARGO_BUILD_FLAGS} --bin artc-edge -- -C opt-level=3
}

do_install() {
    install -D -m 0755 ${B}/target/${CARGO_TARGET_SUBDIR}/artc-edge ${D}${bindir}/artc-edge
    install -D -m 0644 ${S}/config.toml ${D}${sysconfdir}/artc-edge/config.toml
    install -d ${D}${sysconfdir}/artc-edge/conf.d
    for unit in ${S}/packaging/systemd/*.service; do
        install -D -m 0644 $unit ${D}${systemd_system_unitdir}/$(basename $unit)
    done
    install -D -m 0644 ${S}/packaging/systemd/tmpfiles.conf ${D}${nonarch_libdir}/tmpfiles.d/artc-edge.conf
    install -D -m 0644 ${S}/packaging/systemd/artc-edge.catalog ${D}${nonarch_libdir}/systemd/catalog/artc-edge.catalog
    install -D -m 0644 ${S}/packaging/systemd/udev.rules ${D}${nonarch_base_libdir}/udev/rules.d/60-artc-edge.rules
    install -D -m 0644 ${S}/packaging/polkit.rules ${D}${datadir}/polkit-1/rules.d/60-artc-edge.rules
}

# As packaging/systemd/sysusers.conf has it. They are made with the image, whose root may be read-only.
USERADD_PACKAGES = "${PN}"
GROUPADD_PARAM:${PN} = "--system gpio; --system artc-edge"
USERADD_PARAM:${PN} = "--system --home-dir ${localstatedir}/lib/artc-edge --no-create-home --shell ${base_sbindir}/nologin \
    --gid artc-edge --groups audio,gpio,input,video --comment 'artc-edge camera daemon' artc-edge"

SYSTEMD_SERVICE:${PN} = "artc-edge.service artc-edge-provision.service artc-edge-confirm.service"

CONFFILES:${PN} = "${sysconfdir}/artc-edge/config.toml"
FILES:${PN} += "\
    ${datadir}/polkit-1/rules.d \
    ${nonarch_base_libdir}/udev/rules.d \
    ${nonarch_libdir}/systemd/catalog \
    ${nonarch_libdir}/tmpfiles.d \
    ${systemd_system_unitdir} \
"
# Cameras, sound cards and lines by USB, where the kernel has them as modules; certificates for servers with a name.
RDEPENDS:${PN} = "ca-certificates"
RRECOMMENDS:${PN} = "\
    kernel-module-snd-usb-audio \
    kernel-module-uvcvideo \
"
