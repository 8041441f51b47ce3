#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# CPU time of the runtime's operations: maps, statistics, printing.
set -e
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="-std=gnu11 -O2 -fPIC -fvisibility=hidden -fno-stack-protector -fcf-protection=none
	-fwrapv -fno-strict-aliasing -fno-jump-tables -D_GNU_SOURCE -I. -Itestsuite/tapster.unit"
sources=$(ls runtime/core/*.c | grep -v /mem.c)
# as in a target: general registers only (but for the printing of the results)
for source in $sources testsuite/tapster.unit/host/rt_host.c; do
	gcc $flags -mgeneral-regs-only -c "$source" -o "$work/$(basename "$source" .c).o"
done
gcc $flags -o "$work/core" bench/core.c "$work"/*.o
"$work/core"
