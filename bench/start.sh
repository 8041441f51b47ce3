#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How long a one-probe script takes from the command line to the end of a
# command that does nothing: cold (empty cache), warm (the object is in the
# cache), beside bpftrace and gdb where they are installed.
. "$(dirname "$0")/lib.sh"

script='probe process("/bin/ls").function("main") { printf("%s(%d) main argc=%d\n", execname(), pid(), $argc) }'

cold() { rm -rf "$work/cache"; TAPSTER_DIR=$work/cache wall_ms "$tapster" -e "$script" -c "/bin/ls /"; }
warm() { TAPSTER_DIR=$work/cache wall_ms "$tapster" -e "$script" -c "/bin/ls /"; }
peer_bpftrace() { wall_ms bpftrace -e 'uprobe:/bin/bash:main { printf("%s(%d)\n", comm, pid); }' -c "/bin/bash -c :"; }
peer_gdb() { wall_ms gdb -batch -nx -ex "break write" -ex run -ex "info registers rip" -ex continue --args /bin/ls /; }

i=0
while [ $i -lt "$rounds" ]; do
	note cold "$(cold)"
	note warm "$(warm)"
	have bpftrace && [ "$(id -u)" = 0 ] && note bpftrace "$(peer_bpftrace)"
	have gdb && note gdb "$(peer_gdb)"
	i=$((i + 1))
done
base=$(result cold)
echo "start and end of a one-probe script on /bin/ls, wall time (ratio: to tapster's cold start)"
row "tapster, empty cache" "$base" ms "$base"
row "tapster, object in the cache" "$(result warm)" ms "$base"
row "bpftrace, uprobe on bash" "$(result bpftrace)" ms "$base"
row "gdb, one breakpoint" "$(result gdb)" ms "$base"
