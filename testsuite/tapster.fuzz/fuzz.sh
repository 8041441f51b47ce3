#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Lets libFuzzer look for inputs on which a target fails: fuzz.sh BUILD_DIR SECONDS
#
# BUILD_DIR has the targets, configured with CC=clang --enable-sanitize=fuzzer ("make fuzz"
# sees to that).  What was found interesting stays in BUILD_DIR/corpus.NAME for the next time;
# what fails is in BUILD_DIR/found, and joins the regression corpus here once it is mended:
# tapster.fuzz/corpus.NAME/WHAT.stp.
set -u
build=$1
seconds=$2
here=$(dirname "$(realpath "$0")")
status=0
mkdir -p "$build/found"
cd "$build" || exit 1
# Leaks show as growth: the arenas are freed after each input.  The sanitizers take some five
# times as long as the program and the machine may be busy: 120 s here are less than 5 of it, which
# replay.c checks.
export ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=16

for target in parse translate; do
	mkdir -p "corpus.$target"
	nice -n 19 "testsuite/tapster.fuzz/fuzz_$target" \
		-max_total_time="$seconds" -timeout=120 -rss_limit_mb=1024 -max_len=2000 \
		-close_fd_mask=3 -dict="$here/script.dict" -artifact_prefix="found/$target-" \
		-print_final_stats=1 "corpus.$target" "$here"/corpus.$target "$here"/../tapster.run \
		"$here"/../tapster.check "$here"/../tapster.parse || status=1
done
exit $status
