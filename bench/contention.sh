#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Several threads on one handler that touches a global in its middle, before and behind which it formats and
# prints: time of a hit by the wall, by the number of threads.  With -u locks are held from
# the handler's beginning to its end.  The least of the runs; 1.00 x is one thread.
. "$(dirname "$0")/lib.sh"

cc -O2 -o "$work/threads" "$here/target_threads.c" -lpthread || exit 1
calls=${CALLS:-20000}
most=${THREADS:-$(nproc)}

least() { sort -n "$work/series.$1" 2>/dev/null | head -n 1; }
# NAME, handler, options
one() {
	for n in 1 $most; do
		"$tapster" $3 -e "global a probe process(\"$work/threads\").function(\"hit_thread\") { $2 }
			probe end { printf(\"%d\\n\", a[0]) }" -c "$work/threads $n $calls" -o "$work/printed" \
			>"$work/out" 2>"$work/err"
		note "$1.$n" "$(awk '$1 == "wall:" { print $2 }' "$work/out")"
	done
}
text='execname(), tid(), gettimeofday_ns(), "some more text"'
format='%s %d %x %-30s'
print="printf(\"$format\\n\", $text)"
make="text = sprintf(\"$format\", $text); if (strlen(text) < 5) next"
i=0
while [ $i -lt "$rounds" ]; do
	for how in "" -u; do
		one "print.before$how" "$print; a[0]++" "$how"
		one "print.behind$how" "a[0]++; $print" "$how"
		one "format.around$how" "$make; a[0]++; $make" "$how"
	done
	i=$((i + 1))
done
echo "Time of a hit by the wall, all threads together"
for what in print.before print.behind format.around; do
	for how in "" -u; do
		row "$what, 1 thread ${how:-}" "$(least "$what$how.1")" ns "$(least "$what$how.1")"
		row "$what, $most threads ${how:-}" "$(least "$what$how.$most")" ns "$(least "$what$how.1")"
	done
done
