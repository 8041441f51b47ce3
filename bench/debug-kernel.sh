#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# debug-kernel.sh [FOLDER]: builds Linux 6.1 from Debian's linux-source-6.1 with lockdep, KASAN,
# DEBUG_ATOMIC_SLEEP and kmemleak (debug-kernel.config), and runs all cases of the kernel engine
# (testsuite/tapster.engine) there.  The kernel stays in FOLDER, and is built once: that
# takes 15 minutes and 2 GB; the cases take half an hour.  STRESS=ROUNDS: that instead.
set -e
here=$(cd "$(dirname "$0")" && pwd)
top=${TOP_BUILDDIR:-$(cd "$here/.." && pwd)}
folder=$(realpath -m "${1:-debug-kernel}")
archive=/usr/src/linux-source-6.1.tar.xz
tree=$folder/linux-source-6.1

mkdir -p "$folder"
[ -d "$tree" ] || {
	[ -f "$archive" ] || {
		echo "needs $archive: apt-get install linux-source-6.1" >&2
		exit 1
	}
	tar -C "$folder" -xf "$archive"
}
[ -f "$tree/Module.symvers" ] || (
	cd "$tree"
	make -s tinyconfig
	scripts/kconfig/merge_config.sh -m .config "$here/debug-kernel.config" >/dev/null
	make -s olddefconfig
	nice make -s -j"$(nproc)" bzImage modules_prepare
	cp vmlinux.symvers Module.symvers
)
APPEND=${STRESS:+engine_stress=$STRESS} LIMIT=${LIMIT:-3600} KERNEL=$tree/arch/x86/boot/bzImage KBUILD=$tree \
	sh "$here/../testsuite/tapster.engine/vm.sh" debug "$(cd "$here/.." && pwd)" "$top" \
	"$folder/work" -m 1024 -accel tcg,thread=single | tee "$folder/result"
! grep '^not ok' "$folder/result" && grep -q '^engine: end' "$folder/result"
