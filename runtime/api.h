/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What generated C includes, and nothing else: the types that it defines data
 * with, the prototypes of api.def, and the few operations that are short
 * enough to be inlined.  Freestanding; the same for both runtimes.
 *
 * Data that live longer than one handler are shared between processes that
 * map them at different addresses: they hold no pointers, indices count from
 * 1, and all zeroes is a valid empty state.  Threads may preempt each other
 * and die at any instruction: where that matters the order of stores is kept
 * with RT_BARRIER, and what a dead thread left is repaired by
 * rt_context_recover (port.h).
 *
 * ---- what the generated C defines, besides the tables of object.h ----
 *
 *	#define-free plain text; -DMAXSTRINGLEN=N where it is not 512
 *	static int64_t g_NAME;                    a long
 *	static char g_NAME[RT_STRLEN] RT_ALIGNED; a string
 *	RT_COUNTER(g_NAME);  RT_STAT(g_NAME, ...);  RT_MAP(g_NAME, ...);
 *	RT_LOCKS(n_globals);                      lock id = index in script_globals
 *	RT_LEDGER(n_probes);
 *	void script_repair(uint32_t global)       { switch (global) { case 3: rt_map_repair(&g_a_spec, RT_MAP_OF(g_a)); ... } }
 *
 * ---- embedded C functions ----
 *
 * `function f:long (a, s:string) %{ body %}` becomes
 *
 *	static int64_t f_f(struct rt_context *c, int64_t STAP_ARG_a, const char *STAP_ARG_s)
 *	{
 *		int64_t STAP_RETVALUE = 0;
 *		{ body }
 *	out: __attribute__((unused));
 *		return STAP_RETVALUE;
 *	}
 *
 * so that the names in the body are plain C names and need no macros.  One that returns
 * a string gets the caller's buffer of MAXSTRINGLEN bytes, set to "" first:
 *
 *	static void f_f(struct rt_context *c, char *STAP_RETVALUE, ...) { STAP_RETVALUE[0] = 0; ... }
 *
 * and one that returns nothing has no STAP_RETVALUE.  Script functions take the same shapes
 * (result buffer first, arguments by value or const char *).  An embedded C expression is
 * such a function without arguments.  CONTEXT is c.
 */
#ifndef TAPSTER_RUNTIME_API_H
#define TAPSTER_RUNTIME_API_H

#ifdef __KERNEL__
#include <linux/limits.h>
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <linux/types.h>
#define UINT16_MAX U16_MAX
#define INT32_MIN S32_MIN
#define INT32_MAX S32_MAX
#define INT64_MIN S64_MIN
#define INT64_MAX S64_MAX
#else
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include "runtime/object.h"

/* All of it is one object: references need no global offset table. */
#pragma GCC visibility push(hidden)

#ifndef MAXSTRINGLEN
#define MAXSTRINGLEN 512
#endif
#define RT_STRLEN ((MAXSTRINGLEN + 7) & ~7) /* bytes of a string's buffer; MAXSTRINGLEN - 1 are used */
#define RT_ALIGNED __attribute__((aligned(8)))
#define RT_LINE __attribute__((aligned(64)))
#define RT_BARRIER() __asm__ volatile("" ::: "memory") /* keeps the compiler's order of stores */
/* Earlier stores before later ones, as other CPUs see them: x86-64 keeps that order itself. */
#define RT_STORE_FENCE() __atomic_signal_fence(__ATOMIC_SEQ_CST)
#define rt_likely(x) __builtin_expect(!!(x), 1)
#define rt_unlikely(x) __builtin_expect(!!(x), 0)

#define RT_STRIPES 64        /* stripes of counters, statistics and the ledger; the last is shared */
#define RT_OUT_SIZE 8192     /* bytes that one record holds */
#define RT_MAX_KEYS 9
#define RT_HIST_LOG_BUCKETS 128
#define RT_STACK_ROOM 4096   /* bytes of stack that script functions leave to the runtime */

/* ---- context and session ---- */

/* The order of the kernel's struct pt_regs, so that both runtimes share accessors. */
struct rt_regs {
	uint64_t r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
	uint64_t ip, cs, flags, sp, ss;
};

enum rt_class { RT_BEGIN = 1, RT_ORDINARY = 2, RT_END = 4, RT_ERROR = 8 };

enum rt_failure {
	RT_OK,
	RT_FAILED,  /* can be caught */
	RT_ABORTED  /* MAXACTION, abort(): can't */
};

/* Why a handler did not run. */
enum rt_skip {
	RT_SKIP_REENTRANT, /* the thread was in a handler already */
	RT_SKIP_LOCK,      /* a global's lock was not to be had */
	RT_SKIP_CONTEXT,   /* no free context */
	RT_SKIP_STATE,     /* before begin or after exit */
	RT_SKIP_RETURN,    /* no room for a return probe's record */
	RT_SKIP_DIED,      /* the thread died in the handler */
	RT_SKIPS
};

enum rt_id { RT_ID_PPID, RT_ID_UID, RT_ID_EUID, RT_ID_GID, RT_ID_EGID, RT_ID_PGRP, RT_ID_SID, RT_ID_NS_PID, RT_ID_NS_TID };
/* $syscall, $arg1 ... $arg6, $return */
enum rt_syscall_value { RT_SYSCALL_NUMBER, RT_SYSCALL_ARG1, RT_SYSCALL_ARG6 = 6, RT_SYSCALL_RETURN };
enum rt_probe_text { RT_TEXT_PP, RT_TEXT_PN, RT_TEXT_FUNCTION, RT_TEXT_LOCATION, RT_TEXT_TYPE };

struct rt_context {
	uint32_t busy;       /* a handler runs in this context; kept by the port */
	uint32_t probe;      /* running */
	int32_t budget;      /* statements left */
	uint32_t failed;     /* enum rt_failure */
	struct rt_regs *regs; /* of the hit, or NULL; valid in the running process only */
	char *at, *end;      /* where print goes: out[], or the string of a sprintf */
	char *out_at;        /* saved by rt_sprint_begin */
	uint32_t frame_top;  /* offset of free frame memory from the context */
	uint32_t frame_end;
	uint32_t loc;        /* of what runs now: offset into script_strings of text like
	                      * "operator '/' at FILE:LINE:COLUMN"; 0: unknown */
	uint32_t row;        /* index of this context's stripe in script_ledger */
	int32_t pid, tid;    /* of the thread that owns the context */
	uint16_t id;         /* 1 ... 65535; marks the locks that it holds */
	uint16_t stripe;
	uint16_t nesting;    /* script functions that may still be called */
	uint8_t is_return;   /* the hit is a function's return */
	uint8_t is_shared;   /* the stripe is not ours alone */
	uint64_t ip;         /* address of the probe in the running process, or 0 */
	void *entry;         /* return probes: script_info.entry_size bytes, written by the entry
	                      * half of script_site, read by script_return; else NULL */
	uint32_t error_loc;  /* loc when the error was raised */
	uint32_t has_execname; /* EXECNAME is what this handler's first execname() gave */
	char execname[16];
	uint32_t token_at;   /* where tokenize() goes on, in the string behind the frames */
	uint64_t random;     /* state of rt_random; 0: not seeded yet */
	struct rt_match *match; /* of the last =~, in the handler's frame; NULL in scripts that
	                      * never ask for it */
	uint64_t stack_low;  /* end of the stack that handlers run on; 0: large enough for all */
	void *port;          /* the port's own; valid in the running process only */
	uint64_t missing;    /* while IS_LOOKING: the first address that couldn't be read, or 0 */
	uint32_t is_looking;
	uint32_t is_32bit;   /* the system call is one of 32-bit programs */
	int64_t widest;      /* field of a sprintf: the size of its string */
	char error[512];     /* message of the first error */
	char out[RT_OUT_SIZE];
	char frames[] RT_LINE;
};

/* A file as it is mapped in the running process. */
struct rt_module {
	uint64_t start, size; /* of all its mappings */
	uint32_t file;        /* index into script_files, or RT_NO_FILE */
	const char *path;
};
#define RT_NO_FILE 0xffffffffu

/* How rt_symbol shows an address: "main" (else "0x4011f0"), "main+0x4", "main+0x4 [ls]" (else
 * "0x4011f0 [ls+0x11f0]"), "main+0x4/0x20 [/bin/ls]", "0x4011f4 : main+0x4/0x20 [/bin/ls]"
 * (else "0x4011f4 [/bin/ls+0x11f4/0x23000]"). */
enum rt_symbol_style { RT_SYMBOL_NAME, RT_SYMBOL_BRIEF, RT_SYMBOL_SIMPLE, RT_SYMBOL_DATA, RT_SYMBOL_LINE,
		       RT_SYMBOL_SOURCE /* LINE with " at FILE:LINE" before the module */ };

/* A frame of the probed thread: its registers, by their numbers in the psABI. */
enum { RT_UNWIND_REGS = 17 };
struct rt_unwind {
	uint64_t reg[RT_UNWIND_REGS];
	uint64_t known;  /* bit for each register */
	uint64_t module, table; /* where the last one begins, and its .eh_frame_hdr */
	bool is_exact;   /* ip is the next instruction, not one behind a call */
	bool at_entry;   /* the first instruction of a function */
};

struct rt_session {
	uint32_t accept;     /* set of enum rt_class that may run now; 0 before the start */
	uint32_t exiting;    /* exit() was called */
	uint32_t n_errors;   /* uncaught */
	uint32_t n_suppressed; /* the same, by --suppress-handler-errors */
	int32_t target;      /* target() */
	uint32_t max_errors; /* from script_info */
	uint32_t error_state; /* n_errors has passed max_errors: error probes run, end probes don't */
	uint32_t too_many_skipped; /* n_skipped has passed script_info.max_skipped */
	uint64_t n_skipped;  /* sum over all reasons but RT_SKIP_STATE */
	uint64_t dropped;    /* records, kept by the port */
	int64_t tz_offset;   /* seconds east of Greenwich, for tz_ctime */
	char tz_name[16];
	int32_t tool_pid, tool_uid; /* of the driver */
	char module[64];     /* the module's name on the kernel runtime, else "" */
	uint32_t changed;    /* watches of globals that were written, as rt_changed has it */
};
extern struct rt_session rt_session;

/* ---- locks and striped counters ---- */

/*
 * Who holds it is in the lock, by context id, so that the locks of a dead thread are known
 * exactly: one writer, or up to three readers.  Taken by compare-and-exchange of the whole
 * word, released by a plain store to the own slot.
 */
struct rt_lock {
	union {
		uint64_t word;
		uint16_t slot[4]; /* [0] the writer, [1..3] readers */
	};
	uint16_t waiting; /* a writer: readers let it go first, for a while */
} RT_LINE;
#define RT_LOCKS(n) struct rt_lock script_locks[(n) ? (n) : 1]
extern struct rt_lock script_locks[];

struct rt_counter {
	struct {
		int64_t n;
	} RT_LINE stripe[RT_STRIPES];
};
#define RT_COUNTER(name) static struct rt_counter name

/* Runs of each probe by stripe, and what was skipped. */
#define RT_LEDGER_ROW(n) (((n) + 7) & ~7)
#define RT_LEDGER(n)                                                                     \
	uint64_t script_ledger[RT_STRIPES * RT_LEDGER_ROW((n) ? (n) : 1)] RT_LINE;       \
	uint64_t script_skipped[((n) ? (n) : 1) * RT_SKIPS]
extern uint64_t script_ledger[];
extern uint64_t script_skipped[];

/* ---- conditions of probes; kernel runtime only ---- */

/* Of each probe: its condition was false at a hit (runtime/kernel/rest.c). */
#define RT_REFUSED(n) uint8_t script_refused[(n) ? (n) : 1]
extern uint8_t script_refused[];
/* What rt_changed does where rt_session.changed does not have all of WATCHES. */
void rt_port_changed(struct rt_context *c, uint32_t watches);

/* ---- statistics ---- */

#ifndef HIST_ELISION
#define HIST_ELISION 2 /* empty rows that a chart keeps at each end of a gap; -1: all of them */
#endif
#ifndef HIST_WIDTH
#define HIST_WIDTH 50 /* of the longest bar */
#endif

enum rt_stat_ops { /* same bits as 1 << enum statop */
	RT_STAT_COUNT = 1, RT_STAT_SUM = 2, RT_STAT_MIN = 4, RT_STAT_MAX = 8, RT_STAT_AVG = 16,
	RT_STAT_VARIANCE = 32
};
enum rt_hist { RT_HIST_NONE, RT_HIST_LOG, RT_HIST_LINEAR };

struct rt_stat_spec {
	uint32_t ops;     /* set of enum rt_stat_ops that the script extracts */
	uint32_t hist;
	uint32_t buckets; /* RT_HIST_BUCKETS */
	int32_t shift;    /* of @variance */
	int64_t low, high, interval;
	int64_t elision, width; /* HIST_ELISION, HIST_WIDTH */
};

struct rt_stat {
	int64_t count, sum, min, max;
	int64_t mean, m2; /* shifted; variance only */
	int64_t bucket[];
};

#define RT_HIST_BUCKETS(hist, low, high, interval)                                       \
	((hist) == RT_HIST_LOG ? RT_HIST_LOG_BUCKETS :                                   \
	 (hist) == RT_HIST_LINEAR ? ((high) - (low)) / (interval) + 3 : 0)
#define RT_STAT_SIZE(hist, low, high, interval)                                          \
	(sizeof(struct rt_stat) + 8 * (size_t)RT_HIST_BUCKETS(hist, low, high, interval))

/* A scalar statistic: stripes, each with a sequence number that is odd while it is changed. */
struct rt_stats {
	uint64_t generation; /* of the last delete; stripes of another one are empty */
	uint64_t unused[7];
};
struct rt_stats_stripe {
	uint32_t sequence;
	uint16_t owner, unused; /* of the shared stripe: the context that changes it */
	uint64_t generation;
	struct rt_stat stat;
};
#define RT_STRIPE_SIZE(hist, low, high, interval)                                        \
	((offsetof(struct rt_stats_stripe, stat) + RT_STAT_SIZE(hist, low, high, interval) + 63) & ~(size_t)63)
/* Defines NAME_spec; use as rt_stats_add(c, &NAME_spec, &NAME.head, x). */
#define RT_STAT(name, ops, hist, low, high, interval, shift)                             \
	static const struct rt_stat_spec name##_spec = { ops, hist,                      \
		RT_HIST_BUCKETS(hist, low, high, interval), shift, low, high, interval, HIST_ELISION, \
		HIST_WIDTH }; \
	static struct {                                                                  \
		struct rt_stats head;                                                    \
		char stripes[RT_STRIPES][RT_STRIPE_SIZE(hist, low, high, interval)] RT_LINE; \
	} name

/* ---- maps ---- */

enum rt_value { RT_LONG, RT_STRING, RT_STATISTIC };

union rt_key {
	int64_t n;
	const char *s;
};

enum rt_when_full {
	RT_FULL_FAILS, /* "check MAXMAPENTRIES" */
	RT_FULL_WRAPS, /* the first of the list goes */
	RT_FULL_FAILS_SIZED /* "check size limit": the script's own */
};

struct rt_map_spec {
	uint32_t capacity;
	uint32_t n_buckets;   /* a power of two */
	uint32_t hash_shift;  /* 32 - log2(n_buckets) */
	uint32_t entries_at;  /* offset from the struct rt_map */
	uint32_t entry_size;
	uint16_t n_keys;
	uint16_t string_keys; /* bit set */
	uint8_t value;        /* enum rt_value */
	uint8_t when_full;    /* enum rt_when_full */
	uint16_t unused;
	uint32_t string_size; /* MAXSTRINGLEN */
	uint32_t key_at[RT_MAX_KEYS]; /* offsets from the entry */
	struct rt_stat_spec stat;
};

struct rt_map {
	uint32_t count;
	uint32_t head, tail;  /* oldest and newest element; 0: none */
	uint32_t free;        /* list of elements that were deleted, by chain */
	uint32_t fresh;       /* elements that have ever been used */
	uint32_t generation;  /* counts "delete a" */
	uint32_t relink;      /* where a sorted list begins that is not yet the list (map.c); 0: none */
	uint32_t unused[9];
	uint32_t bucket[];
};

struct rt_entry {
	uint32_t chain;       /* next of the bucket */
	uint32_t next, prev;  /* order of insertion, or as the last sorted foreach left it */
	uint32_t hash;
	int64_t value[];      /* then the keys */
};

#define RT_LOG2(n) (31 - __builtin_clz((n) | 1))
#define RT_MAP_BUCKETS(cap) (16u << RT_LOG2((cap) >> 3))
#define RT_ROUND64(n) (((n) + 63) & ~63)
#define RT_KEY_AT(strings, value_size, i)                                                \
	(sizeof(struct rt_entry) + (value_size) + 8 * (i) +                              \
	 (RT_STRLEN - 8) * __builtin_popcount((strings) & ((1 << (i)) - 1)))
#define RT_ENTRIES_AT(cap) RT_ROUND64(sizeof(struct rt_map) + 4 * RT_MAP_BUCKETS(cap))
/*
 * Defines the map NAME and the constant NAME_spec.  KEYS: number of keys; STRINGS: bit set of
 * those that are strings; VALUE: enum rt_value; WHEN_FULL: enum rt_when_full; the last four describe a statistic's histogram.
 * All arguments are integer constants.
 */
#define RT_MAP(name, keys, strings, value, cap, when_full, ops, hist, low, high, interval, shift) \
	enum { name##_value_size = (value) == RT_LONG ? 8 : (value) == RT_STRING ? RT_STRLEN : \
			(int)RT_STAT_SIZE(hist, low, high, interval),                    \
	       name##_entry_size = RT_KEY_AT(strings, name##_value_size, keys) };        \
	static const struct rt_map_spec name##_spec = {                                  \
		cap, RT_MAP_BUCKETS(cap), 32 - RT_LOG2(RT_MAP_BUCKETS(cap)), RT_ENTRIES_AT(cap), \
		name##_entry_size, keys, strings, value, when_full, 0, MAXSTRINGLEN, \
		{ RT_KEY_AT(strings, name##_value_size, 0), RT_KEY_AT(strings, name##_value_size, 1), \
		  RT_KEY_AT(strings, name##_value_size, 2), RT_KEY_AT(strings, name##_value_size, 3), \
		  RT_KEY_AT(strings, name##_value_size, 4), RT_KEY_AT(strings, name##_value_size, 5), \
		  RT_KEY_AT(strings, name##_value_size, 6), RT_KEY_AT(strings, name##_value_size, 7), \
		  RT_KEY_AT(strings, name##_value_size, 8) },                            \
		{ ops, hist, RT_HIST_BUCKETS(hist, low, high, interval), shift, low, high, interval, \
		  HIST_ELISION, HIST_WIDTH } };                                          \
	static char name[RT_ENTRIES_AT(cap) + (size_t)(cap) * name##_entry_size] RT_LINE
#define RT_MAP_OF(name) ((struct rt_map *)(void *)(name))
void rt_map_repair(const struct rt_map_spec *s, struct rt_map *m);

#define RT_BY_NONE (-1)
#define RT_BY_VALUE 0
#define RT_BY_KEY 1 /* + index of the key */
#define RT_BY_COUNT 16 /* + enum statop */
#define RT_NO_LIMIT INT64_MAX

struct rt_iter {
	const struct rt_map_spec *spec;
	struct rt_map *map;
	const struct rt_entry *entry; /* the present one; NULL: before the first */
	uint32_t generation, fixed;
	int64_t left;
	const union rt_key *keys;
};

/* ---- regular expressions (translator/regex.h says what the tables are) ---- */

enum rt_regex_op {
	RT_REGEX_SET, RT_REGEX_SPLIT, RT_REGEX_JUMP, RT_REGEX_SAVE, RT_REGEX_BEGIN, RT_REGEX_END,
	RT_REGEX_ACCEPT
};
struct rt_regex_insn {
	uint16_t op, x, y;
};
#define RT_REGEX_MATCHED 0xffff
#define RT_REGEX_NOWHERE 0xffff
#define RT_REGEX_GROUPS 9

/* What matched() and ngroups() look at; RT_MATCH_SIZE bytes. */
struct rt_match {
	uint16_t n_groups; /* with the whole match; 0: the last match failed */
	uint16_t at[2 * (RT_REGEX_GROUPS + 1)]; /* begin and end of each, or NOWHERE */
	char subject[];
};
#define RT_MATCH_SIZE ((sizeof(struct rt_match) + RT_STRLEN + 7) & ~(size_t)7)
/* Scratch memory of rt_regex_search, aligned to 8. */
#define RT_REGEX_SCRATCH(insns, groups)                                                  \
	((2 * (((insns) + 3) & ~3) + 8 * (2 * (insns) + 2) +                             \
	  2 * (insns) * 2 * (1 + 2 * ((groups) + 1)) + 7) & ~7)

/* ---- output ---- */

enum rt_format_flag { RT_ZERO = 1, RT_SPACE = 2, RT_PLUS = 4, RT_LEFT = 8, RT_ALT = 16 };
/* of rt_print_num: the values of enum print_conv */
enum rt_conv { RT_SIGNED = 1, RT_UNSIGNED, RT_OCTAL, RT_HEX, RT_HEX_UPPER, RT_POINTER };

/* ---- the functions ---- */

/*
 * With RT_OUT_OF_LINE the INLINE functions are called like the others: a script of thousands of
 * handlers would keep the compiler busy for minutes.  core/inline.c, which has RT_OUT_OF_LINE 2, defines them.
 */
#define API(result, name, parameters) result name parameters;
#ifdef RT_OUT_OF_LINE
#define INLINE API
#define RT_INLINE
#else
#define INLINE(result, name, parameters) static inline result name parameters __attribute__((always_inline));
#define RT_INLINE static inline
#endif
#include "runtime/api.def"
#undef API
#undef INLINE

/* PROBE's condition is false. */
static inline void rt_refused(uint32_t probe)
{
	if (rt_unlikely(!*(volatile uint8_t *)&script_refused[probe]))
		*(volatile uint8_t *)&script_refused[probe] = 1;
}

/* The handler has written globals that conditions read: WATCHES is a set of script_probe.condition's
 * bits.  Those that nobody waits for are noted already, but for the first time. */
static inline void rt_changed(struct rt_context *c, uint32_t watches)
{
	if (rt_unlikely(watches & ~*(volatile uint32_t *)&rt_session.changed))
		rt_port_changed(c, watches);
}

#if !defined(RT_OUT_OF_LINE) || RT_OUT_OF_LINE == 2

RT_INLINE bool rt_probe_enter(struct rt_context *c, uint32_t probe, uint32_t class, int32_t budget)
{
	if (rt_unlikely(!(*(volatile uint32_t *)&rt_session.accept & class))) {
		rt_probe_refuse(c, probe, class);
		return false;
	}
	c->probe = probe;
	c->budget = budget;
	c->failed = RT_OK;
	c->at = c->out;
	c->end = c->out + RT_OUT_SIZE;
	c->has_execname = 0;
	return true;
}

/* Around a look ahead (script_look). */
RT_INLINE void rt_look_begin(struct rt_context *c, uint32_t probe, int32_t budget)
{
	c->probe = probe;
	c->budget = budget;
	c->failed = RT_OK;
	c->at = c->out;
	c->end = c->out + RT_OUT_SIZE;
}

RT_INLINE void rt_probe_flush(struct rt_context *c)
{
	if (c->at != c->out)
		rt_probe_flush_slow(c);
}

RT_INLINE void rt_probe_leave(struct rt_context *c)
{
	if (rt_unlikely(c->is_shared))
		__atomic_fetch_add(&script_ledger[c->row + c->probe], 1, __ATOMIC_RELAXED);
	else
		script_ledger[c->row + c->probe]++; /* one instruction */
	if (rt_unlikely(c->failed != RT_OK) || c->at != c->out)
		rt_probe_leave_slow(c);
}

RT_INLINE void *rt_frame_push(struct rt_context *c, uint32_t size)
{
	void *frame = (char *)c + c->frame_top;

	c->frame_top += size;
	return frame;
}

RT_INLINE void rt_frame_pop(struct rt_context *c, uint32_t size)
{
	c->frame_top -= size;
}

RT_INLINE void *rt_call(struct rt_context *c, uint32_t size)
{
	char here;

	if (rt_unlikely(c->nesting == 0 || size > c->frame_end - c->frame_top ||
			(uint64_t)(uintptr_t)&here - c->stack_low < RT_STACK_ROOM))
		return rt_call_failed(c);
	c->nesting--;
	return rt_frame_push(c, size);
}

RT_INLINE void rt_return(struct rt_context *c, uint32_t size)
{
	c->nesting++;
	rt_frame_pop(c, size);
}

RT_INLINE bool rt_spend(struct rt_context *c, int32_t n)
{
	c->budget -= n;
	return rt_unlikely(c->budget < 0) && rt_spend_failed(c);
}

RT_INLINE bool rt_failed(const struct rt_context *c)
{
	return rt_unlikely(c->failed != RT_OK);
}

RT_INLINE int64_t rt_div(struct rt_context *c, int64_t a, int64_t b)
{
	if (rt_unlikely((uint64_t)b + 1 <= 1)) { /* 0 or -1 */
		if (b)
			return (int64_t)-(uint64_t)a;
		rt_error(c, "division by 0");
		return 0;
	}
	return a / b;
}

RT_INLINE int64_t rt_mod(struct rt_context *c, int64_t a, int64_t b)
{
	if (rt_unlikely((uint64_t)b + 1 <= 1)) {
		if (!b)
			rt_error(c, "division by 0");
		return 0;
	}
	return a % b;
}

RT_INLINE int64_t rt_shl(int64_t a, int64_t n)
{
	return (int64_t)((uint64_t)a << (n & 63));
}

RT_INLINE int64_t rt_shr(int64_t a, int64_t n)
{
	return a >> (n & 63);
}

RT_INLINE int64_t rt_ushr(int64_t a, int64_t n)
{
	return (int64_t)((uint64_t)a >> (n & 63));
}

RT_INLINE bool rt_lock_write(struct rt_context *c, uint32_t id)
{
	struct rt_lock *l = &script_locks[id];
	uint64_t none = 0;

	return rt_likely(__atomic_compare_exchange_n(&l->word, &none, (uint64_t)c->id, false,
						     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ||
	       rt_lock_write_slow(c, l);
}

RT_INLINE void rt_unlock_write(struct rt_context *c, uint32_t id)
{
	(void)c;
	__atomic_store_n(&script_locks[id].slot[0], 0, __ATOMIC_RELEASE);
}

RT_INLINE bool rt_lock_read(struct rt_context *c, uint32_t id)
{
	struct rt_lock *l = &script_locks[id];
	uint64_t none = 0;

	return rt_likely(!__atomic_load_n(&l->waiting, __ATOMIC_RELAXED) &&
			 __atomic_compare_exchange_n(&l->word, &none, (uint64_t)c->id << 16, false,
						     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) ||
	       rt_lock_read_slow(c, l);
}

RT_INLINE void rt_unlock_read(struct rt_context *c, uint32_t id)
{
	struct rt_lock *l = &script_locks[id];

	for (unsigned i = 1; i < 4; i++)
		if (__atomic_load_n(&l->slot[i], __ATOMIC_RELAXED) == c->id) {
			__atomic_store_n(&l->slot[i], 0, __ATOMIC_RELEASE);
			break;
		}
}

RT_INLINE void rt_counter_add(struct rt_context *c, struct rt_counter *n, int64_t by)
{
	int64_t *p = &n->stripe[c->stripe].n;

	if (rt_unlikely(c->is_shared))
		__atomic_fetch_add(p, by, __ATOMIC_RELAXED);
	else
		*p = (int64_t)((uint64_t)*p + (uint64_t)by); /* one instruction */
}

RT_INLINE void rt_stat_add(const struct rt_stat_spec *s, struct rt_stat *st, int64_t x)
{
	if (st->count++ == 0) {
		st->min = x;
		st->max = x;
	} else {
		if ((s->ops & RT_STAT_MIN) && x < st->min)
			st->min = x;
		if ((s->ops & RT_STAT_MAX) && x > st->max)
			st->max = x;
	}
	st->sum = (int64_t)((uint64_t)st->sum + (uint64_t)x);
	if (s->ops & RT_STAT_VARIANCE)
		rt_stat_add_variance(s, st, x);
	if (s->hist == RT_HIST_LOG) {
		/* bucket 64 is zero, 64 + n begins at 2^(n-1), 64 - n mirrors it */
		uint64_t magnitude = x < 0 ? -(uint64_t)x : (uint64_t)x;
		int n = x ? 64 - __builtin_clzll(magnitude) : 0;

		st->bucket[x < 0 ? 64 - n : 64 + n]++;
	} else if (s->hist == RT_HIST_LINEAR) {
		/* the last bucket that has values is a whole one, also beyond HIGH */
		uint64_t i = x < s->low ? 0 :
			     ((uint64_t)x - (uint64_t)s->low) / (uint64_t)s->interval + 1;

		st->bucket[i < s->buckets ? i : s->buckets - 1]++;
	}
}

RT_INLINE void rt_stats_add(struct rt_context *c, const struct rt_stat_spec *s,
				struct rt_stats *st, int64_t x)
{
	size_t size = (offsetof(struct rt_stats_stripe, stat) + sizeof(struct rt_stat) +
		       8 * (size_t)s->buckets + 63) & ~(size_t)63;
	struct rt_stats_stripe *stripe = (struct rt_stats_stripe *)((char *)(st + 1) + c->stripe * size);

	if (rt_unlikely(c->is_shared || stripe->generation != *(volatile uint64_t *)&st->generation)) {
		rt_stats_add_slow(c, s, st, x);
		return;
	}
	/* "| 1" and not "+ 1": a thread that died in here has left it odd. */
	uint32_t odd = stripe->sequence | 1;

	__atomic_store_n(&stripe->sequence, odd, __ATOMIC_RELAXED);
	RT_STORE_FENCE();
	rt_stat_add(s, &stripe->stat, x);
	__atomic_store_n(&stripe->sequence, odd + 1, __ATOMIC_RELEASE);
}

RT_INLINE int64_t rt_stat_count(const struct rt_stat *st)
{
	return st ? st->count : 0;
}

RT_INLINE int64_t rt_stat_sum(const struct rt_stat *st)
{
	return st ? st->sum : 0;
}

static inline uint32_t rt_hash_long(int64_t key)
{
	return (uint32_t)(((uint64_t)key * 0x9e3779b97f4a7c15u) >> 32);
}

/* The element of a map with one long key, or NULL. */
static inline struct rt_entry *rt_map1_find(const struct rt_map_spec *s, struct rt_map *m, int64_t key)
{
	uint32_t i = m->bucket[rt_hash_long(key) >> s->hash_shift];

	while (i) {
		struct rt_entry *e = (struct rt_entry *)((char *)m + s->entries_at + (size_t)(i - 1) * s->entry_size);

		if (*(int64_t *)((char *)e + s->key_at[0]) == key)
			return e;
		i = e->chain;
	}
	return NULL;
}

RT_INLINE int64_t rt_map1_get_long(const struct rt_map_spec *s, struct rt_map *m, int64_t key)
{
	struct rt_entry *e = rt_map1_find(s, m, key);

	return e ? e->value[0] : 0;
}

RT_INLINE int64_t *rt_map1_long(struct rt_context *c, const struct rt_map_spec *s, struct rt_map *m, int64_t key)
{
	struct rt_entry *e = rt_map1_find(s, m, key);
	union rt_key k = { .n = key };

	return rt_likely(e != NULL) ? e->value : rt_map_long(c, s, m, &k);
}

RT_INLINE bool rt_map1_in(const struct rt_map_spec *s, struct rt_map *m, int64_t key)
{
	return rt_map1_find(s, m, key) != NULL;
}

RT_INLINE struct rt_stat *rt_map1_stat(struct rt_context *c, const struct rt_map_spec *s,
					   struct rt_map *m, int64_t key)
{
	struct rt_entry *e = rt_map1_find(s, m, key);
	union rt_key k = { .n = key };

	return rt_likely(e != NULL) ? (struct rt_stat *)e->value : rt_map_stat(c, s, m, &k);
}

/* DWARF numbers of x86-64: psABI 3.6.2 figure 3.36 */
static inline uint64_t *rt_reg_at(struct rt_regs *r, unsigned dwarf)
{
	switch (dwarf) {
	case 0: return &r->ax;
	case 1: return &r->dx;
	case 2: return &r->cx;
	case 3: return &r->bx;
	case 4: return &r->si;
	case 5: return &r->di;
	case 6: return &r->bp;
	case 7: return &r->sp;
	case 8: return &r->r8;
	case 9: return &r->r9;
	case 10: return &r->r10;
	case 11: return &r->r11;
	case 12: return &r->r12;
	case 13: return &r->r13;
	case 14: return &r->r14;
	case 15: return &r->r15;
	case 16: return &r->ip;
	default: return NULL;
	}
}

RT_INLINE int64_t rt_reg(struct rt_context *c, unsigned dwarf)
{
	return rt_likely(c->regs != NULL) ? (int64_t)*rt_reg_at(c->regs, dwarf) : rt_no_regs(c);
}

RT_INLINE void rt_set_reg(struct rt_context *c, unsigned dwarf, int64_t v)
{
	if (rt_likely(c->regs != NULL))
		*rt_reg_at(c->regs, dwarf) = (uint64_t)v;
	else
		rt_no_regs(c);
}

RT_INLINE int64_t rt_retval(struct rt_context *c)
{
	return rt_reg(c, 0);
}

RT_INLINE int64_t rt_pid(struct rt_context *c)
{
	return c->pid;
}

RT_INLINE int64_t rt_tid(struct rt_context *c)
{
	return c->tid;
}

RT_INLINE int64_t rt_target(struct rt_context *c)
{
	(void)c;
	return rt_session.target;
}

#endif

/* ---- embedded C ---- */

#define CONTEXT c
#define STAP_ERROR(...) do { rt_error(c, __VA_ARGS__); goto out; } while (0)
#define STAP_PRINTF(...) rt_printf(c, __VA_ARGS__)
#define STAP_NEXT do { *next = true; goto out; } while (0) /* to the following overload */
/* STAP_RETURN and, for pragma unmangled, THIS are each function's own: translator/emit/func.c. */

#pragma GCC visibility pop

#endif
