SUMMARY = "Update of a camera box"
DESCRIPTION = "The system of artc-edge-image as a signed bundle of RAUC, which update.install takes."
HOMEPAGE = "https://example.invalid/artc-edge"
BUGTRACKER = "https://example.invalid/artc-edge/issues"
SECTION = "base"
LICENSE = "MIT"
CVE_PRODUCT = "artc-edge"

SRC_URI = ""

inherit bundle features_check

REQUIRED_DISTRO_FEATURES = "artc-ab rauc"

# The key is asked for when a bundle is made, and is nowhere in the layer.
RAUC_KEY_FILE = "${ARTC_EDGE_KEYS}/signing.key.pem"
RAUC_CERT_FILE = "${ARTC_EDGE_KEYS}/signing.cert.pem"
RAUC_KEYRING_FILE = "${ARTC_EDGE_KEYS}/ca.cert.pem"

RAUC_BUNDLE_COMPATIBLE = "artc-edge-${MACHINE}"
RAUC_BUNDLE_FORMAT = "verity"
RAUC_BUNDLE_SLOTS = "rootfs"
RAUC_SLOT_rootfs = "artc-edge-image"
RAUC_SLOT_rootfs[fstype] = "ext4"
