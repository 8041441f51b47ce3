#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What handlers cost on the user runtime, CPU time of a hit above that of a handler that does
# nothing, beside bpftrace's where it is installed; and whether a second thread slows a statistic down.
. "$(dirname "$0")/lib.sh"

cc -O2 -o "$work/target" "$here/target_hit.c" || exit 1
cc -O2 -o "$work/threads" "$here/target_threads.c" -lpthread || exit 1
calls() { awk '$1 == "hit_push:" { print $2 }' "$work/out"; }

# NAME, declarations, handler
tapster_of() {
	"$tapster" -g -e "$2 probe process(\"$work/target\").function(\"hit_push\") { $3 }" \
		-c "$work/target hit_push ${4:-2000000}" -o "$work/printed" >"$work/out" 2>"$work/err"
	note "tapster.$1" "$(calls)"
}
# THREADS: the same statistic in all of them
threads_of() {
	"$tapster" -e "global s probe process(\"$work/threads\").function(\"hit_thread\") { s <<< 7 }
		probe end { println(@count(s)) }" -c "$work/threads $1 2000000" >"$work/out" 2>"$work/err"
	note "threads.$1" "$(awk '$1 == "hit_thread:" { print $2 }' "$work/out")"
}
bpftrace_of() {
	have bpftrace && [ "$(id -u)" = 0 ] || return
	bpftrace -e "uprobe:$work/target:hit_push { $2 }" -c "$work/target hit_push 200000" \
		>"$work/out" 2>"$work/err"
	note "bpftrace.$1" "$(calls)"
}

only=${1:-}; i=0
while [ $i -lt "$rounds" ]; do
	tapster_of nothing "function f() %{ /* unprivileged */ %}" "f()"
	tapster_of count "global n probe end { println(n) }" "n++"
	tapster_of array "global a[1000] probe end { println(a[0]) }" "a[tid()]++"
	tapster_of stat "global s probe end { println(@sum(s)) }" "s <<< 7"
	tapster_of hist "global h probe end { print(@hist_log(h[1])) }" "h[1] <<< 7"
	tapster_of printf "" "printf(\"%d %s\\n\", 12345, \"text\")" 200000
	tapster_of pid "global n probe end { println(n) }" "n += pid()"
	tapster_of tid "global n probe end { println(n) }" "n += tid()"
	tapster_of ppid "global n probe end { println(n) }" "n += ppid()"
	tapster_of uid "global n probe end { println(n) }" "n += uid()"
	tapster_of execname "global n probe end { println(n) }" "if (execname() == \"x\") n++"
	tapster_of register "global n probe end { println(n) }" "n += register(\"rdi\")"
	tapster_of int_arg "global n probe end { println(n) }" "n += int_arg(1)"
	tapster_of gettimeofday_ns "global n probe end { println(n) }" "n += gettimeofday_ns()"
	tapster_of ubacktrace "global n probe end { println(n) }" "n += strlen(ubacktrace())" 200000
	tapster_of sprint_ubacktrace "global n probe end { println(n) }" "n += strlen(sprint_ubacktrace())" 200000
	threads_of 1
	threads_of 2
	bpftrace_of nothing ""
	bpftrace_of count "@ = count();"
	bpftrace_of array "@[tid] = count();"
	bpftrace_of stat "@ = stats(7);"
	bpftrace_of hist "@[1] = hist(7);"
	bpftrace_of printf "printf(\"%d %s\\n\", 12345, \"text\");"
	bpftrace_of ubacktrace "@[ustack] = count();"
	i=$((i + 1))
done

above() {
	awk -v a="$(result "$1")" -v b="$(result "$2")" \
		'BEGIN { if (a == "-" || b == "-") print "-"; else printf "%.1f\n", a - b }'
}
echo "CPU time of handlers, above one that does nothing (ratio: to tapster's)"
for what in count array stat hist printf pid tid ppid uid execname register int_arg gettimeofday_ns \
	ubacktrace sprint_ubacktrace; do
	base=$(above tapster.$what tapster.nothing)
	row "$what: tapster" "$base" ns "$base"
	other=$(above bpftrace.$what bpftrace.nothing)
	[ "$other" = - ] || row "$what: bpftrace" "$other" ns "$base"
done
echo "Throughput of two threads with one statistic, by CPU time (of one thread: 1)"
awk -v a="$(result threads.1)" -v b="$(result threads.2)" \
	'BEGIN { if (b + 0 > 0) printf "  %-44s %12.2f x\n", "s <<< x", 2 * a / b }'
