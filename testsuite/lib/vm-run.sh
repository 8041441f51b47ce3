#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs cases in a virtual machine: vm-run.sh [OPTIONS] KERNEL_RELEASE DIR
#
#	DIR/cases/NAME     executables (shell scripts: "#!/bin/sh"), run as root in the order of
#	                   their names, in one boot if none hurts the kernel
#	DIR/limits/NAME    seconds that case may take, else those of -t
#	DIR/files          paths of the host, one a line, that the guest has under the same
#	                   path: files, with the shared libraries of programs; folders
#	DIR/root/          a tree that is laid over the guest's root
#	DIR/results/NAME/  what comes back: stdout, stderr, dmesg (the kernel's log meanwhile),
#	                   trouble (its lines that tell of a defect in the kernel; if any),
#	                   modules (that the case left loaded; if any) and status: the exit
#	                   status, 128 + a signal, 124 after the time limit, 'died' when the
#	                   machine crashed or hung, 'none' when time ran out before it
#	DIR/results/boot/  dmesg and trouble of the last start; console: all the machine said
#
# Options: -t SECONDS (limit of a case, 60), -T SECONDS (limit of all, 600), -f FACTOR (for all
# limits: a slow kernel), -n CPUS (2), -s (TCG on a single thread), -i (and the clock counts instructions), -m MEGABYTES (512), -a 'MORE KERNEL PARAMETERS'.
# The status is 0 when every case has run, whatever came of it, 1 when not, 2 when there is
# no such kernel or it doesn't start.
#
# KERNEL_RELEASE may be the folder in which a kernel was built, instead.
# The timer is not checked at boot (no_timer_check): on a busy host that check fails, and panics.
#
# The kernel is /boot/vmlinuz-RELEASE, without the modules of its package: what is used
# here is built into Debian's kernels.  Everything comes in by the initial file system and goes
# out by the second serial port (vm-init.sh); the first one is the console.
set -u

limit=60
total=600
cpus=2
thread=multi
memory=512
parameters=
icount=
factor=1
while getopts t:T:f:n:sim:a: option; do
	case $option in
	t) limit=$OPTARG ;;
	T) total=$OPTARG ;;
	f) factor=$OPTARG ;;
	n) cpus=$OPTARG ;;
	s) thread=single ;;
	i) thread=single icount="-icount shift=0,sleep=off" ;;
	m) memory=$OPTARG ;;
	a) parameters=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# = 2 ] || {
	echo "usage: vm-run.sh [-t SECONDS] [-T SECONDS] [-f FACTOR] [-n CPUS] [-s] [-i] [-m MEGABYTES] [-a PARAMETERS] KERNEL_RELEASE DIR" >&2
	exit 2
}
case $1 in
/*) kernel=$1/arch/x86/boot/bzImage ;;
*) kernel=/boot/vmlinuz-$1 ;;
esac
dir=$(realpath "$2") || exit 2
here=$(dirname "$(realpath "$0")")

fail() {
	echo "vm-run: $*" >&2
	exit 2
}

[ -r "$kernel" ] || fail "cannot read $kernel"
busybox=$(command -v busybox) || fail "needs busybox (busybox-static)"
command -v qemu-system-x86_64 >/dev/null || fail "needs qemu-system-x86_64 (qemu-system-x86)"
[ -d "$dir/cases" ] || fail "there is no $dir/cases"

work=$(mktemp -d) || exit 2
machine=
clean_up() {
	[ -z "$machine" ] || kill -KILL "$machine" 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 2' INT TERM HUP

# ---- the guest's files ----

root=$work/root

# copy PATH: a file, under its real name, and PATH as a link to that.
copy() {
	real=$(realpath -e "$1" 2>/dev/null) || fail "$1: no such file"
	[ -e "$root$real" ] || {
		mkdir -p "$root${real%/*}"
		cp -p "$real" "$root$real"
	}
	link=$(realpath "$(dirname "$1")")/${1##*/}
	[ "$link" = "$real" ] || [ -e "$root$link" ] || {
		mkdir -p "$root${link%/*}"
		ln -sf "$real" "$root$link"
	}
}

# Loader and shared libraries that FILE needs; nothing if it isn't a program.
needs_of() {
	[ "$(head -c 4 "$1" | tail -c 3)" = ELF ] || return 0
	loader=$(readelf -lW "$1" 2>/dev/null | sed -n 's/.*program interpreter: \(.*\)\]/\1/p')
	if [ -n "$loader" ]; then
		echo "$loader"
		"$loader" --list "$1"
	else
		ldd "$1"
	fi 2>/dev/null | sed -n 's,^\(.*=>\)\{0\,1\}[ \t]*\(/[^ ]*\) (0x.*,\2,p'
}

# add PATH: with all that it needs.
add() {
	if [ -d "$1" ]; then
		mkdir -p "$root$1"
		cp -a "$1/." "$root$1"
		return
	fi
	copy "$1"
	needs_of "$1" >"$work/needs"
	while read -r library; do
		copy "$library"
	done <"$work/needs"
}

# The layout of Debian's root, so that paths lead where they do on the host.
make_root() {
	for folder in bin sbin lib lib32 lib64 libx32; do
		mkdir -p "$root/usr/$folder"
		ln -s usr/$folder "$root/$folder"
	done
	mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/etc" "$root/root" "$root/run" "$root/var" \
		"$root/tmp" "$root/vm"
	chmod 1777 "$root/tmp"
	echo 'root:x:0:0:root:/root:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false' >"$root/etc/passwd"
	echo 'root:x:0:
nogroup:x:65534:' >"$root/etc/group"
	cp "$busybox" "$root/vm/busybox"
	cp "$here/vm-init.sh" "$root/init"
	chmod 755 "$root/init"
	cp -a "$dir/cases" "$root/vm/cases"
	[ ! -f "$dir/files" ] || while read -r path; do
		[ -z "$path" ] || add "$path"
	done <"$dir/files"
	[ ! -d "$dir/root" ] || cp -a "$dir/root/." "$root"
}

# archive FOLDER >FILE
archive() {
	(cd "$1" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null)
}

# ---- a boot ----

# The kernel reads archives one after the other: the files, then the list of this boot.
boot() {
	mkdir -p "$work/more/vm"
	cp "$work/left" "$work/more/vm/list"
	archive "$work/more" >"$work/list.cpio"
	cat "$work/root.cpio" "$work/list.cpio" >"$work/initrd"
	: >"$work/console"
	: >"$work/out"
	rm -f "$results/boot/status"
	qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-accel tcg,thread=$thread $icount -cpu max,la57=off -smp "$cpus" -m "$memory" \
		-kernel "$kernel" -initrd "$work/initrd" \
		-append "console=ttyS0 loglevel=5 panic=-1 no_timer_check watchdog_thresh=60 \
rcupdate.rcu_cpu_stall_timeout=100 $parameters" \
		-serial "file:$work/console" -serial "file:$work/out" </dev/null >"$work/qemu" 2>&1 &
	machine=$!
	watch
	wait $machine 2>/dev/null
	machine=
	cat "$work/qemu" "$work/console" >>"$results/boot/console"
	grep . "$work/qemu" >&2
	# The last archive may be cut off.
	gzip -dcq <"$work/out" 2>/dev/null | tar -C "$results" -x -i -f - 2>/dev/null
}

now() {
	date +%s
}

# Waits for the machine's end; kills it when nothing comes for longer than a case may take,
# or when all time is used up.
watch() {
	longest=$(sort -n "$work/left" | tail -n 1 | cut -d ' ' -f 1)
	seen=
	since=$(now)
	while kill -0 $machine 2>/dev/null; do
		sleep 0.2
		size=$(wc -c "$work/console" "$work/out" | tail -n 1)
		[ "$size" = "$seen" ] || {
			seen=$size
			since=$(now)
		}
		if [ $(($(now) - since)) -gt $((longest + 30)) ] || [ "$(now)" -ge $end ]; then
			kill -KILL $machine 2>/dev/null
			break
		fi
	done
}

# log_of NAME: what the console has of it.
log_of() {
	sed -n "/vm-run: case $1\$/,\$p" "$work/console" | tr -d '\r' | grep . || tr -d '\r' <"$work/console"
}

trouble='BUG|Oops|RIP: 0010|Kernel panic|WARNING|detected stall|lockup'

# may_be_qemu NAME: on several threads QEMU now and then executes a breakpoint in the kernel's text
# that is gone already (doc/RUNTIME.md, "Kernel text in QEMU"): the machine hangs, or the
# kernel does not know that int3.  Then the case is not to blame before it has died on a single thread, too.
may_be_qemu() {
	[ $thread = multi ] || return 1
	log_of "$1" | grep -q 'int3: 0000' || ! log_of "$1" | grep -qE "$trouble"
}

died() {
	echo died >"$results/$1/status"
	log_of "$1" >"$results/$1/dmesg"
	grep -E "$trouble" "$results/$1/dmesg" >"$results/$1/trouble" ||
		echo "the machine hung or stopped" >"$results/$1/trouble"
	for stream in stdout stderr; do
		[ -e "$results/$1/$stream" ] || : >"$results/$1/$stream"
	done
}

# Cases that have a status leave the list; false if this boot got nowhere.
settle() {
	moved=false
	next_thread=$thread
	: >"$work/still"
	while read -r seconds name; do
		if [ -s "$results/$name/status" ]; then
			moved=true
		elif [ -e "$results/$name/started" ] && may_be_qemu "$name"; then
			echo "vm-run: $name hung; from here on a single thread" | tee -a "$results/boot/console" >&2
			rm -rf "${results:?}/$name"
			next_thread=single
			echo "$seconds $name" >>"$work/still"
			moved=true
		elif [ -e "$results/$name/started" ]; then
			died "$name"
			moved=true
		else
			echo "$seconds $name" >>"$work/still"
		fi
	done <"$work/left"
	mv "$work/still" "$work/left"
	thread=$next_thread
	$moved
}

results=$dir/results
rm -rf "$results"
mkdir -p "$results/boot"
make_root
archive "$root" >"$work/root.cpio" || fail "cannot make the initial file system"
rm -rf "$root"
for path in "$dir"/cases/*; do
	[ -x "$path" ] || continue
	name=${path##*/}
	seconds=$limit
	[ ! -f "$dir/limits/$name" ] || read -r seconds <"$dir/limits/$name"
	echo "$((seconds * factor)) $name"
done >"$work/left"
[ -s "$work/left" ] || fail "no case in $dir/cases can be executed"

end=$(($(now) + total * factor))
while [ -s "$work/left" ] && [ "$(now)" -lt $end ]; do
	boot
	settle || [ -e "$results/boot/status" ] || {
		[ $thread = multi ] || fail "$kernel does not start; see $results/boot/console"
		echo "vm-run: $kernel did not start; from here on a single thread" |
			tee -a "$results/boot/console" >&2
		thread=single
		continue
	}
	$moved || break
done
find "$results" -name started -delete
while read -r seconds name; do
	mkdir -p "$results/$name"
	echo none >"$results/$name/status"
done <"$work/left"
[ ! -s "$work/left" ]
