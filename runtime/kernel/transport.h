/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script's module and taprun say to each other over /proc/tapster.NAME,
 * where NAME is the module's.
 *
 *	open     one session; the module cannot be removed meanwhile
 *	ioctl    KERNEL_START runs the begin probes and arms the others; KERNEL_STOP disarms,
 *	         runs the end probes; KERNEL_STATUS tells how it went
 *	read     struct kernel_record's, whole ones, merged by time; while there are none it
 *	         sleeps, or EAGAIN with O_NONBLOCK; 0: stopped, and all has been read
 *	poll     POLLIN: there is something to read; POLLPRI: the script wants to end, by exit()
 *	         or an error
 *	close    the last one stops a session that runs, unless KERNEL_KEEP was asked for
 */
#ifndef TAPSTER_RUNTIME_KERNEL_TRANSPORT_H
#define TAPSTER_RUNTIME_KERNEL_TRANSPORT_H

#ifdef __KERNEL__
#include <linux/ioctl.h>
#include <linux/types.h>
#else
#include <stdint.h>
#include <sys/ioctl.h>
#endif

#define KERNEL_ABI 1
#define KERNEL_PROC_PREFIX "tapster."
#define KERNEL_READ_MIN 16384 /* bytes: every record fits */

struct kernel_record {
	uint32_t size;  /* of the data; the next record is at the next multiple of 8 */
	uint16_t kind;  /* enum rt_output, or KERNEL_RECORD_PAD (never seen by a reader) */
	uint16_t cpu;
	uint64_t stamp; /* time stamp counter */
	char data[];
};
#define KERNEL_RECORD_PAD 0xffff

struct kernel_start {
	uint32_t abi;                /* KERNEL_ABI */
	int32_t target;              /* target(); 0: none */
	int32_t tool_pid, tool_uid;
	int64_t tz_offset;
	char tz_name[16];
};

struct kernel_status {
	uint32_t is_running, is_exiting, error_state, too_many_skipped;
	uint32_t n_errors, n_probes;
	uint64_t n_skipped, dropped;
};

/* One line of the ledger, for -v. */
struct kernel_ledger {
	uint32_t probe;       /* in */
	uint32_t unused;
	uint64_t run;         /* out, as all below */
	uint64_t skipped[8];  /* by enum rt_skip */
	char name[200];
};

#define KERNEL_START _IOW('t', 1, struct kernel_start)
#define KERNEL_STOP _IO('t', 2)
#define KERNEL_STATUS _IOR('t', 3, struct kernel_status)
#define KERNEL_KEEP _IOW('t', 4, uint32_t) /* 1: closing doesn't stop; 0: it does again */
#define KERNEL_LEDGER _IOWR('t', 5, struct kernel_ledger)

#endif
