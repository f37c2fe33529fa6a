require ${@bb.utils.contains('DISTRO_FEATURES', 'artc-ab', 'linux-raspberrypi-artc-ab.inc', '', d)}
