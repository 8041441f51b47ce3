#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# /init of the virtual machine: runs the cases and prints "ok NAME" or "not ok NAME: ..."
# between "engine: begin" and "engine: end" on the console.

mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
echo 1 > /proc/sys/kernel/printk
mkdir -p /sys/kernel/debug && mount -t debugfs debug /sys/kernel/debug
# Its thread scans for minutes while others want the processor, and rmmod waits for every task of the
# kernel to sleep (synchronize_rcu_tasks): a scan at the end is what is wanted.
leaks=/sys/kernel/debug/kmemleak
[ ! -f $leaks ] || echo scan=off > $leaks
cd /t

# check NAME EXPECTED ACTUAL
check() {
	if [ "$2" = "$3" ]; then echo "ok $1"; else echo "not ok $1: expected $2, got $3"; fi
}

# sum COLUMN: over all tags of client 0
sum() { awk -v c="$1" '$1 == 0 && $2 != "missed" { s += $c } END { print s + 0 }' /proc/tapster_engine; }
hits_by() { awk -v c="$1" '$1 == c && $2 != "missed" { s += $3 } END { print s + 0 }' /proc/tapster_engine; }
hits_of() { awk -v t="$1" '$1 == 0 && $2 == t { print $3 }' /proc/tapster_engine; }
refused() { awk '$1 == 0 && $2 == "missed" { print $5 }' /proc/tapster_engine; }
missed() { awk '$1 == 0 && $2 == "missed" { print $3 + $5 }' /proc/tapster_engine; }

# counts NAME HITS RETURNS: also that nothing was wrong or missed
counts() { check "$1" "$2 $3 0 0" "$(sum 3) $(sum 4) $(sum 5) $(missed)"; }

# probe RECIPES IS_RETURN...: of $T, client 0
probe() {
	tag=0
	while [ $# -gt 0 ]; do
		./ctl add 0 /t/$T $T.$1 $tag $2 || echo "not ok add $1"
		tag=$((tag + 100))
		shift 2
	done
	./ctl arm 0 || echo "not ok arm"
}
unprobe() { ./ctl disarm 0; }

# probed NAME SITES RUN CALLS HITS RETURNS: all of it exact
probed() {
	probe $2
	check $T.$1.output "calls $4 wrong 0" "$(./$T $3)"
	counts $T.$1 $5 $6
	unprobe
}

run_cases() {
	T=$1
	probed one "f4 0" "threads 1000" 40000 2000 0
	probed threads "all 0" "threads 1000" 40000 40000 0
	check $T.unprobed.output "calls 40000 wrong 0" "$(./$T threads 1000)"
	probed returns "all 1" "threads 1000" 40000 40000 40000
	probed exec "all 0" "exec 20" 400 400 0
	probed longjmp "rec 1" "longjmp 50" 250 450 250
	probed fault "reads 0" "fault 50" 50 50 0
	probed map "all 0" "map 10" 400 400 0
	probed remap "all 0" "remap 10" 20 20 0

	probe f0 0 forks 1
	check $T.fork.output "calls 50 wrong 0" "$(./$T fork 50)"
	check $T.fork.f0 50 "$(hits_of 0)"
	check $T.fork "100 100 0" "$(sum 3) $(awk '$1 == 0 && $2 == 100 { print $3 + $4 - 50 }' /proc/tapster_engine) $(sum 5)"
	unprobe

	probe all 1 rec 1
	check $T.signals.output "calls 7600 wrong 0" "$(./$T signals 400)"
	check $T.signals "0 0 0" "$(($(sum 3) - $(sum 4))) $(sum 5) $(missed)"
	check $T.signals.f1 400 "$(hits_of 1)"
	unprobe

	probe sys 1
	check $T.syscall.output "calls 20 wrong 0" "$(./$T syscall 20)"
	hits_are $T.syscall 0 80 80
	hits_are $T.pops 1 20 20
	check $T.syscall.missed 0 "$(missed)"
	unprobe
}

# what is decided of files and text that change (doc/RUNTIME.md)
run_changes() {
	T=$1
	cat $T > copy
	./ctl add 0 /t/copy $T.f4 0 0
	./ctl arm 0
	check $T.written.output "calls 10 wrong 0" "$(./$T written 5 /t/copy)"
	check $T.written "10 1" "$(sum 3) $(missed)"
	unprobe
	probe f9 0
	check $T.rewrites.output "calls 6 wrong 0" "$(./$T rewrites 5)"
	check $T.rewrites "6 1" "$(sum 3) $(missed)"
	unprobe
}

# hits_are NAME FIRST_TAG HITS RETURNS
hits_are() {
	check $1 "$3 $4 0" "$(awk -v t=$2 '$1 == 0 && $2 == t { h = $3; r = $4; w = $5 }
		END { print h + 0, r + 0, w + 0 }' /proc/tapster_engine)"
}

# frames that are left by exceptions, pthread_exit, or looked at
run_throw() {
	T=$1
	probe throws 1 returns 1 leaves 1
	check $T.output "calls 34 wrong 0" "$(./$T throw 10)"
	hits_are $T.throws 0 34 0
	hits_are $T.catches 100 10 10
	hits_are $T.cleans 101 44 44
	check $T.missed 0 "$(missed)"
	unprobe
	probe throws 1 returns 1
	check $T.forks "calls 0 wrong 0" "$(./$T forks 100)"
	unprobe
	probe throws 1 returns 1 leaves 1
	check $T.leave.output "calls 40 wrong 0" "$(./$T leave 10)"
	hits_are $T.leave.leaves 200 20 0
	hits_are $T.leave.throws 0 20 0
	hits_are $T.leave.catches 100 5 5
	hits_are $T.leave.cleans 101 45 45
	unprobe
	probe returns 1
	check $T.trace.output "calls 0 wrong 0" "$(./$T trace 10)"
	hits_are $T.trace 2 40 40
	unprobe
}

# spinning: threads of $T that run through all sites, as process $pid
spinning() {
	./$T spin 1 > spin.out &
	pid=$!
	usleep 200000
}

# spun NAME: they end, and nothing has gone wrong
spun() {
	kill -TERM $pid
	wait $pid
	check $1 "calls 0 wrong 0" "$(cat spin.out)"
}

# processes that ran before; arming and disarming under fire
run_fire() {
	T=$1
	spinning
	i=0
	while [ $i -lt 10 ]; do
		probe all 1 rec 1
		usleep 50000
		h=$(sum 3)
		[ "$h" -gt 0 ] || echo "not ok $T.fire.hits: none in round $i"
		unprobe
		i=$((i + 1))
	done
	check $T.fire.bytes 0 "$(./ctl bytes $pid /t/$T)"
	spun $T.fire.output
}

# killed at any moment, while they are armed, too: sites of those are not refused
run_kill() {
	T=$1
	i=0
	probe all 1 rec 1
	while [ $i -lt 30 ]; do
		./$T spin 1 > /dev/null &
		pid=$!
		usleep $((i % 10 * 500 + i / 10 * 10000))
		kill -KILL $pid
		wait $pid 2> /dev/null
		i=$((i + 1))
	done
	check $T.kill "0" "$(refused)"
	unprobe
}

run_kills() { run_kill target; }

# two clients at the same places, which come and go in all orders; 20 sites, and the
# unwinder that is linked in
run_two() {
	T=$1
	spinning
	for order in "0 1 0 1" "0 1 1 0" "1 0 0 1" "1 0 1 0"; do
		set -- $order
		./ctl add $1 /t/$T $T.all 0 1
		./ctl add $2 /t/$T $T.all 0 1
		./ctl arm $1
		./ctl arm $2
		usleep 50000
		./ctl disarm $3
		check $T.two.$1$3.bytes 21 "$(./ctl bytes $pid /t/$T)"
		h=$(hits_by $4)
		usleep 50000
		[ "$(hits_by $4)" -gt "$h" ] || echo "not ok $T.two.$1$3: no hits any more"
		./ctl disarm $4
		check $T.two.$1$3.restored 0 "$(./ctl bytes $pid /t/$T)"
	done
	spun $T.two.output
}

# Everything is unloaded while a function sleeps that shall return to a trampoline, a system call
# sleeps in its slot, and threads run through slots.
run_unload() {
	T=$1
	probe sleeps 1 sys 0
	./$T sleep 1 > sleep.out &
	sleeper=$!
	./$T pause 1 > pause.out &
	pauser=$!
	spinning
	i=0
	while [ "$(sum 3)" -lt 2 ] && [ $i -lt 100 ]; do
		usleep 50000
		i=$((i + 1))
	done
	counts $T.unload 2 0
	unprobe
	probe all 1 rec 1
	rmmod engine_test
	rmmod tapster_uprobes || echo "not ok rmmod"
	check $T.unload.modules "" "$(grep -E 'tapster|engine_test' /proc/modules)"
	for p in $sleeper $pauser $pid; do
		check $T.unload.bytes 0 "$(./ctl bytes $p /t/$T)"
	done
	kill -TERM $sleeper $pauser
	wait $sleeper $pauser
	check $T.unload.sleep "calls 1 wrong 0" "$(cat sleep.out)"
	check $T.unload.pause "calls 1 wrong 0" "$(cat pause.out)"
	spun $T.unload.spin
	insmod tapster_uprobes.ko
	insmod engine_test.ko
}

# The engine is unloaded while threads of $1 unwind frames whose returns are probed, ROUNDS times.
run_unwind() {
	T=$1
	./$T spin 8 > spin.out &
	pid=$!
	usleep 100000
	i=0
	while [ $i -lt $2 ]; do
		probe throws 1 returns 1
		usleep 50000
		[ "$(sum 4)" -gt 0 ] || echo "not ok $T.unwind.hits: none in round $i"
		start=$(now)
		unload $T.unwind
		echo "$T: unloaded in $(($(now) - start)) ms"
		kill -0 $pid || { echo "not ok $T.unwind: died in round $i"; break; }
		check $T.unwind.bytes.$i 0 "$(./ctl bytes $pid /t/$T)"
		load
		i=$((i + 1))
	done
	[ $i = $2 ] || load
	spun $T.unwind
}
run_unwinds() {
	run_unwind throw ${rounds:-5}
	run_unwind throw_static ${rounds:-5}
}

# A thousand sites (and the unwinder) at once, of a program that runs and of a new one.
run_many() {
	./many 0 > many.out &
	pid=$!
	usleep 100000
	T=many
	start=$(now)
	probe all 1
	echo "many: armed in $(($(now) - start)) ms"
	check many.bytes.armed 1001 "$(./ctl bytes $pid /t/many)"
	start=$(now)
	unprobe
	echo "many: disarmed in $(($(now) - start)) ms"
	check many.bytes 0 "$(./ctl bytes $pid /t/many)"
	kill -TERM $pid
	wait $pid
	check many.running.output "wrong 0" "$(cat many.out)"
	probe all 1
	check many.output "wrong 0" "$(./many 3)"
	counts many 6000 6000
	unprobe
}

now() { awk '{ printf "%d", $1 * 1000 }' /proc/uptime; }

# kB of the kernel's own memory that isn't given back
slab() { awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }

load() { insmod tapster_uprobes.ko && insmod engine_test.ko || echo "not ok load"; }
unload() {
	rmmod engine_test || echo "not ok $1.rmmod.client"
	n=0
	while ! rmmod tapster_uprobes 2> /dev/null; do
		n=$((n + 1))
		[ $n -lt 100 ] || { echo "not ok $1.rmmod"; break; }
		usleep 10000
	done
}

# Programs that come, go and are killed, and threads that spin through the sites and sit in
# return-probed functions.  They have what this shell, which loads, leaves of the processors.
storm() {
	T=target
	touch /t/storm
	while [ -f /t/storm ]; do
		./$T exec 4 > storm.1 || echo "not ok stress.exec: $(cat storm.1)"
	done &
	while [ -f /t/storm ]; do
		./$T fork 6 > storm.2 || echo "not ok stress.fork: $(cat storm.2)"
	done &
	while [ -f /t/storm ]; do
		./$T spin 1 > /dev/null &
		victim=$!
		usleep $((($(now) * 7919) % 40000))
		kill -KILL $victim
		wait $victim 2> /dev/null
	done &
	while [ -f /t/storm ]; do
		./throw throw 5 > storm.4 || echo "not ok stress.throw: $(cat storm.4)"
	done &
	./$T spin 1 > spin.out &
	spinner=$!
	./$T sleep 1 > sleep.out &
	sleeper=$!
	renice -n -10 -p $$ > /dev/null
}

end_storm() {
	rm /t/storm
	kill -TERM $spinner $sleeper
	wait
	renice -n 0 -p $$ > /dev/null
}

# Loads, arms, disarms and unloads; N: the round's number.
stress_round() {
	# sites of both clients, in and out in all orders
	./ctl add $(($1 % 2)) /t/target target.all 0 1
	./ctl add 0 /t/target target.rec 100 1
	./ctl add 1 /t/target target.forks 200 1
	./ctl add $(($1 % 2)) /t/target target.sleeps 300 1
	./ctl add $(($1 / 2 % 2)) /t/target target.all 400 $(($1 / 4 % 2))
	./ctl add 0 /t/throw throw.throws 500 1
	./ctl add 1 /t/throw throw.returns 501 1
	./ctl arm $(($1 % 2)) || echo "not ok stress.arm: round $1"
	./ctl arm $((($1 + 1) % 2)) || echo "not ok stress.arm: round $1"
	usleep $(($1 * 977 % 30000))
	[ $(($1 % 3)) = 0 ] || ./ctl disarm $(($1 / 2 % 2))
	[ $(($1 % 5)) = 0 ] || ./ctl disarm $((($1 / 2 + 1) % 2))
	unload stress
}

run_stress() {
	storm
	i=0
	while [ $i -lt $1 ]; do
		[ $i != 5 ] || before=$(slab)
		stress_round $i
		if [ $((i % 10)) = 0 ]; then
			check stress.bytes.$i "0 0" \
				"$(./ctl bytes $spinner /t/target) $(./ctl bytes $sleeper /t/target)"
			echo "stress: round $i, slab $(slab) kB, $(($(now) / 1000)) s"
		fi
		load
		i=$((i + 1))
	done
	end_storm
	check stress.spin "calls 0 wrong 0" "$(cat spin.out)"
	check stress.sleep "calls 1 wrong 0" "$(cat sleep.out)"
	usleep 500000
	after=$(slab)
	[ -z "$before" ] || [ $((after - before)) -lt 4000 ] || echo "not ok stress.slab: $before kB, then $after kB"
	echo "ok stress"
}

# The control experiment: the engine's kprobes come and go under the same fire, without it.
run_hooks() {
	unload hooks
	storm
	i=0
	while [ $i -lt ${rounds:-200} ]; do
		insmod hooks_test.ko && rmmod hooks_test || echo "not ok hooks: round $i"
		[ $((i % 50)) != 0 ] || echo "hooks: round $i, $(($(now) / 1000)) s"
		i=$((i + 1))
	done
	end_storm
	load
	echo "ok hooks"
}

# What "make check" has time for.
run_short() {
	run_cases target
	run_throw throw
	run_unwind throw 3
	run_many
	run_two target
	run_kill target
	run_unload target
	run_stress 1
}

# All that one program is good for.
run_target() {
	run_cases $1
	run_changes $1
	run_fire $1
	run_two $1
	run_kill $1
	run_unload $1
}

run_others() {
	run_throw throw
	run_throw throw_static
	run_unwinds
	run_many
	run_stress 3
}

run_32bit() { run_target target_32; }

# Under -icount shift=0,sleep=off -smp 1: instructions a hit.  The first sleep lets the
# kernel finish what it does after boot.
run_cost() {
	T=target
	sleep 30
	echo "unprobed: $(./$T cost 20000)"
	probe all 0 rec 1
	echo "probed: $(./$T cost 20000)"
	unprobe
	poweroff -f
}

echo "engine: begin"
load
grep -q engine_cost /proc/cmdline && run_cost
rounds=$(sed -n 's/.*engine_stress=\([0-9]*\).*/\1/p' /proc/cmdline)
only=$(sed -n 's/.*engine_only=\([a-z0-9]*\).*/\1/p' /proc/cmdline)
if [ -n "$only" ]; then
	run_$only
elif [ -n "$rounds" ]; then
	run_stress $rounds
else
	for T in target target_pie target_32; do
		[ ! -f $T ] || run_target $T
	done
	run_others
fi
unload end
if [ -f $leaks ]; then
	for i in 1 2; do
		sleep 6
		echo scan > $leaks
	done
	check kernel.leaks "" "$(cat $leaks)"
fi
check kernel.log "" "$(dmesg | grep -E 'WARNING|BUG|Oops|Call Trace|segfault|trap int3|tapster_uprobes:' | grep -v -E 'taint|loading out-of-tree|module verification')"
echo "engine: end"
poweroff -f
