#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What one hit of a counting probe costs, CPU time above the bare call, beside
# bpftrace's uprobe and uftrace's dynamic patching where they are installed.
. "$(dirname "$0")/lib.sh"

cc -O2 -o "$work/target" "$here/target_hit.c" || exit 1
calls() { awk -v f="$1" '$1 == f ":" { print $2 }' "$work/out"; }

bare() { "$work/target" "$1" 20000000 >"$work/out"; calls "$1"; }
with_tapster() {
	"$tapster" -e "global n probe process(\"$work/target\").function(\"$1\") { n++ }
		probe end { printf(\"%d\\n\", n) }" -c "$work/target $1 5000000" >"$work/out" 2>"$work/err"
	calls "$1"
}
with_bpftrace() {
	bpftrace -e "uprobe:$work/target:$1 { @ = count(); }" -c "$work/target $1 300000" \
		>"$work/out" 2>"$work/err"
	calls "$1"
}
with_uftrace() {
	uftrace record -d "$work/uftrace" -P "$1" "$work/target" "$1" 300000 >"$work/out" 2>"$work/err"
	calls "$1"
	rm -rf "$work/uftrace"
}

for f in hit_push hit_sub hit_nop; do
	i=0
	while [ $i -lt "$rounds" ]; do
		note bare.$f "$(bare $f)"
		note tapster.$f "$(with_tapster $f)"
		have bpftrace && [ "$(id -u)" = 0 ] && note bpftrace.$f "$(with_bpftrace $f)"
		have uftrace && note uftrace.$f "$(with_uftrace $f)"
		i=$((i + 1))
	done
done

above() {
	awk -v a="$(result "$1")" -v b="$(result "$2")" \
		'BEGIN { if (a == "-" || b == "-") print "-"; else printf "%.1f\n", a - b }'
}
echo "CPU time of a hit that counts, above the bare call (ratio: to tapster's)"
for f in hit_push hit_sub hit_nop; do
	base=$(above tapster.$f bare.$f)
	row "$f: tapster" "$base" ns "$base"
	row "$f: bpftrace count()" "$(above bpftrace.$f bare.$f)" ns "$base"
	row "$f: uftrace record -P" "$(above uftrace.$f bare.$f)" ns "$base"
done
