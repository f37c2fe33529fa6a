#!/usr/bin/env bash
# Makes the Debian package of a built program.
# usage: packaging/deb.sh PROGRAM MAN-PAGE FOLDER   (PROGRAM for the architecture $DEB_HOST_ARCH, or this machine's)
# For another architecture: `setup/cross.sh TARGET packaging/deb.sh ...`, which knows that one's libraries; NATIVE_PROGRAM is a program of
# this machine's, which writes the completions of shells.
# The version is Cargo.toml's; DEB_VERSION says another. DEB_LEVEL is that of the compression, 0 (quick) to 9.
set -euo pipefail
[ $# -eq 3 ] || { sed -n '3,5s/^# //p' "$0" >&2; exit 64; }
program=$(realpath "$1") man=$(realpath "$2") out=$(realpath -m "$3")
cd "$(dirname "$0")/.."
umask 022

arch=${DEB_HOST_ARCH:-$(dpkg --print-architecture)}
version=${DEB_VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)}
# The time of the last commit, so that the same sources make the same package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree

put() { install -D -m "$1" "$2" "$tree/$3"; }
put 755 "$program" usr/bin/artc-edge
put 644 config.toml etc/artc-edge/config.toml
for unit in packaging/systemd/*.service; do put 644 "$unit" "lib/systemd/system/${unit##*/}"; done
put 644 packaging/systemd/sysusers.conf usr/lib/sysusers.d/artc-edge.conf
put 644 packaging/systemd/tmpfiles.conf usr/lib/tmpfiles.d/artc-edge.conf
put 644 packaging/systemd/udev.rules lib/udev/rules.d/60-artc-edge.rules
put 644 packaging/polkit.rules usr/share/polkit-1/rules.d/60-artc-edge.rules
for document in docs/firmware.md docs/control.md docs/authority.md docs/boards.md SECURITY.md; do
    put 644 "$document" "usr/share/doc/artc-edge/${document##*/}"
done
put 644 packaging/debian/lintian-overrides usr/share/lintian/overrides/artc-edge
put 644 packaging/debian/copyright usr/share/doc/artc-edge/copyright
put 644 "$man" usr/share/man/man1/artc-edge.1
if [ "$arch" = "$(dpkg --print-architecture)" ]; then complete=$program; else complete=${NATIVE_PROGRAM:-}; fi
if [ -n "$complete" ]; then
    mkdir -p "$tree/usr/share/bash-completion/completions" "$tree/usr/share/zsh/vendor-completions" "$tree/usr/share/fish/vendor_completions.d"
    "$complete" completions bash >"$tree/usr/share/bash-completion/completions/artc-edge"
    "$complete" completions zsh >"$tree/usr/share/zsh/vendor-completions/_artc-edge"
    "$complete" completions fish >"$tree/usr/share/fish/vendor_completions.d/artc-edge.fish"
fi
cat >"$work/changelog" <<END
artc-edge ($version) stable; urgency=medium

  * What is new: see the project's history.

 -- artc-edge maintainers <maintainers@example.invalid>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
put 644 "$work/changelog" usr/share/doc/artc-edge/changelog
gzip -9n "$tree/usr/share/doc/artc-edge/changelog" "$tree/usr/share/man/man1/artc-edge.1"

# Which libraries the program wants, and which versions of their packages have what it uses.
mkdir -p "$work/debian"
printf 'Source: artc-edge\n\nPackage: artc-edge\nArchitecture: any\n' >"$work/debian/control"
# Those of another architecture are looked for where setup/cross.sh has unpacked them.
elsewhere=()
[ -z "${ARTC_SYSROOT:-}" ] || for package in "$ARTC_SYSROOT"/packages/*; do elsewhere+=("-S$package"); done
libraries=$(cd "$work" && DEB_HOST_ARCH=$arch dpkg-shlibdeps -O "${elsewhere[@]}" "$program" 2>"$work/shlibdeps" | sed -n 's/^shlibs:Depends=//p') ||
    { cat "$work/shlibdeps" >&2; exit 1; }

mkdir -p "$tree/DEBIAN"
for script in postinst prerm postrm; do install -m 755 "packaging/debian/$script" "$tree/DEBIAN/$script"; done
(cd "$tree" && find etc -type f | sed 's|^|/|' | sort) >"$tree/DEBIAN/conffiles"
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\n' | grep -v '^etc/' | sort | xargs md5sum) >"$tree/DEBIAN/md5sums"
chmod 644 "$tree/DEBIAN/conffiles" "$tree/DEBIAN/md5sums"
cat >"$tree/DEBIAN/control" <<END
Package: artc-edge
Version: $version
Architecture: $arch
Maintainer: artc-edge maintainers <maintainers@example.invalid>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: $libraries, init-system-helpers (>= 1.54~), systemd | systemd-sysusers, systemd | systemd-tmpfiles
Recommends: polkitd | policykit-1
Section: video
Priority: optional
Description: camera and microphone of this device in a real-time room
 Turns a Linux box with a camera and a microphone into a participant of a
 real-time room: V4L2 and ALSA in, H.264 and Opus over WebRTC out, commands
 over the data channel. The room server and a viewer page are inside; any
 LiveKit server will do as well.
END
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
mkdir -p "$out"
package=$out/artc-edge_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz "-z${DEB_LEVEL:-6}" --build "$tree" "$package" >/dev/null
echo "$package"
