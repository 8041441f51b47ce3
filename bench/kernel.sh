#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kernel.sh [RELEASE]: what a hit costs on the kernel runtime, beside SystemTap's, in guest
# instructions: both in one virtual machine whose clock counts those (-icount), one
# script after the other, the cost of the unprobed call subtracted.  What a line of output
# costs, the reader's part included: all that the machine did meanwhile but idle, in
# hundredths of a second; SystemTap's reader stalls when a record doesn't fit well into its
# buffers: target_kernel.c makes those that do, and the lines that arrive are counted.  And what a loaded script costs processes
# that it doesn't probe: in turn with and without it, medians of ROUNDS, since the kernel's own
# work in the background falls on one of the measurements now and then.
#
# SystemTap 4.8 doesn't build against Debian's present 6.1 kernel, since task_work_cancel has
# another type there: a shim, given to its compiler, has the old one.  Its return
# probes want a System.map, which Debian's kernels don't come with: it is made from the
# guest's /proc/kallsyms, in a copy of the headers.
. "$(dirname "$0")/lib.sh"

release=${1:-$(ls /lib/modules | grep '^6\.1\.' | sort -V | tail -n 1)}
hits=${HITS:-20000}
lines=${PRINTED:-200000}
turns=${ROUNDS:-9}
vm=$here/../testsuite/lib/vm-run.sh
functions="push lea"
scripts="empty hits hist return printf"
stapuser="/usr/bin/staprun /usr/lib/systemtap/stapio"

body() {
	case $1 in
	empty) echo "probe process(\"$work/target\").function(\"hit_*\") { }" ;;
	hits) echo "global hits probe process(\"$work/target\").function(\"hit_*\") { hits++ }" ;;
	hist) echo "global hist probe process(\"$work/target\").function(\"hit_*\") { hist[\$a & 15] <<< \$b }" ;;
	return) echo "global hits, s probe process(\"$work/target\").function(\"hit_*\").return { hits++; s += \$return }" ;;
	printf) printf '%s\n' "probe process(\"$work/target\").function(\"hit_*\") { printf(\"%d %d\\n\", \$a, \$b) }" ;;
	esac
}

gcc -g -O1 -static -o "$work/target" "$here/target_kernel.c" || exit 1
cp "$work/target" "$work/other" # which isn't probed

# ---- modules ----

for s in $scripts; do
	(cd "$work" && "$tapster" --runtime=kernel -r "$release" -u -p4 -m "t_$s" -e "$(body $s)" >/dev/null) || exit 1
done

# A tree of headers with the System.map of the running guest.
stap_tree() {
	mkdir -p "$work/map/cases"
	printf '#!/bin/sh\ncat /proc/kallsyms\n' >"$work/map/cases/map"
	chmod +x "$work/map/cases/map"
	sh "$vm" -n 1 -a nokaslr "$release" "$work/map" || return 1
	headers=$(realpath "/lib/modules/$release/build")
	cp -a "$headers/" "$work/tree"
	for link in scripts tools; do
		[ ! -h "$work/tree/$link" ] || ln -sfn "$(realpath "$headers/$link")" "$work/tree/$link"
	done
	grep -v '\[' "$work/map/results/map/stdout" >"$work/tree/System.map"
	cat >"$work/shim.h" <<'EOS'
#if !defined(__ASSEMBLY__) && defined(MODULE)
#define task_work_cancel task_work_cancel_of_6_1
#include <linux/task_work.h>
#undef task_work_cancel
struct callback_head *task_work_cancel(struct task_struct *, task_work_func_t);
#endif
EOS
}

peer=
if have stap && [ -x /usr/lib/systemtap/stapio ] && stap_tree; then
	peer=stap
	for s in $scripts; do
		(cd "$work" && stap -r "$work/tree" -u -p4 -m "s_$s" -B KCFLAGS="-include $work/shim.h" \
			-e "$(body $s)" >/dev/null 2>"$work/stap.err") || {
			echo "stap: $(grep -m 1 -i error "$work/stap.err")"
			peer=
			break
		}
	done
fi

# ---- in the virtual machine ----

mkdir -p "$work/vm/cases"
{
	printf '%s\n' "$work/target" "$work/other" "$top/taprun" "$work/tapster_uprobes.ko"
	for s in $scripts; do
		echo "$work/t_$s.ko"
		[ -z "$peer" ] || echo "$work/s_$s.ko"
	done
	[ -z "$peer" ] || printf '%s\n' $stapuser
} >"$work/vm/files"
cat >"$work/vm/cases/measure" <<EOS
#!/bin/sh
mount -t debugfs none /sys/kernel/debug
cd $work
sleep 30
cost() { for f in $functions; do echo "\$1 \$(./target \$f $hits)"; done; }
others() { echo "\$1 \$(./other getppid 50000)"; echo "\$1 \$(./other spawn 100)"; }
# Hundredths of a second in which the machine was not idle.
busy() { read -r up idle </proc/uptime; echo \$((\${up%.*}\${up#*.} - \${idle%.*}\${idle#*.})); }
output() {
	for f in $functions; do
		before=\$(busy)
		./target \$f $lines >/dev/null
		sleep 5 # the reader gets the rest; that is idle time
		echo "\$1.lines \$f \$(((\$(busy) - before) * 10000 / ($lines / 1000) * 10 / 11))"
	done
	# each after a tenth more calls, as cost() before
	[ ! -s printed ] || echo "\$1.arrived all \$((\$(wc -l <printed) * 100 / (22 * ($lines + $hits) / 10)))"
}
tapster() { $top/taprun $work/t_\$1.ko >printed 2>/dev/null & sleep 3; }
peer() { staprun -R $work/s_\$1.ko >printed 2>/dev/null & sleep 3; }
stop() { kill -TERM \$!; wait; sleep 1; }
cost none
output none
for s in $scripts; do
	tapster \$s
	cost t_\$s
	[ \$s != printf ] || output t
	stop
	[ -f s_\$s.ko ] || continue
	peer \$s
	cost s_\$s
	[ \$s != printf ] || output s
	stop
done
i=0
while [ \$((i += 1)) -le $turns ]; do
	others none
	tapster return
	others t
	stop
	[ -f s_return.ko ] || continue
	others none
	peer return
	others s
	stop
done
EOS
chmod +x "$work/vm/cases/measure"
sh "$vm" -i -n 1 -t 3000 -T 3000 "$release" "$work/vm" || exit 1
out=$work/vm/results/measure/stdout
[ ! -s "$work/vm/results/measure/trouble" ] || cat "$work/vm/results/measure/trouble"

# ---- the result ----

of() { awk -v n="$1" -v w="$2" '$1 == n && $2 == w { print $3 }' "$out" | median; }

# compare NAME BASE TAPSTER PEER
compare() {
	for f in $functions; do
		awk -v s="$1" -v f=$f -v b="$(of $2 $f)" -v t="$(of $3 $f)" -v p="$(of $4 $f)" 'BEGIN {
			printf "  %-12s hit_%-6s tapster %6d   ", s, f, t - b
			if (p != "-") printf "stap %6d   %.2f", p - b, (t - b) / (p - b)
			print "" }'
	done
}
echo "guest instructions a hit, Linux $release (ratio: to SystemTap's)"
for s in $scripts; do
	compare $s none t_$s s_$s
done
if [ "$(of s.arrived all)" = 100 ]; then
	compare "with reader" none.lines t.lines s.lines
else
	compare "with reader" none.lines t.lines -
fi
echo "  lines that arrived: tapster $(of t.arrived all) %, stap $(of s.arrived all) %"
echo "what others pay while a script is loaded (ratio: to a machine without)"
for f in getppid spawn; do
	base=$(of none $f)
	for n in none t s; do
		row "$f: $n" "$(of $n $f)" "" "$base"
	done
done
