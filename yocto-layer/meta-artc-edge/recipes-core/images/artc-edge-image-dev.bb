SUMMARY = "Firmware of a camera box, for those who work on it"
DESCRIPTION = "artc-edge-image with a shell by SSH as root without a password, and tools to look at devices with. Never ship it."

require artc-edge-image.inc

IMAGE_FEATURES += "allow-empty-password allow-root-login empty-root-password ssh-server-dropbear tools-debug"
IMAGE_INSTALL += "packagegroup-artc-edge-dev-tools"
