# The steps that the project's Debian packages share, for the scripts that say what is in them: `begin`, `put` for each file, `finish`.
# DEB_HOST_ARCH is the architecture, else this machine's; DEB_VERSION another version than Cargo.toml's; DEB_LEVEL that of the compression, 0
# (quick) to 9. Runs in the project's folder.
# shellcheck shell=bash

# begin NAME PROGRAM: of the package, and the program whose libraries it wants.
begin() {
    name=$1 program=$2
    umask 022
    arch=${DEB_HOST_ARCH:-$(dpkg --print-architecture)}
    version=${DEB_VERSION:-$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)}
    # The time of the last commit, so that the same sources make the same package.
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y Cargo.toml)}
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    tree=$work/tree
    put 755 "$program" "usr/bin/$name"
    put 644 packaging/debian/copyright "usr/share/doc/$name/copyright"
    cat >"$work/changelog" <<END
$name ($version) stable; urgency=medium

  * What is new: see the project's history.

 -- artc-edge maintainers <maintainers@example.invalid>  $(date -R -u -d "@$SOURCE_DATE_EPOCH")
END
    put 644 "$work/changelog" "usr/share/doc/$name/changelog"
    gzip -9n "$tree/usr/share/doc/$name/changelog"
}

# put MODE FILE PATH: a file of the package.
put() { install -D -m "$1" "$2" "$tree/$3"; }

# finish SCRIPTS DEPENDS FOLDER: the package with the maintainer scripts of a folder, which depends on that besides its libraries; standard input
# ends its control file. Says where it is.
finish() {
    # Which libraries the program wants, and which versions of their packages have what it uses.
    mkdir -p "$work/debian"
    printf 'Source: %s\n\nPackage: %s\nArchitecture: any\n' "$name" "$name" >"$work/debian/control"
    # Those of another architecture are looked for where setup/cross.sh has unpacked them.
    local elsewhere=() libraries package script
    [ -z "${ARTC_SYSROOT:-}" ] || for package in "$ARTC_SYSROOT"/packages/*; do elsewhere+=("-S$package"); done
    libraries=$(cd "$work" && DEB_HOST_ARCH=$arch dpkg-shlibdeps -O "${elsewhere[@]}" "$program" 2>"$work/shlibdeps" | sed -n 's/^shlibs:Depends=//p') ||
        { cat "$work/shlibdeps" >&2; exit 1; }

    mkdir -p "$tree/DEBIAN"
    for script in postinst prerm postrm; do install -m 755 "$1/$script" "$tree/DEBIAN/$script"; done
    (cd "$tree" && find etc -type f | sed 's|^|/|' | sort) >"$tree/DEBIAN/conffiles"
    (cd "$tree" && find . -path ./DEBIAN -prune -o -type f -printf '%P\n' | grep -v '^etc/' | sort | xargs md5sum) >"$tree/DEBIAN/md5sums"
    chmod 644 "$tree/DEBIAN/conffiles" "$tree/DEBIAN/md5sums"
    cat >"$tree/DEBIAN/control" <<END
Package: $name
Version: $version
Architecture: $arch
Maintainer: artc-edge maintainers <maintainers@example.invalid>
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Depends: $libraries, $2
END
    cat >>"$tree/DEBIAN/control"
    find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    mkdir -p "$3"
    package=$3/${name}_${version}_$arch.deb
    dpkg-deb --root-owner-group -Zxz "-z${DEB_LEVEL:-6}" --build "$tree" "$package" >/dev/null
    echo "$package"
}
