#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All benchmarks, in turn.
here=$(dirname "$0")
for b in start hit handler contention core modules memory; do
	"$here/$b.sh" || exit 1
	echo
done
