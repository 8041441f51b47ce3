/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script's module and taprun say to each other over /proc/tapster.NAME,
 * where NAME is the module's.
 *
 *	open     one session; the module cannot be removed meanwhile
 *	ioctl    KERNEL_GLOBAL sets a variable; KERNEL_START runs the begin probes and arms the others; KERNEL_STOP disarms,
 *	         runs the end probes; KERNEL_STATUS tells how it went
 *	read     struct kernel_record's, whole ones, merged by time; while there are none it
 *	         sleeps, or EAGAIN with O_NONBLOCK; 0: stopped, and all has been read
 *	poll     POLLIN: there is something to read; POLLPRI: the script wants to end, by exit()
 *	         or an error
 *	close    the last one stops a session that runs, unless KERNEL_DETACH was asked for
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

#define KERNEL_ABI 3
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
	uint32_t n_errors, n_suppressed, n_probes;
	uint32_t is_over;            /* it will not run (any more): it can be removed */
	uint32_t is_detached;        /* it runs without a reader */
	uint64_t n_skipped, dropped;
	uint64_t n_refused;          /* sites in processes that could not be armed */
};

/* One line of the ledger, for -v. */
struct kernel_ledger {
	uint32_t probe;       /* in */
	uint32_t unused;
	uint64_t run;         /* out, as all below */
	uint64_t skipped[8];  /* by enum rt_skip */
	char name[200];
};

/* A value for a global variable of the script, before KERNEL_START.  ENOENT: there is none, EISDIR:
 * it is an array or a statistic, EDOM: it wants a number, E2BIG: that is too much. */
struct kernel_global {
	char name[128];
	char value[1024];
};

/* What came of the output of a CPU. */
struct kernel_ring {
	uint32_t cpu;          /* in; ENODEV: not this one, EINVAL: nor any after it */
	uint32_t unused;
	uint64_t dropped;      /* records that found no room */
	uint64_t overwritten;  /* records that made room, while detached */
};

#define KERNEL_START _IOW('t', 1, struct kernel_start)
#define KERNEL_STOP _IO('t', 2)
#define KERNEL_STATUS _IOR('t', 3, struct kernel_status)
#define KERNEL_DETACH _IOW('t', 4, uint32_t) /* 1: closing doesn't stop, nobody reads; 0: as before */
#define KERNEL_LEDGER _IOWR('t', 5, struct kernel_ledger)
#define KERNEL_RING _IOWR('t', 6, struct kernel_ring)
#define KERNEL_GLOBAL _IOW('t', 8, struct kernel_global)
#define KERNEL_BULK _IO('t', 7) /* this file reads each CPU's records by themselves, unmerged */

#endif
