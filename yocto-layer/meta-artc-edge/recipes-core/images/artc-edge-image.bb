SUMMARY = "Firmware of a camera box"
DESCRIPTION = "artc-edge, and what it needs to run for years: no password, no login, no shell on the network. With the distro feature \
artc-ab its root is read-only and there are two of it."

require artc-edge-image.inc
