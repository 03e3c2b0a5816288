#!/bin/sh
# usage: install_packages.sh [LIST ...]        (default: packaging/packages.txt)
# Installs those Debian packages of the lists that are missing. Nothing missing: returns at once, without apt or root.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- "$root/packaging/packages.txt"
wanted=$(sed -e 's/#.*//' "$@" | tr -s ' \t\n' '\n' | sed '/^$/d' | sort -u)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "install_packages: this is not Debian (no dpkg or apt-get). Install what corresponds to:" $wanted >&2
  exit 1
fi
present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $wanted 2>/dev/null | sed -n 's/^installed //p' | sort -u)
missing=$(printf '%s\n' "$wanted" | grep -vxF "${present:--}" || true)
[ -n "$missing" ] || exit 0

echo "installing:" $missing
as_root=""
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "install_packages: neither root nor sudo. As root, run: apt-get update && apt-get install -y" $missing >&2
    exit 1
  fi
  as_root="sudo"
fi
apt="$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q"
if ! { $apt update && $apt install -y --no-install-recommends $missing; } </dev/null; then
  echo "install_packages: apt-get could not install:" $missing >&2
  exit 1
fi
