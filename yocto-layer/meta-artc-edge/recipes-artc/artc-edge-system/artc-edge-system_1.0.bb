SUMMARY = "What an image of a camera box settles around artc-edge"
DESCRIPTION = "Journal in memory, hardware watchdog, and the rule that an update is good when the daemon is up. On images with two systems: \
the partition that outlives updates as /var/lib, and the boot partition as /boot."
HOMEPAGE = "https://example.invalid/artc-edge"
BUGTRACKER = "https://example.invalid/artc-edge/issues"
SECTION = "base"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/COPYING.MIT;md5=3da9cfbcb788c80a0384361b4de20420"
CVE_PRODUCT = "artc-edge"

SRC_URI = "\
    file://artc-edge-machine-id.service \
    file://boot-complete.conf \
    file://boot.mount \
    file://credentials.conf \
    file://journald.conf \
    file://efi.mount \
    file://var-lib.mount \
    file://watchdog.conf \
"

S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}"

inherit features_check systemd

REQUIRED_DISTRO_FEATURES = "systemd"

# Below what the weakest watchdog of the board profiles can count to (15 s, Raspberry Pi).
ARTC_EDGE_WATCHDOG ?= "14s"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -D -m 0644 ${S}/journald.conf ${D}${nonarch_libdir}/systemd/journald.conf.d/50-artc-edge.conf
    install -D -m 0644 ${S}/watchdog.conf ${D}${nonarch_libdir}/systemd/system.conf.d/50-artc-edge.conf
    sed -i 's/@WATCHDOG@/${ARTC_EDGE_WATCHDOG}/' ${D}${nonarch_libdir}/systemd/system.conf.d/50-artc-edge.conf
    install -D -m 0644 ${S}/boot-complete.conf ${D}${systemd_system_unitdir}/boot-complete.target.d/50-artc-edge.conf
    install -D -m 0644 ${S}/credentials.conf ${D}${nonarch_libdir}/tmpfiles.d/artc-edge-credentials.conf
    install -D -m 0644 ${S}/var-lib.mount ${D}${systemd_system_unitdir}/var-lib.mount
    install -D -m 0644 ${S}/artc-edge-machine-id.service ${D}${systemd_system_unitdir}/artc-edge-machine-id.service
    install -D -m 0644 ${S}/boot.mount ${D}${systemd_system_unitdir}/boot.mount
    install -D -m 0644 ${S}/efi.mount ${D}${systemd_system_unitdir}/efi.mount
    install -d ${D}/efi
}

PACKAGE_BEFORE_PN = "${PN}-data ${PN}-boot ${PN}-efi"

SYSTEMD_PACKAGES = "${PN}-data ${PN}-boot ${PN}-efi"
SYSTEMD_SERVICE:${PN}-data = "artc-edge-machine-id.service var-lib.mount"
SYSTEMD_SERVICE:${PN}-boot = "boot.mount"
SYSTEMD_SERVICE:${PN}-efi = "efi.mount"

FILES:${PN} = "\
    ${nonarch_libdir}/systemd \
    ${systemd_system_unitdir}/boot-complete.target.d \
"
FILES:${PN}-data = "\
    ${nonarch_libdir}/tmpfiles.d \
    ${systemd_system_unitdir}/artc-edge-machine-id.service \
    ${systemd_system_unitdir}/var-lib.mount \
"
FILES:${PN}-boot = "${systemd_system_unitdir}/boot.mount"
FILES:${PN}-efi = "${systemd_system_unitdir}/efi.mount /efi"
RDEPENDS:${PN} = "artc-edge"
