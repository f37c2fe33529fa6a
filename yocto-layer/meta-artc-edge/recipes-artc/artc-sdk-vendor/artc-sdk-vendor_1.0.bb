SUMMARY = "The vendor's ARTC SDK, from the integrator's own archive"
DESCRIPTION = "Puts the Python modules of the vendor's SDK where artc-edge looks for them, for [engine] kind = sdk. The SDK is not part of this \
layer, and nobody but its vendor may pass it on: name your archive by ARTC_SDK_ARCHIVE and accept its licence."
HOMEPAGE = "https://example.invalid/artc-edge"
BUGTRACKER = "https://example.invalid/artc-edge/issues"
SECTION = "multimedia"
LICENSE = "CLOSED"
LICENSE_FLAGS = "commercial_artc-sdk"
CVE_PRODUCT = "artc-sdk"

ARTC_SDK_ARCHIVE ?= ""
# Of the folder within the archive that holds the modules.
ARTC_SDK_FOLDER ?= "."
SRC_URI = "${@'file://' + d.getVar('ARTC_SDK_ARCHIVE') + ';subdir=sdk' if d.getVar('ARTC_SDK_ARCHIVE') else ''}"

S = "${@d.getVar('UNPACKDIR') or d.getVar('WORKDIR')}/sdk"

COMPATIBLE_HOST = "x86_64.*-linux"
INHIBIT_PACKAGE_STRIP = "1"
INHIBIT_SYSROOT_STRIP = "1"
INHIBIT_PACKAGE_DEBUG_SPLIT = "1"

# nooelint: oelint.task.noanonpython - a recipe without its archive is to be passed over
python () {
    if not d.getVar("ARTC_SDK_ARCHIVE"):
        raise bb.parse.SkipRecipe("ARTC_SDK_ARCHIVE does not name the archive of the vendor's SDK")
}

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -d ${D}${libdir}/artc-sdk
    cp -R --no-preserve=ownership ${S}/${ARTC_SDK_FOLDER}/. ${D}${libdir}/artc-sdk/
}

FILES:${PN} = "${libdir}/artc-sdk"
# The vendor builds and strips it.
# nooelint: oelint.vars.insaneskip - nothing of it can be built again
INSANE_SKIP:${PN} += "already-stripped dev-so file-rdeps ldflags"
RDEPENDS:${PN} = "artc-edge python3-modules"
