# U-Boot starts one of two systems, where the distro has two.
FILESEXTRAPATHS:prepend := "${@bb.utils.contains('DISTRO_FEATURES', 'artc-ab', '${THISDIR}/files:', '', d)}"
