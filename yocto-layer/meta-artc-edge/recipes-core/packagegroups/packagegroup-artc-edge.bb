SUMMARY = "A camera box: artc-edge and what it works with"
DESCRIPTION = "The daemon, the image's settings around it, and, apart, the tools that developers look at a device with."
HOMEPAGE = "https://example.invalid/artc-edge"
BUGTRACKER = "https://example.invalid/artc-edge/issues"
SECTION = "multimedia"

inherit packagegroup

PACKAGES = "${PN} ${PN}-dev-tools"

RDEPENDS:${PN} = "\
    artc-edge \
    artc-edge-system \
    tzdata \
"
RDEPENDS:${PN}-dev-tools = "\
    alsa-utils \
    iproute2 \
    strace \
"
