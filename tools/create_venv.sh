#!/bin/sh
# Create a virtual environment with the newest supported Python on the PATH, or with the one that is named. An environment
# that was completed here and works is kept, unless another Python is named than the one that it was created with.
#
# Usage: tools/create_venv.sh FOLDER [PYTHON]
set -eu
venv=$1
named=${2:-}
supported='3.14 3.13 3.12 3.11'
PATH=${PATH#"$PWD/$venv/bin:"}

fail() {
    echo "error: $*" >&2
    exit 2
}

# Print minor version, whether it can create environments, and path; nothing for one that does not run. Debian's python3
# has no ensurepip without the package python3-venv.
describe() {
    "$1" -I -c '
import importlib.util, sys
complete = all(importlib.util.find_spec(name) for name in ("ensurepip", "venv"))
print("%d.%d" % sys.version_info[:2], "complete" if complete else "incomplete", sys._base_executable)
' 2> /dev/null || true
}

# In every folder of the PATH: what comes first may be a shim of pyenv that does not run.
describe_all() {
    echo "$PATH" | tr ':' '\n' | while read -r folder; do
        for version in $supported 3; do
            [ ! -x "$folder/python$version" ] || describe "$folder/python$version"
        done
    done
}

# Print the first path of the newest supported version, of lines of `describe`.
newest() {
    for version in $supported; do
        path=$(echo "$found" | sed -n "s/^$version $1 //p" | head -n 1)
        [ -z "$path" ] || { echo "$path"; return; }
    done
}

full_version() {
    "$1" -I -c "import sys; $2; print(sys.version)" 2> /dev/null
}

# Names the folder, because scripts name their interpreter by its path: they do not work in a checkout that was moved.
complete=$venv/.complete
here=$(pwd -P)/$venv
# pip takes a package for installed as soon as it has metadata; INSTALLER is what pip writes after all other files.
remove_half_installed() {
    for package in "$venv"/lib/python*/site-packages/*.dist-info; do
        [ -s "$package/INSTALLER" ] || rm -rf "$package"
    done
}

if [ "$(cat "$complete" 2> /dev/null)" = "$here" ] && has=$(full_version "$venv/bin/python" 'import pip'); then
    if [ -z "$named" ] || [ "$(full_version "$named" 'pass')" = "$has" ]; then
        remove_half_installed
        exit 0
    fi
fi

if [ -n "$named" ]; then
    found=$(describe "$named")
    [ -n "$found" ] || fail "PYTHON=$named does not run; name an interpreter, as in make PYTHON=/usr/bin/python3.13"
else
    found=$(describe_all)
fi
python=$(newest complete)
incomplete=$(newest incomplete)
versions=$(echo "$found" | cut -d ' ' -f 1 | sort -u | paste -s -d ' ' -)
range=$(sed -n 's/^requires-python = "\(.*\)"$/\1/p' pyproject.toml)

# Replace the environment.
create() {
    echo "creating $venv: $*" >&2
    rm -rf "$venv" || fail "$venv cannot be removed; remove it as the user that it belongs to"
    trap '[ $? -eq 0 ] || rm -rf "$venv"' EXIT
    "$@" "$venv" >&2 && full_version "$venv/bin/python" 'import pip' > /dev/null && echo "$here" > "$complete" ||
        fail "$venv could not be created (see above); mend that, or name a Python: make PYTHON=/path/to/python3.13"
}

if [ -n "$python" ]; then
    create "$python" -m venv
elif [ -n "$named" ] && [ -z "$incomplete" ]; then
    fail "PYTHON=$named is Python $versions; supported are $supported"
elif command -v uv > /dev/null; then
    create uv venv --quiet --no-cache --seed --python "${incomplete:-$range}"
elif [ -n "$incomplete" ]; then
    version=$(echo "$found" | sed -n "s#^\(.*\) incomplete $incomplete\$#\1#p" | head -n 1)
    fail "$incomplete cannot create virtual environments; install its venv module (Debian: apt-get install python$version-venv) or uv"
else
    fail "no supported Python is on the PATH (found: ${versions:-none}); install one of Python $supported (Debian: apt-get install" \
        "python3 python3-venv) or uv, or name one: make PYTHON=/path/to/python3.13"
fi
