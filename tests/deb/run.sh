#!/usr/bin/env bash
# The Debian packages, and the bill of materials: made, judged by lintian, installed into an empty root, upgraded, removed and purged there.
# usage: tests/deb/run.sh   (builds the programs and the manual page if they are not built yet)
set -euo pipefail
cd "$(dirname "$0")/../.."
# Of the workspace, not of the package alone: that would resolve other features, and most would be built once more.
cargo build --release --locked --quiet --workspace --bin artc-edge --bin artc-room --example man
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
passed=0
failed=0

# check WHAT COMMAND...: counts whether the command succeeds.
check() {
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $what"
        cat "$work/said"
    fi
}

strip --strip-all -o "$work/artc-edge" target/release/artc-edge
target/release/examples/man >"$work/artc-edge.1"
make_package() { DEB_LEVEL=0 DEB_VERSION=$1 packaging/deb.sh "$work/artc-edge" "$work/artc-edge.1" "$2"; }
package=$(make_package 0.1.0 "$work/first")
again=$(make_package 0.1.0 "$work/again")
check "two packages of the same sources are the same" cmp "$package" "$again"
# What is overridden is named with its reason in packaging/debian/lintian-overrides.
check "lintian has nothing to say" lintian --fail-on error,warning --tag-display-limit 0 "$package"
check "the manual page is one" man --warnings -E UTF-8 -l -Tutf8 -Z "$work/artc-edge.1"

mkdir -p "$root"/{etc,var/lib/dpkg/{info,updates},usr/sbin,run}
touch "$root/var/lib/dpkg/status"
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
# Into a root without a system: the scripts run outside of it, as for an image, and dependencies are somebody else's.
dpkg_there() { dpkg --root="$root" --force-not-root --force-depends --force-script-chrootless "$@"; }
everything() { (cd "$root" && find . -path ./var/lib/dpkg -prune -o -print | sort); }
before=$(everything)

check "it installs" dpkg_there -i "$package"
for file in usr/bin/artc-edge lib/systemd/system/artc-edge.service usr/lib/sysusers.d/artc-edge.conf etc/artc-edge/config.toml \
    etc/systemd/system/multi-user.target.wants/artc-edge.service usr/share/man/man1/artc-edge.1.gz \
    usr/share/bash-completion/completions/artc-edge; do
    check "there is $file" test -e "$root/$file" -o -L "$root/$file"
done
check "its user is there" grep -q '^artc-edge:' "$root/etc/passwd"
check "in the group of cameras" grep -q '^video:.*artc-edge' "$root/etc/group"
check "the program runs" "$root/usr/bin/artc-edge" version
check "the shipped configuration is right" "$root/usr/bin/artc-edge" check "$root/etc/artc-edge/config.toml"

echo '# of the administrator' >>"$root/etc/artc-edge/config.toml"
mkdir -p "$root/var/lib/artc-edge" && echo secret >"$root/var/lib/artc-edge/remote.toml"
printf '[stream]\nbitrate_kbps = 900\n' >"$root/etc/artc-edge/conf.d/own.toml"
newer=$(make_package 0.2.0 "$work/second")
check "it is upgraded" dpkg_there --force-confold -i "$newer"
check "what the administrator wrote is kept" grep -q '^# of the administrator' "$root/etc/artc-edge/config.toml"
check "and what the device remembers" test -f "$root/var/lib/artc-edge/remote.toml"
check "it is removed" dpkg_there --remove artc-edge
check "the configuration stays" test -f "$root/etc/artc-edge/config.toml"
check "the program does not" test ! -e "$root/usr/bin/artc-edge"
rm "$root/etc/artc-edge/conf.d/own.toml"
# purged PACKAGE: takes it away, and sees that nothing of it is left.
purged() {
    check "$1 is purged" dpkg_there --purge "$1"
    # The user stays, as Debian's custom is: files of its may be elsewhere.
    left=$(comm -13 <(echo "$before") <(everything) | grep -vE '^\./etc/(passwd|group|g?shadow)-?$|^\./etc/\.pwd\.lock$' || true)
    # Folders of the system that dpkg made, empty, are the system's.
    left=$(for path in $left; do [ -d "$root/$path" ] || echo "$path"; done)
    check "nothing of $1 is left" test -z "$left"
    [ -z "$left" ] || echo "$left"
}
purged artc-edge
check "no folder of its own either" test ! -e "$root/etc/artc-edge" -a ! -e "$root/var/lib/artc-edge"

# The app server.
strip --strip-all -o "$work/artc-room" target/release/artc-room
make_server() { DEB_LEVEL=0 DEB_VERSION=$1 packaging/artc-room/deb.sh "$work/artc-room" "$2"; }
package=$(make_server 0.1.0 "$work/first")
check "two packages of the same app server are the same" cmp "$package" "$(make_server 0.1.0 "$work/again")"
check "lintian has nothing to say of the app server" lintian --fail-on error,warning --tag-display-limit 0 "$package"
check "its manual page is one" man --warnings -E UTF-8 -l -Tutf8 -Z packaging/artc-room/artc-room.1
# Every option of the program is in its manual page, and no other.
options() { sed 's/\\-/-/g' | grep -oE -- '--[a-z]+' | sort -u; }
check "with the program's options" diff <("$work/artc-room" --help | options) <(options <packaging/artc-room/artc-room.1)
check "the app server installs" dpkg_there -i "$package"
for file in usr/bin/artc-room lib/systemd/system/artc-room.service etc/systemd/system/multi-user.target.wants/artc-room.service \
    usr/share/man/man1/artc-room.1.gz; do
    check "there is $file" test -e "$root/$file" -o -L "$root/$file"
done
group=$(sed -n 's/^artc-room:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
check "the service alone reads its configuration" test "$(stat -c %a:%u:%g "$root/etc/artc-room")" = "750:0:$group"
check "the shipped configuration of the app server is right" "$root/usr/bin/artc-room" --check --config "$root/etc/artc-room/artc-room.toml"
echo '# of the administrator' >>"$root/etc/artc-room/artc-room.toml"
mkdir -p "$root/var/lib/artc-room" && echo state >"$root/var/lib/artc-room/artc-room.sqlite"
check "the app server is upgraded" dpkg_there --force-confold -i "$(make_server 0.2.0 "$work/second")"
check "its configuration is kept" grep -q '^# of the administrator' "$root/etc/artc-room/artc-room.toml"
check "and its state" test -f "$root/var/lib/artc-room/artc-room.sqlite"
mkdir -p "$root/var/lib/artc-room/recordings" && echo film >"$root/var/lib/artc-room/recordings/one.mp4"
check "the app server is removed" dpkg_there --remove artc-room
check "for good" dpkg_there --purge artc-room
check "recordings are left" test -f "$root/var/lib/artc-room/recordings/one.mp4" -a ! -e "$root/var/lib/artc-room/artc-room.sqlite"
rm -r "$root/var/lib/artc-room"
check "it is back" dpkg_there -i "$package"
purged artc-room
check "no folder of the app server either" test ! -e "$root/etc/artc-room" -a ! -e "$root/var/lib/artc-room"

# A program as it is shipped has the list of what it is made of inside, which this quick build has not; so one is put into a copy of it.
bill=$work/artc-edge.cdx.json
with_list() {
    python3 - "$work/list" <<'END'
import json, sys, zlib
packages = [
    {"name": "artc-edge", "version": "0.1.0", "source": "local", "root": True, "dependencies": [1, 2]},
    {"name": "turbojpeg-sys", "version": "1.2.0", "source": "crates.io", "dependencies": [2]},
    {"name": "anyhow", "version": "1.0.0", "source": "crates.io", "kind": "build"},
]
open(sys.argv[1], "wb").write(zlib.compress(json.dumps({"packages": packages}).encode()))
END
    objcopy --add-section .dep-v0="$work/list" "$work/artc-edge"
}
# bill_says PYTHON: whether that holds of the bill of materials, `bill`, with its `parts` by their names.
bill_says() {
    python3 -c "import json, sys; bill = json.load(open(sys.argv[1])); parts = {p['name']: p for p in bill['components']}; assert $1, bill" "$bill"
}
no_bill() { ! packaging/sbom.py "$work/artc-edge" && ! test -e "$bill"; }
made_bill() { with_list && packaging/sbom.py "$work/artc-edge"; }
check "a program without the list has no bill of materials" no_bill
check "with the list it has" made_bill
check "the program is named by its sum" bill_says \
    "bill['metadata']['component']['hashes'][0]['content'] == '$(sha256sum "$work/artc-edge" | cut -d' ' -f1)'"
check "each crate by where it comes from" bill_says "parts['turbojpeg-sys']['purl'] == 'pkg:cargo/turbojpeg-sys@1.2.0'"
check "what only builds it is told apart" bill_says "[parts[n]['scope'] for n in ('turbojpeg-sys', 'anyhow')] == ['required', 'excluded']"
check "its licences include those of the C inside" bill_says "'IJG' in parts['turbojpeg-sys']['licenses'][0]['expression']"
check "what depends on what" bill_says "bill['dependencies'][1]['dependsOn'] == ['crates.io:anyhow@1.0.0']"

echo "test result: $([ "$failed" -eq 0 ] && echo ok || echo FAILED). $passed passed; $failed failed"
[ "$failed" -eq 0 ]
