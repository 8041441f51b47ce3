#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Peak memory and time of the translator on a program with a large amount of
# DWARF: one is generated (about 100 MB), so that no debug package is needed.
. "$(dirname "$0")/lib.sh"

mb=${DEBUG_MB:-100}
echo "generating a program with about $mb MB of debug information ..."
mkdir "$work/src"
# A translation unit of 400 structs and 400 functions has about 0.4 MB of DWARF 5.
awk 'BEGIN {
	for (i = 0; i < 400; i++) {
		printf "struct UNIT_s%d { int a%d; long b%d; struct UNIT_s%d *next; char name%d[%d];", i, i, i, i, i, i % 60 + 1
		for (k = 0; k < 24; k++) printf " unsigned field_%d_%d;", i, k
		print " };"
		printf "int UNIT_f%d(struct UNIT_s%d *p, int x, const char *text) { int local_a = x * %d; long local_b = local_a + p->a%d; for (int i = 0; i < x; i++) { int inner = i * local_a; local_b += inner; } p->b%d = local_b; return text[0] + local_a; }\n", i, i, i + 1, i, i
	}
	print "void UNIT_use(void) {"
	for (i = 0; i < 400; i++) printf "struct UNIT_s%d v%d = {0}; UNIT_f%d(&v%d, %d, \"x\");\n", i, i, i, i, i
	print "}" }' >"$work/src/unit.in"
units=$((mb * 5 / 2))
cc -g -O1 -fno-inline -x c -S -o "$work/src/unit.s" "$work/src/unit.in" || exit 1
n=0
: >"$work/src/main.c"
while [ $n -lt $units ]; do
	echo "void u${n}_use(void);" >>"$work/src/main.c"
	sed "s/UNIT/u$n/g" "$work/src/unit.s" | as -o "$work/src/u$n.o" - || exit 1
	n=$((n + 1))
done
{ echo "int main(int argc, char **argv) {"; n=0; while [ $n -lt $units ]; do echo "if (argc == $n + 2) u${n}_use();"; n=$((n + 1)); done; echo "return 0; }"; } >>"$work/src/main.c"
cc -g -o "$work/big" "$work/src/main.c" "$work"/src/u*.o || exit 1
echo "  $(stat -c %s "$work/big" | awk '{ printf "%.0f MB", $1 / 1048576 }')"

peak() { # peak LABEL SCRIPT
	/usr/bin/env TAPSTER_DIR="$work/cache" sh -c '"$0" -p2 -e "$1" >/dev/null 2>"$2/err" & p=$!
		while kill -0 $p 2>/dev/null; do awk "/VmHWM/ { print \$2 }" /proc/$p/status 2>/dev/null; sleep 0.01; done' \
		"$tapster" "$2" "$work" | sort -n | tail -1 >"$work/peak"
	t=$(wall_ms "$tapster" -p2 -e "$2")
	row "$1: peak" "$(awk '{ printf "%.0f", $1 / 1024 }' "$work/peak")" MB 0
	row "$1: time" "$t" ms 0
}
echo "the translator (passes 1 and 2)"
peak "one function, \$x" "probe process(\"$work/big\").function(\"u7_f9\") { println(\$x) }"
peak "u7_f* with \$x (400 probes)" "probe process(\"$work/big\").function(\"u7_f*\") { println(\$x) }"
peak "*_f100 (one per unit)" "probe process(\"$work/big\").function(\"*_f100\") { println(\$x) }"
