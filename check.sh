#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds, and runs the testsuite.  The last line is
# "N passed, N failed"; the exit status is 0 when none failed.
set -eu
cd "$(dirname "$0")"
. scripts/prepare.sh

install_packages "$TOOLS $TEST_TOOLS" "$TEST_EXTRAS"
install_packages "" "$(kernel_packages)"
build --enable-werror

say "testing"
sum=$BUILD/testsuite/tapster.sum
mkdir -p "$(dirname "$sum")"
: >"$sum"
make -s -C "$BUILD" check "$@" || true

grep -h -E '^(UNSUPPORTED|UNTESTED|FAIL|XPASS|UNRESOLVED|ERROR)' "$sum" || true
# A run that broke off has no summary, and counts as a failure.
awk '/^(PASS|XFAIL):/ { passed++ }
     /^(FAIL|XPASS|UNRESOLVED|ERROR):/ { failed++ }
     /=== tapster Summary ===/ { whole = 1 }
     END {
	if (!whole || !passed)
		failed++
	printf "%d passed, %d failed\n", passed, failed
	exit failed != 0
     }' "$sum" || exit 1
