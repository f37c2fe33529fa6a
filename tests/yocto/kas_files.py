"""kas takes every file of yocto-layer/kas: its schema, its includes, and one board that exists in board/profiles."""

import pathlib
import re
import sys

from kas.includehandler import IncludeHandler

ROOT = pathlib.Path(__file__).resolve().parents[2]
KAS = ROOT / "yocto-layer/kas"
RELEASES = {"wrynose": [], "scarthgap": [KAS / "opt/scarthgap.yml"]}


class Includes(IncludeHandler):
    """kas's own, told which repository this is instead of asking git each time."""

    top_repo_path = str(ROOT)

    def ensure_from_same_repo(self):
        pass


def merged(*paths):
    """The files with what they include, as kas itself reads, checks and merges them."""
    config, missing = Includes([str(path) for path in paths]).get_config()
    assert not missing, f"{paths}: includes of other repositories"
    return config


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
                config = merged(path, *options, *more)
                wrong += complaints(f"{path.name} ({release})", config)
                if path.stem != config.get("machine"):
                    wrong.append(f"{path.name} is for the machine {config.get('machine')}")
    if wrong:
        sys.exit("\n".join(sorted(set(wrong))))
    print(f"{len(boards) - 1} boards")


main()
