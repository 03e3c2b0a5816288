#!/bin/sh
# usage: coverage.sh BUILD_DIRECTORY
# Runs the unit tests of a coverage build and prints line coverage for each folder, and for each file.
set -eu
cd "$(dirname "$0")/.."
build=$1
rm -rf "$build/profiles"
LLVM_PROFILE_FILE="$PWD/$build/profiles/%m-%p.profraw" ctest --preset coverage
llvm-profdata-19 merge -sparse -o "$build/all.profdata" "$build"/profiles/*.profraw
objects=$(find "$build" -type f -name '*_test' -perm -u+x | sed 's/^/-object /')
llvm-cov-19 export -summary-only -instr-profile "$build/all.profdata" $objects -ignore-filename-regex '_test\.cc$|^/usr/' |
  tools/coverage_table.py
