#!/usr/bin/env bash
# Sets up what the Makefile's commands need; does nothing when it is there already.
#
#   packaging/setup.sh system GROUP...   the Debian packages in packaging/debian-GROUP.txt
#   packaging/setup.sh python [EXTRA]    the project in the virtual environment .venv
#
# PYTHON names the interpreter (python3). SYSTEM=skip leaves the system's packages to you.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
  printf 'set-up: %s\n' "$@" >&2
  exit 1
}

system() {
  local group wanted missing
  [ "${SYSTEM:-}" != skip ] || return 0
  wanted=$(for group in "$@"; do sed 's/#.*//' "packaging/debian-$group.txt"; done | xargs)
  if [ "$(uname -s)" != Linux ]; then
    fail "the Makefile sets up Debian and its relatives; $(uname -s) is not supported." \
      "'pip install .' works without it, and the program's X11 part needs Linux."
  fi
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    fail "this system has no apt. Install what these Debian packages hold:" "  $wanted" \
      "and run again with SYSTEM=skip, such as 'make demo SYSTEM=skip'."
  fi
  missing=$(missing_of "$wanted")
  [ -n "$missing" ] || return 0

  local as_root=()
  if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      fail "these Debian packages are missing, and installing them takes root:" \
        "  sudo apt-get install --no-install-recommends $missing" \
        "Run that, then the same make command again."
    fi
    as_root=(sudo -n)
  fi
  echo "set-up: installing Debian packages: $missing"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
    apt-get -qq -o DPkg::Lock::Timeout=300)
  "${apt[@]}" update
  # shellcheck disable=SC2086 # a list of names, one word each
  "${apt[@]}" -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing </dev/null >/dev/null
}

# Those of the names in $1 that no installed package has or provides (libglib2.0-0t64, on newer
# systems, provides libglib2.0-0).
missing_of() {
  dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' |
    awk -v wanted="$1" '
      $1 == "installed" {
        $1 = ""
        count = split($0, names, ",")
        for (i = 1; i <= count; i++) { split(names[i], word, " "); has[word[1]] = 1 }
      }
      END {
        count = split(wanted, names, " ")
        for (i = 1; i <= count; i++) if (!(names[i] in has)) printf "%s ", names[i]
      }'
}

python() {
  local extra=${1:-base} interpreter=${PYTHON:-python3} inputs
  command -v "$interpreter" >/dev/null ||
    fail "$interpreter is not there: install Python 3.11 or newer, or name one: make PYTHON=..."
  # What the environment depends on: another interpreter or folder makes it anew, another
  # requirement installs again.
  local home
  home=$("$interpreter" -c 'import sys; print(sys.version, sys.base_prefix)')$PWD ||
    fail "$interpreter does not run: name another one: make PYTHON=..."
  inputs=$(cat pyproject.toml constraints.txt packaging/setup.sh | cksum)

  if [ "$(cat .venv/.home 2>/dev/null)" != "$home" ]; then
    check "$interpreter" 'import sys; sys.exit(sys.version_info < (3, 11))' \
      "is older than 3.11: name a newer one, such as 'make PYTHON=python3.12'"
    check "$interpreter" 'import ensurepip, venv' "has no venv: install python3-venv"
    echo "set-up: making .venv with $("$interpreter" --version)"
    rm -rf .venv
    "$interpreter" -m venv .venv
    echo "$home" >.venv/.home
  fi
  [ "$(cat .venv/.installed-"$extra" 2>/dev/null)" != "$inputs" ] || return 0
  [ "$extra" != base ] || [ "$(cat .venv/.installed-dev 2>/dev/null)" != "$inputs" ] || return 0

  echo "set-up: installing the Python packages into .venv; the first time takes some minutes"
  rm -f .venv/.installed-*
  .venv/bin/python -m pip --quiet --disable-pip-version-check install -c constraints.txt pip
  if [ "$extra" = base ]; then install --editable .; else install --editable ".[$extra]"; fi
  # pyautogui brings python3-xlib 0.15, which writes into the same folder as python-xlib 0.33.
  .venv/bin/python -c 'import sys, Xlib; sys.exit(Xlib.__version__ < (0, 33))' ||
    install --force-reinstall --no-deps python-xlib
  echo "$inputs" >".venv/.installed-$extra"
}

check() {
  "$1" -c "$2" 2>/dev/null || fail "$1 $3"
}

install() {
  .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check \
    --constraint constraints.txt --build-constraint constraints.txt "$@"
}

case "${1:-}" in
system | python) "$@" ;;
*) fail "usage: packaging/setup.sh system GROUP... | python [EXTRA]" ;;
esac
