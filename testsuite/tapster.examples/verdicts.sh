#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# verdicts.sh RELEASE: what SystemTap says of its examples, as the table that examples.exp
# compares with (make refresh-verdicts).  About a minute for each 40 of them.
#
# A line is the script, stap's options and the script's arguments, as its .meta file has them, and
# the verdict of passes 1 to 3, with tabs between:
#
#	ok		accepted
#	refused		the language refuses it
#	elsewhere	refused for want of debug information, of a program, of a function in this kernel:
#			it says nothing about the language
examples=/usr/share/systemtap/examples
release=$1

# How the script is run: "OPTIONS<tab>ARGUMENTS", from a line like
# test_check: stap -gp4 plimit.stp $$
command_of() {
	sed -n "s/^test_check: *stap \(.*\)/\1/p" "$(dirname "$1")"/*.meta 2>/dev/null | tr -d '\r' | sed -n \
		"s|^\(.*\) \(\./\)*$(basename "$1")\( .*\)*\$|\1	\3|p" | head -n 1 |
		sed 's/^-\([a-z]*\)p[1-5]/-\1/; s/ -\([a-z]*\)p[1-5]/ -\1/; s/\$\$\( \|$\)/1\1/g; s/^-\( \|	\)/\1/; s/ -\( \|	\)/\1/
		     s/`which stap`/\/usr\/bin\/stap/; s/ *	 */	/; s/^ *//; s/[ &>]*$//'
}

verdict_of() {
	if [ "$1" = 0 ]; then
		echo ok
	elif grep -qE "no match|while resolving probe point|debuginfo|in .kernel|tracepoint variable|cannot find executable|\
glob .* error|No such file|systemtap_session|not available" "$2"; then
		echo elsewhere
	elif [ "$1" = 1 ]; then
		echo refused
	else
		echo elsewhere
	fi
}

err=$(mktemp)
trap 'rm -f "$err"' EXIT
cd "$examples" || exit 1
find . -name '*.stp' | sed 's|^\./||' | LC_ALL=C sort | while read -r script; do
	line=$(command_of "$script")
	options=${line%%	*}
	arguments=${line#*	}
	[ -n "$line" ] || arguments=
	(
		ulimit -v 8000000
		cd "$(dirname "$script")" || exit 3
		eval "LC_ALL=C timeout 120 stap -r '$release' -p3 $options '$(basename "$script")' $arguments" \
			</dev/null >/dev/null 2>"$err"
	)
	printf '%s\t%s\t%s\t%s\n' "$script" "$options" "$arguments" "$(verdict_of $? "$err")"
done
