# SPDX-License-Identifier: GPL-2.0-or-later
# For try.sh and check.sh, which source it in the top directory: installs what
# is missing (Debian, as root) and builds in $BUILD.

BUILD=${BUILD:-build}

TOOLS="gcc libc6-dev binutils make autoconf automake flex bison libelf-dev libdw-dev libzydis-dev"
TEST_TOOLS="dejagnu"
# Tests that need these are unsupported without them.
TEST_EXTRAS="g++ gcc-multilib clang dwz musl-tools xz-utils openssl systemtap systemtap-doc qemu-system-x86 busybox-static"

say() {
	printf '==> %s\n' "$*"
}

missing_of() {
	for package; do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
			echo "$package"
	done
}

apt_install() {
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"
}

apt_update() {
	[ -n "${apt_updated:-}" ] || apt-get update -q || true
	apt_updated=yes
}

# Kernels for the virtual machines of the tests, with headers: Debian 12's own, and the newest
# 6.12 for it unless one is there.  A machine that starts from its own /boot keeps what it has.
kernel_packages() {
	command -v apt-cache >/dev/null || return 0
	[ "$(id -u)" = 0 ] && [ ! -e "/boot/vmlinuz-$(uname -r)" ] || return 0
	echo linux-image-amd64 linux-headers-amd64
	for build in /lib/modules/6.12.*/build; do
		[ ! -e "$build" ] || return 0
	done
	apt_update >&2
	newest=$(apt-cache search --names-only '^linux-image-6\.12\.[0-9]*\+deb12-amd64$' |
		sed 's/^linux-image-\([^ ]*\).*/\1/' | sort -V | tail -n 1)
	[ -z "$newest" ] || echo "linux-image-$newest linux-headers-$newest"
}

# install_packages "NEEDED" "WANTED": the first must be there in the end, the second may.
install_packages() {
	command -v dpkg-query >/dev/null || return 0 # configure will say what is missing
	needed=$(missing_of $1)
	wanted=$(missing_of $2)
	[ -n "$needed$wanted" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		[ -z "$needed" ] || {
			echo "Missing packages; as root: apt-get install" $needed >&2
			exit 1
		}
		return 0
	fi
	say "installing" $needed $wanted
	apt_update
	[ -z "$needed" ] || apt_install $needed
	[ -z "$wanted" ] || apt_install $wanted || for package in $wanted; do
		apt_install "$package" || say "$package could not be installed; its tests are left out"
	done
}

build() {
	[ -x configure ] || {
		say "making configure"
		autoreconf -i
	}
	top=$(pwd)
	mkdir -p "$BUILD"
	[ -f "$BUILD/Makefile" ] || {
		say "configuring in $BUILD"
		(cd "$BUILD" && "$top/configure" -q "$@")
	}
	say "building in $BUILD"
	make -s -C "$BUILD" -j"$(nproc)"
}
