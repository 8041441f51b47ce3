#!/vm/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The init of vm-run.sh's guest: runs the cases that /vm/list names, one after
# the other, and sends what came of each through the second serial port.
#
# A line of /vm/list is "SECONDS NAME".  What is sent is a row of gzipped tar
# archives: NAME/started before a case, NAME/{stdout,stderr,dmesg,...,status}
# after it, status last: a case whose status has arrived has arrived whole.  A case
# that leaves trouble in the kernel's log, or a module that cannot be removed,
# ends the run; vm-run.sh boots again for the others.

PATH=/usr/bin:/usr/sbin
HOME=/root
export PATH HOME
TROUBLE='BUG:|BUG at |Oops|WARNING:|Call Trace:|general protection|stack segment|trap invalid opcode in
|double fault|divide error:.*\[#|unable to handle|Bad page|Bad rss|scheduling while atomic|bad: scheduling
|sleeping function|refcount_t:|soft lockup|hard LOCKUP|detected stall|blocked for more than|NULL pointer dereference
|list_(add|del) corruption|use-after-free|KASAN|possible .*deadlock|inconsistent lock|suspicious RCU|Objects remaining'
TROUBLE=$(echo "$TROUBLE" | /vm/busybox tr -d '\n')

# The applets by path, as cases and the programs that they start want them.  /vm/busybox
# is what this script itself uses: a file of the host's may have an applet's name.
b=/vm/busybox
$b --install -s /usr/bin 2>/dev/null
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev 2>/dev/null
$b mkdir -p /dev/pts /dev/shm
$b mount -t devpts devpts /dev/pts
$b mount -t tmpfs tmpfs /dev/shm
$b mount -t debugfs debugfs /sys/kernel/debug
$b mount -t tracefs tracefs /sys/kernel/tracing
$b ln -s /proc/self/fd /dev/fd
$b ip link set lo up
$b hostname guest

# send PATH...: what is there of them below the results.
send() {
	present=
	for path; do
		[ -e "$path" ] && present="$present $path"
	done
	{
		$b stty raw -echo 115200
		$b tar -c -f - $present | $b gzip -1
		$b stty raw # waits until all is out
	} </dev/ttyS1 >/dev/ttyS1
}

seconds() {
	read -r up idle </proc/uptime
	echo "${up%.*}"
}

# The case's own log; 0: there is nothing in it that ends the run.
judge_log() {
	$b dmesg -c >"$1/dmesg"
	$b grep -E "$TROUBLE" "$1/dmesg" >"$1/trouble" || {
		$b rm "$1/trouble"
		return 0
	}
	return 1
}

# Modules that the case has left are a finding; the next case starts without.
remove_modules() {
	[ -s /proc/modules ] || return 0
	$b cp /proc/modules "$1/modules"
	while read -r module rest; do # users come before what they use
		$b rmmod "$module"
	done <"$1/modules"
	! [ -s /proc/modules ]
}

# run_case SECONDS NAME: 0 if the machine is fit for another one.
run_case() {
	limit=$1
	name=$2
	$b mkdir -p "$name"
	: >"$name/started"
	send "$name/started"
	echo "vm-run: case $name" >/dev/kmsg
	begun=$(seconds)
	(cd / && exec $b setsid $b timeout -s KILL "$limit" "/vm/cases/$name") \
		</dev/null >"$name/stdout" 2>"$name/stderr" &
	group=$!
	wait $group
	status=$?
	[ $status = 137 ] && [ $(($(seconds) - begun)) -ge "$limit" ] && status=124
	$b kill -KILL -$group 2>/dev/null

	fit=true
	remove_modules "$name" || fit=false
	judge_log "$name" || fit=false
	echo $status >"$name/status"
	send "$name/stdout" "$name/stderr" "$name/dmesg" "$name/trouble" "$name/modules" "$name/status"
	$b rm -r "$name"
	$fit
}

$b mkdir -p /vm/results/boot
cd /vm/results || exit
judge_log boot
echo 0 >boot/status
send boot/dmesg boot/trouble boot/status
while read -r limit name; do
	run_case "$limit" "$name" || break
done </vm/list
$b reboot -f
