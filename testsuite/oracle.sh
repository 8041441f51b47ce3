#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# oracle.sh TAPSTER RELEASE CASE...: is each case accepted, or refused, by SystemTap as by tapster?
#
# Passes 1 and 2 of both, with the case's own options and arguments.  Left out are cases that need a
# program, read standard input, are known to fail, or of which SystemTap says that something is missing
# here - debug information, a program, a function of the kernel.  Prints a line for each other
# difference; the status is 1 if there is one that oracle.known, beside this, gives no reason for.
tapster=$1
release=$2
shift 2
if ! command -v stap >/dev/null || [ ! -d "/lib/modules/$release/build" ]; then
	echo "unsupported: needs stap and the headers of $release"
	exit 0
fi
elsewhere="no match|while resolving probe point|debuginfo|in .kernel|tracepoint variable|cannot find executable|\
glob .* error|No such file|systemtap_session|not available|was this script written for"

head_of() { # the values of a comment
	sed -n "/^[^#]/q; s/^# $1: //p" "$2"
}

# accepted, refused, or "" where it can't be said
verdict_of() {
	case $1 in
	0) echo accepted ;;
	1) grep -qE "$elsewhere" "$2" || echo refused ;;
	esac
}

err=$(mktemp -d)
trap 'rm -rf "$err"' EXIT
compared=0
differ=0
for case; do
	options=$(head_of options "$case")
	arguments=$(head_of args "$case")
	case "$options $arguments" in *%*|*--runtime*|*-p[1-5]*|*--dump*) continue ;; esac
	if grep -qE '^# (target|stdin|script|command|xfail|needs):' "$case"; then continue; fi
	case $case in *tapster.parse/*) last=-p1 ;; *) last=-p2 ;; esac
	( ulimit -v 8000000
	  eval "LC_ALL=C timeout 120 stap -r '$release' $last $options '$case' $arguments" ) \
		</dev/null >/dev/null 2>"$err/theirs"
	theirs=$(verdict_of $? "$err/theirs")
	eval "LC_ALL=C timeout 60 '$tapster' $last $options '$case' $arguments" </dev/null >/dev/null 2>"$err/ours"
	ours=$(verdict_of $? "$err/ours")
	[ -n "$theirs" ] && [ -n "$ours" ] || continue
	compared=$((compared + 1))
	[ "$theirs" != "$ours" ] || continue
	name=${case##*/testsuite/}
	why=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' "${0%.sh}.known")
	if [ -n "$why" ]; then
		echo "known: $name is $ours, by SystemTap $theirs ($why)"
		continue
	fi
	differ=$((differ + 1))
	echo "differs: $name is $ours, by SystemTap $theirs"
	grep -hm 1 'error:' "$err/ours" "$err/theirs" | sed 's/^/	/'
done
echo "$compared cases compared, $differ differ"
[ "$differ" = 0 ]
