#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The kernel runtime: from the command line to the module, beside stap -p4, and
# what modules take of a guest's memory.  RELEASE: the kernel to build for.
. "$(dirname "$0")/lib.sh"

release=${RELEASE:-$(ls /boot/vmlinuz-6.1.* 2>/dev/null | sed 's,.*/vmlinuz-,,' | tail -n 1)}
[ -n "$release" ] && [ -e "/lib/modules/$release/build/Makefile" ] || { echo "needs linux-image and linux-headers"; exit 0; }
export TAPSTER_DIR=$work/home

# ---- from command to module ----

echo 'int main(int argc, char **argv) { (void)argv; return argc - 1; }' >"$work/one.c"
cc -g -O1 -o "$work/one" "$work/one.c" || exit 1
script="probe process(\"$work/one\").function(\"main\") { printf(\"%s(%d) main argc=%d\\n\", execname(), pid(), \$argc) }"
# The runtime of Debian's stap, changed so that it compiles with Debian's kernel (a function of
# its name came to the stable series).
stap_runtime() {
	[ -d "$work/stap" ] || {
		cp -r /usr/share/systemtap/runtime "$work/stap"
		sed -i 's/\<task_work_cancel\>/task_work_cancel_func/' "$work/stap/stp_task_work.c"
	}
	echo "$work/stap"
}
# NAME COMMAND...: notes its wall time as NAME.wall and its CPU time as NAME.cpu, in ms
TIMEFORMAT='%R %U %S'
timed() {
	local name=$1 real user sys
	shift
	read -r real user sys < <({ time "$@" >"$work/out" 2>"$work/err" </dev/null; } 2>&1)
	[ -s "$work/out" ] || return 1
	note "$name.wall" "$(awk -v r="$real" 'BEGIN { print r * 1000 }')"
	note "$name.cpu" "$(awk -v u="$user" -v s="$sys" 'BEGIN { print (u + s) * 1000 }')"
}
build_tapster() {
	timed "$1" "$tapster" --runtime=kernel -r "$release" -p4 -e "$script probe never { println($2) }" || {
		cat "$work/err" >&2
		exit 1
	}
}
build_stap() { timed "$1" stap -R "$(stap_runtime)" -r "$release" -p4 -e "$script probe begin { println($2) }"; }

build_tapster first 0 # makes engine and runtime
stap_builds=
if have stap; then
	# fills its caches
	build_stap unused 0 && stap_builds=yes || echo "stap -p4 fails for $release: $(grep -m 1 error: "$work/err")"
fi
i=0
while [ $i -lt "$rounds" ]; do
	i=$((i + 1))
	build_tapster build $i
	build_tapster cached $i
	[ -z "$stap_builds" ] || build_stap stap $i
done
for time in wall cpu; do
	base=$(result build.$time)
	echo "a module of one probe for $release, $time time (ratio: to tapster's; goals: 1500 ms, 60 ms cached,"
	echo "at most 0.3 of stap's)"
	row "tapster -p4" "$base" ms "$base"
	row "tapster -p4, the module in the cache" "$(result cached.$time)" ms "$base"
	row "tapster -p4, engine and runtime compiled too" "$(result first.$time)" ms "$base"
	[ -n "$stap_builds" ] || continue
	row "stap -p4, its caches filled" "$(result stap.$time)" ms "$base"
	awk -v a="$base" -v b="$(result stap.$time)" 'BEGIN { if (b + 0) printf "  tapster / stap: %.2f\n", a / b }'
done

# ---- memory ----

have qemu-system-x86_64 || exit 0
vm=$work/vm
mkdir -p "$vm/cases"
awk 'BEGIN { for (i = 0; i < 1001; i++) printf "__attribute__((noinline)) void %s%d(void) { __asm__ volatile(\"nop; nop; nop\"); }\n", i ? "f" : "g", i
	print "int main(void) { return 0; }" }' >"$work/many.c"
cc -g -O1 -o "$work/many" "$work/many.c"
module() { (cd "$vm" && "$tapster" --runtime=kernel -r "$release" -p4 -m "$1" -e "$2" >/dev/null) || exit 1; }
module m_none 'global n probe begin { n++ } probe end { println(n) }'
module m_one "probe process(\"$work/many\").function(\"g0\") { println(1) }"
module m_many "probe process(\"$work/many\").function(\"f*\") { println(1) }"
printf '%s\n' "$top/taprun" "$work/many" "$vm"/*.ko >"$vm/files"
cat >"$vm/cases/memory" <<EOF
#!/bin/sh
# KB of slab and vmalloc in use
used() { awk '/^(Slab|VmallocUsed|Percpu):/ { n += \$2 } END { print n }' /proc/meminfo; }
for m in m_none m_one m_many; do
	before=\$(used)
	$top/taprun -L $vm/\$m.ko 2>/dev/null
	after=\$(used)
	while read -r name size rest; do echo "\$m size \$name \$size"; done </proc/modules
	echo "\$m used \$((after - before))"
	$top/taprun -d \$m
done
EOF
chmod +x "$vm/cases/memory"
sh "$here/../testsuite/lib/vm-run.sh" "$release" "$vm" || exit 1
out=$vm/results/memory/stdout
value() { awk -v a="$1" -v b="$2" -v c="$3" '$1 == a && $2 == b && (c == "" || $3 == c) { print $NF }' "$out"; }
kb() { awk -v n="$1" 'BEGIN { printf "%.0f", n / 1024 }'; }
echo "memory of modules in a guest with 2 CPUs (goals: a script 100 KB, the engine 100 KB + 200 bytes a site)"
row "script without probes of programs" "$(kb "$(value m_none size m_none)")" KB 0
row "script with one" "$(kb "$(value m_one size m_one)")" KB 0
row "script with 1000" "$(kb "$(value m_many size m_many)")" KB 0
row "engine" "$(kb "$(value m_one size tapster_uprobes)")" KB 0
row "all that begin takes, 2 MB of output buffers too" "$(value m_none used)" KB 0
row "a site more, in all" "$(awk -v a="$(value m_one used)" -v b="$(value m_many used)" 'BEGIN { printf "%.0f", (b - a) * 1024 / 999 }')" B 0
