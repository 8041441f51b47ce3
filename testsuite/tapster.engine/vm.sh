#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm.sh RELEASE SOURCE LIBRARIES WORK [QEMU OPTIONS]: builds the engine, its test module and
# the targets, and runs guest.sh in a virtual machine with that kernel.  The console's
# lines are the output.  In the environment: APPEND for the kernel's command line
# (engine_stress=ROUNDS, engine_cost=1,
# engine_only=many: see guest.sh), LIMIT in seconds,
# KERNEL and KBUILD for one that is not installed.  LIBRARIES is the folder with libtranslator.a and libbase.a.
set -e
release=$1 source=$2 libraries=$3 work=$4
shift 4
here=$source/testsuite/tapster.engine
kbuild=${KBUILD:-/lib/modules/$release/build}
kernel=${KERNEL:-/boot/vmlinuz-$release}

rm -rf $work/test # its checksums of the engine may be old
mkdir -p $work/uprobes $work/test $work/root/t $work/root/bin $work/root/proc $work/root/sys $work/root/dev
cp -u $source/runtime/uprobes/*.[ch] $source/runtime/uprobes/Kbuild $work/uprobes/
cp -u $here/engine_test.[ch] $here/hooks_test.c $here/Kbuild $work/test/
make -s -C $kbuild M=$work/uprobes TAPSTER_SOURCE=$source modules > $work/build.log 2>&1 &&
make -s -C $kbuild M=$work/test TAPSTER_SOURCE=$source \
	KBUILD_EXTRA_SYMBOLS=$work/uprobes/Module.symvers modules >> $work/build.log 2>&1 ||
	{ cat $work/build.log; exit 1; }

flags="-std=gnu11 -O1 -mno-red-zone -fno-optimize-sibling-calls -pthread"
t=$work/root/t
gcc $flags -static $here/target.c -o $t/target
programs="target target_pie"
if gcc $flags -m32 -static $here/target.c -o $t/target_32 2> $work/m32.log; then
	programs="$programs target_32"
fi
gcc $flags -static-pie -fPIE $here/target.c -o $t/target_pie
sh $here/many.sh 1000 > $work/many.c
gcc -O1 -static -pthread $work/many.c -o $t/many
g++ -O1 -static -pthread $here/throw.cc -o $t/throw_static
g++ -O1 -pthread $here/throw.cc -o $t/throw
for library in $(ldd $t/throw | sed -n 's,.*[ \t]\(/[^ ]*\) (.*,\1,p'); do
	mkdir -p $work/root$(dirname $library)
	cp -L $library $work/root$library
done
gcc -std=gnu11 -O1 -static -I$source -I$here $here/ctl.c -o $t/ctl
gcc -std=gnu11 -O1 -I$source $here/plan.c $libraries/libtranslator.a $libraries/libbase.a \
	-lZydis -lelf -o $work/plan
for p in $programs; do
	$work/plan $t/$p f0 f1 f2 f3 f4 f5 f6 f7 f8 f9 f10 f11 f12 f13 f14 f15 f16 f17 f18 f19 > $t/$p.all
	$work/plan $t/$p f0 > $t/$p.f0
	$work/plan $t/$p f4 > $t/$p.f4
	$work/plan $t/$p f9 > $t/$p.f9
	$work/plan $t/$p recurse jumps > $t/$p.rec
	$work/plan $t/$p forks > $t/$p.forks
	$work/plan $t/$p sys_only pops > $t/$p.sys
	$work/plan $t/$p reads > $t/$p.reads
	$work/plan $t/$p sleeps > $t/$p.sleeps
done
$work/plan $t/many $(seq -f many%.0f 0 999) > $t/many.all
for p in throw throw_static; do
	$work/plan $t/$p throws > $t/$p.throws
	$work/plan $t/$p catches cleans traces > $t/$p.returns
	$work/plan $t/$p leaves > $t/$p.leaves
done
for m in uprobes/tapster_uprobes test/engine_test test/hooks_test; do
	strip -g -o $t/${m#*/}.ko $work/$m.ko
done
cp $here/guest.sh $work/root/init
chmod +x $work/root/init
cp $(command -v busybox) $work/root/bin/busybox
for applet in sh sleep sed touch rm mount insmod rmmod awk grep dmesg mkdir usleep cat kill renice poweroff echo; do
	ln -sf busybox $work/root/bin/$applet
done
(cd $work/root && find . | busybox cpio -o -H newc) > $work/initrd 2> /dev/null
exec timeout ${LIMIT:-590} qemu-system-x86_64 -m 512 -smp ${CPUS:-2} -kernel $kernel \
	-initrd $work/initrd -append "console=ttyS0 quiet panic=-1 no_timer_check $APPEND" -display none -monitor none \
	-serial stdio -no-reboot "$@" < /dev/null
