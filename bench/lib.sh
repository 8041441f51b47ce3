# SPDX-License-Identifier: GPL-2.0-or-later
# What the benchmark scripts share.  Every figure is a median of several runs,
# taken in turn with the peers' runs, so that a drift of the machine's speed
# hits all of them; only ratios of one run mean anything.

here=$(cd "$(dirname "$0")" && pwd)
top=${TOP_BUILDDIR:-$(cd "$here/.." && pwd)}
tapster=$top/tapster
work=$(mktemp -d "${TMPDIR:-/tmp}/tapster-bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
rounds=${ROUNDS:-5}

have() { command -v "$1" >/dev/null 2>&1; }

# median < numbers, one a line; "-" when there are none
median() {
	sort -n | awk '{ v[NR] = $1 } END { if (NR) print v[int((NR + 1) / 2)]; else print "-" }'
}

# note NAME VALUE: one sample of a series
note() { [ -z "$2" ] || echo "$2" >>"$work/series.$1"; }
result() { [ -f "$work/series.$1" ] && median <"$work/series.$1" || echo "-"; }

# wall_ms COMMAND...: how long it takes
wall_ms() {
	_t0=$(date +%s%N)
	"$@" >"$work/out" 2>&1 </dev/null
	_t1=$(date +%s%N)
	echo $(((_t1 - _t0) / 1000000))
}

# row TEXT VALUE UNIT BASE: prints VALUE and its ratio to BASE
row() {
	awk -v t="$1" -v v="$2" -v u="$3" -v b="$4" 'BEGIN {
		r = (v + 0 > 0 && b + 0 > 0) ? sprintf("%10.2f x", v / b) : "         -"
		printf "  %-44s %12s %-3s %s\n", t, v, u, r }'
}
