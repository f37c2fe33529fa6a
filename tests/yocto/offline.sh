#!/usr/bin/env bash
# The archive of `make source-release` resolves without network, with only those crates at hand that the recipe fetches: cargo is given a
# folder of them as bitbake gives it one. Nothing is compiled.
set -euo pipefail
cd "$(dirname "$0")/../.."
crates=yocto-layer/meta-artc-edge/recipes-artc/artc-edge/artc-edge-crates.inc

make --no-print-directory web >/dev/null
cargo fetch --locked --quiet # into cargo's own folder, where a build has put them already
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
packaging/source.sh "$work" >/dev/null
packaging/source.sh "$work/again" >/dev/null
cmp "$work"/artc-edge-*.tar.xz "$work"/again/artc-edge-*.tar.xz
tar -xf "$work"/artc-edge-*.tar.xz -C "$work"
sources=$(echo "$work"/artc-edge-*/)
[ "$(find "$sources" -name Cargo.lock | wc -l)" = 1 ] || { echo "the archive has not one Cargo.lock" >&2; exit 1; }
[ -f "$sources/web/dist/index.html" ] || { echo "the archive has no viewer page" >&2; exit 1; }

# As bitbake's crate fetcher: each checked, unpacked, and its checksum noted for cargo.
cache=${CARGO_HOME:-$HOME/.cargo}/registry/cache
mkdir "$work/crates"
python3 - "$crates" "$cache" "$work/crates" <<'END'
import hashlib, json, pathlib, re, sys, tarfile
text, cache, out = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
sums = dict(re.findall(r'SRC_URI\[(.+)\.sha256sum\] = "(\w+)"', text))
for name, version in re.findall(r"crate://crates\.io/([^/]+)/(\S+)", text):
    crate = f"{name}-{version}"
    archive = next(cache.glob(f"*/{crate}.crate"), None) or sys.exit(f"{crate} is not in cargo's cache")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != sums[crate]:
        sys.exit(f"{crate} has another checksum")
    # Of each crate what cargo looks at when it resolves; the rest would take a minute to unpack.
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name in (f"{crate}/Cargo.toml", f"{crate}/src/lib.rs"):
                tar.extract(member, out, filter="data") if hasattr(tarfile, "data_filter") else tar.extract(member, out)
    (out / crate / ".cargo-checksum.json").write_text(json.dumps({"files": {}, "package": sums[crate]}))
END
mkdir "$work/home"
cat >"$work/home/config.toml" <<END
[source.bitbake]
directory = "$work/crates"
[source.crates-io]
replace-with = "bitbake"
local-registry = "/nonexistent"
END
toolchain=$(rustc --print sysroot 2>/dev/null)
for target in x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf; do
    (cd "$sources" && CARGO_HOME="$work/home" "$toolchain/bin/cargo" metadata --frozen --format-version 1 --filter-platform "$target") >/dev/null
done
