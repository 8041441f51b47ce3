#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# stress.sh [RELEASE]...: ROUNDS (200) rounds of loading, arming, disarming and unloading the kernel
# engine under fire (run_stress of testsuite/tapster.engine/guest.sh), in a virtual machine for
# each kernel.  THREAD=multi: with QEMU's multi-threaded TCG, which doesn't survive it (doc/RUNTIME.md).
here=$(cd "$(dirname "$0")" && pwd)
top=${TOP_BUILDDIR:-$(cd "$here/.." && pwd)}
work=$(mktemp -d "${TMPDIR:-/tmp}/tapster-stress-XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

[ $# -gt 0 ] || set -- $(ls /lib/modules)
for release; do
	[ -e "/boot/vmlinuz-$release" ] && [ -e "/lib/modules/$release/build" ] || continue
	echo "Linux $release"
	APPEND="engine_stress=${ROUNDS:-200}" LIMIT=${LIMIT:-3600} \
		sh "$here/../testsuite/tapster.engine/vm.sh" "$release" "$(cd "$here/.." && pwd)" \
		"$top" "$work/$release" -accel tcg,thread="${THREAD:-single}" | tee "$work/result"
	grep -q '^not ok' "$work/result" && failed=1
	grep -q '^engine: end' "$work/result" || failed=1
done
exit $failed
