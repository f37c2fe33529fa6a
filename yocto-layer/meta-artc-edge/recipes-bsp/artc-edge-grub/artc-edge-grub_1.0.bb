SUMMARY = "GRUB's configuration for a camera box with two systems"
DESCRIPTION = "Starts the system that RAUC's record in grubenv says, and notes that it was tried."
HOMEPAGE = "https://example.invalid/artc-edge"
BUGTRACKER = "https://example.invalid/artc-edge/issues"
SECTION = "bootloaders"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://${COREBASE}/meta/COPYING.MIT;md5=3da9cfbcb788c80a0384361b4de20420"
CVE_PRODUCT = "artc-edge"

SRC_URI = "file://grub.cfg"

S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}"

inherit allarch

# nooelint: oelint.file.requirenotfound - it is OE-Core's
require conf/image-uefi.conf

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -D -m 0644 ${S}/grub.cfg ${D}${EFI_FILES_PATH}/grub.cfg
    # An empty record is 1,024 bytes.
    { printf '# GRUB Environment Block\n'; printf '#%.0s' $(seq 999); } >${D}${EFI_FILES_PATH}/grubenv
}

FILES:${PN} = "${EFI_FILES_PATH}"
RPROVIDES:${PN} += "virtual-grub-bootconf"
