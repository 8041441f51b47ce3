#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# How long passes 1 to 3 take: of SystemTap's example scripts the largest, the slowest and all, of
# those that tapster accepts.  Processor time, the least of the runs.
. "$(dirname "$0")/lib.sh"

examples=/usr/share/systemtap/examples
table=$(dirname "$0")/../testsuite/tapster.examples/verdicts
[ -d $examples ] || { echo "no $examples"; exit 0; }

# in_folder FILE COMMAND: runs it there, in silence
in_folder() { (cd "$(dirname "$1")" && eval "$2" >/dev/null 2>&1 </dev/null); }

# Processor time of the same in ms.
cpu_ms() {
	bash -c 'cd "$1"; TIMEFORMAT="%U %S"; time eval "$2" >/dev/null 2>&1 </dev/null' - "$(dirname "$1")" "$2" 2>&1 |
		awk '{ printf "%d\n", ($1 + $2) * 1000 }'
}

while IFS= read -r line; do
	script=$examples/$(echo "$line" | cut -f 1)
	command="'$tapster' -p3 -r ${KERNEL:-6.1.0-56-amd64} $(echo "$line" | cut -f 2) '$script' $(echo "$line" | cut -f 3)"
	in_folder "$script" "$command" || continue
	least=
	i=0
	while [ $i -lt "$rounds" ]; do
		ms=$(cpu_ms "$script" "$command")
		if [ -z "$least" ] || [ "$ms" -lt "$least" ]; then least=$ms; fi
		i=$((i + 1))
	done
	echo "$least $(wc -c <"$script") ${script#"$examples"/}"
done <"$table" >"$work/times"
echo "passes 1 to 3 of $(wc -l <"$work/times") examples, ms of processor time, bytes, script"
sort -k 2 -n -r "$work/times" | head -n 1 | sed 's/^/largest: /'
sort -n -r "$work/times" | head -n 3 | sed 's/^/slowest: /'
awk '{ n += $1 } END { printf "all: %d ms\n", n }' "$work/times"
