require ${@bb.utils.contains('DISTRO_FEATURES', 'artc-ab', 'rauc-conf-artc-ab.inc', '', d)}
