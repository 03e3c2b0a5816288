#!/bin/sh
# usage: run_fuzzer.sh FUZZER CORPUS SECONDS
# Fuzzes for a bounded time from the checked-in corpus; new inputs go to a scratch folder, never into the tree.
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[ -n "$(ls -A "$2")" ] || { echo "no corpus in $2" >&2; exit 1; }
"$1" -max_total_time="$3" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$scratch/" -print_final_stats=1 \
  "$scratch" "$2" || { for f in "$scratch"/crash-* "$scratch"/timeout-* "$scratch"/oom-*; do
    [ -e "$f" ] && { echo "input of the failure, in base64:"; base64 "$f"; }; done; exit 1; }
