# SPDX-License-Identifier: GPL-2.0-or-later
nobase_dist_pkgdata_DATA += \
	tapsets/ansi.stp \
	tapsets/argv.stp \
	tapsets/context.stp \
	tapsets/ctime.stp \
	tapsets/dev.stp \
	tapsets/endian.stp \
	tapsets/errno.stp \
	tapsets/floatingpoint.stp \
	tapsets/guru.stp \
	tapsets/guru_delay.stp \
	tapsets/indent.stp \
	tapsets/ip.stp \
	tapsets/logging.stp \
	tapsets/macros.stpm \
	tapsets/oneshot.stp \
	tapsets/proc_mem.stp \
	tapsets/queue_stats.stp \
	tapsets/random.stp \
	tapsets/regex.stp \
	tapsets/registers.stp \
	tapsets/rlimit.stp \
	tapsets/signal.stp \
	tapsets/socket.stp \
	tapsets/speculative.stp \
	tapsets/stopwatch.stp \
	tapsets/string.stp \
	tapsets/syscall_table.stp \
	tapsets/symbols.stp \
	tapsets/system.stp \
	tapsets/task_time.stp \
	tapsets/timestamp.stp \
	tapsets/tokenize.stp \
	tapsets/ubacktrace.stp \
	tapsets/uconversions.stp \
	tapsets/wait_status.stp
