"""What the recipes say of the sources is so: version, checksums of the licences, Rust, units, the user and its groups."""

import hashlib
import pathlib
import re
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYER = ROOT / "yocto-layer/meta-artc-edge"


def complaints():
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]
    recipes = list(LAYER.glob("recipes-artc/artc-edge/artc-edge_*.bb"))
    for path in recipes + list(LAYER.glob("dynamic-layers/rauc/*/bundles/artc-edge-bundle_*.bb")):
        version = path.stem.split("_")[1]
        if version != package["version"]:
            yield f"{path.name} is not of version {package['version']}: rename it"
    if len(recipes) != 1:
        yield f"there is not one recipe of artc-edge: {recipes}"
        return
    recipe = recipes[0].read_text()
    for name, checksum in re.findall(r"file://(LICENSE[^;]*);md5=(\w+)", recipe):
        if hashlib.md5((ROOT / name).read_bytes()).hexdigest() != checksum:
            yield f"{name} has another checksum than its recipe says"
    rust = re.search(r'^ARTC_EDGE_RUST = "(.*)"', recipe, re.M)[1]
    if rust != package["rust-version"]:
        yield f"the recipe asks for Rust {rust}, Cargo.toml for {package['rust-version']}"

    units = (ROOT / "packaging/systemd").glob("*.service")
    wanted = {unit.name for unit in units if "[Install]" in unit.read_text()}
    enabled = set(re.search(r'^SYSTEMD_SERVICE:\$\{PN\} = "(.*)"', recipe, re.M)[1].split())
    if wanted != enabled:
        yield f"the recipe enables {sorted(enabled)}, packaging/systemd has {sorted(wanted)} to be enabled"

    sysusers = (ROOT / "packaging/systemd/sysusers.conf").read_text()
    groups = set(re.findall(r"^m artc-edge (\S+)", sysusers, re.M))
    of_recipe = set(re.search(r"--groups (\S+)", recipe)[1].split(","))
    if groups != of_recipe:
        yield f"the recipe puts the user in {sorted(of_recipe)}, sysusers.conf in {sorted(groups)}"

    for conf in LAYER.glob("dynamic-layers/rauc/recipes-core/rauc/files/*/system.conf"):
        if "compatible=artc-edge-@MACHINE@" not in conf.read_text() or "bundle-formats=verity" not in conf.read_text():
            yield f"{conf.relative_to(ROOT)} takes other bundles than artc-edge-bundle makes"


wrong = list(complaints())
if wrong:
    sys.exit("\n".join(wrong))
