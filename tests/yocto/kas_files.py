"""kas takes every file of yocto-layer/kas: its schema, its includes, and one board that exists in board/profiles."""

import json
import pathlib
import re
import sys

import jsonschema
import kas
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
KAS = ROOT / "yocto-layer/kas"
SCHEMA = json.loads((pathlib.Path(kas.__file__).parent / "schema-kas.json").read_text())
# Layers are of this checkout, or of a repository with an address.
RELEASES = {"wrynose": [], "scarthgap": [KAS / "opt/scarthgap.yml"]}


def load(path):
    """The file with what it includes, merged as kas does: deeply, later ones win."""
    content = yaml.safe_load(path.read_text())
    jsonschema.validate(content, SCHEMA)
    whole = {}
    for include in content["header"].get("includes", []):
        merge(whole, load(ROOT / include))
    return merge(whole, content)


def merge(below, above):
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            merge(below[key], value)
        else:
            below[key] = value
    return below


def complaints(name, config):
    for key in ("machine", "distro", "target"):
        if key not in config:
            yield f"{name}: no {key}"
    default = config["defaults"]["repos"]["branch"]
    for repository, what in config["repos"].items():
        if "url" not in what:
            for layer in what["layers"]:
                if not (ROOT / layer / "conf/layer.conf").exists():
                    yield f"{name}: {layer} is no layer of this repository"
        elif not what["url"].startswith("https://"):
            yield f"{name}: {repository} is not fetched over TLS"
        elif "commit" not in what and "branch" not in what and not default:
            yield f"{name}: {repository} has neither branch nor commit"


def main():
    wrong = []
    profiles = {re.search(r'^id = "(.*)"', path.read_text(), re.M)[1] for path in (ROOT / "board/profiles").glob("*.toml")}
    boards = sorted(KAS.glob("*.yml"))
    for path in boards:
        if path.name == "base.yml":
            continue
        board = re.search(r"board profile `([^`]+)`", path.read_text())
        if not board or board[1] not in profiles:
            wrong.append(f"{path.name}: its head names no board profile (`board profile ...`) of board/profiles")
        for release, options in RELEASES.items():
            for more in ([], [KAS / "opt/rauc.yml"], [KAS / "opt/dev.yml"]):
                config = load(path)
                for option in options + more:
                    merge(config, load(option))
                wrong += complaints(f"{path.name} ({release})", config)
                if path.stem != config.get("machine"):
                    wrong.append(f"{path.name} is for the machine {config.get('machine')}")
    if wrong:
        sys.exit("\n".join(sorted(set(wrong))))
    print(f"{len(boards) - 1} boards")


main()
