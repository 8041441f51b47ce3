#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what is missing, builds, and shows tapster at work: a probe in
# /bin/ls, which has neither debug information nor a symbol table.
set -eu
cd "$(dirname "$0")"
. scripts/prepare.sh

install_packages "$TOOLS" ""
build

script='probe process("/bin/ls").function("main") { printf("%s(%d) main argc=%d\n", execname(), pid(), $argc) }'
say "tapster -e '$script' -c \"/bin/ls /\""
exec "$BUILD/tapster" -e "$script" -c "/bin/ls /" "$@"
