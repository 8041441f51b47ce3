/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the two sides of the user runtime share: the driver (host side) and the
 * code that runs inside probed processes (target side).
 *
 * A script's object is linked by object.ld at address 0 from the generated C
 * and libtapster_rt.a.  It needs no relocation.  The driver copies it into one
 * memfd, in which the offset of a byte is its address in the object:
 *
 *	text       header, code, constants            mapped r-x in every target
 *	process    struct user_process                private pages: one per process
 *	data       globals, rt_session, user_session  mapped shared, also in the driver
 *	tail       claims, contexts, rings            likewise; laid out by the driver
 *
 * All four are one range of addresses, so that the code reaches everything
 * relative to itself.  Data in the shared parts hold no pointers but those in
 * a context, which belongs to one process while it is claimed.
 *
 * A hit.  The site jumps (or the supervisor moves the thread) to its stub in a
 * page near the site.  The stub calls one of the user_entry_* routines of
 * entry.S, which finds the thread's context by its thread pointer, saves the
 * registers there, switches to the context's stack and calls the handler; then
 * all registers are put back from the context and the stub goes on into the
 * slot code behind it.  At any moment the supervisor can tell by the thread's
 * ip how to get it out:
 *
 *	in the stub, before or at the call     undo the stub's steps, ip = stub
 *	in the object's text                   set context.deferred: the thread traps
 *	                                       at user_deferred_trap when it is done
 *	from user_tail to user_tail_end        the registers are in the context: finish
 *	in the stub behind the call, the slot  it is out: its stack and registers are
 *	                                       the program's own
 *
 * This is how signals are kept away from handlers: they are delivered when the
 * thread is out.
 */
#ifndef TAPSTER_RUNTIME_USER_LAYOUT_H
#define TAPSTER_RUNTIME_USER_LAYOUT_H

#define USER_MAGIC 0x72737074 /* "tpsr" */
#define USER_ABI 6            /* changes with any struct here */

/* ---- numbers that entry.S needs; checked against the structs below ---- */

#define USER_TABLE_BITS 9
#define USER_TABLE_SIZE (1 << USER_TABLE_BITS)
#define USER_TABLE_PROBES 8 /* entries looked at from the hashed one on */
#define USER_TABLE_HASH 0x9e3779b97f4a7c15 /* 2^64 / golden ratio: stacks lie at equal distances */

#define USER_PROCESS_CLAIM_LOCK 0
#define USER_PROCESS_CLAIM_STACK 8
#define USER_PROCESS_CLAIM_STACK_SIZE 2040
#define USER_PROCESS_TABLE 2048
#define USER_PROCESS_WIPED 4096 /* the rest of the struct begins at a page */

#define USER_CONTEXT_TARGET_SP 0
#define USER_CONTEXT_STACK 8
#define USER_CONTEXT_DEFERRED 16
#define USER_CONTEXT_KEY 24
#define USER_CONTEXT_REGS 32
#define USER_CONTEXT_RT 256
#define USER_STACK_SIZE 16384

#define RT_CONTEXT_BUSY 0
#define RT_CONTEXT_IP 80

/* offsets in struct rt_regs */
#define REGS_R15 0
#define REGS_R14 8
#define REGS_R13 16
#define REGS_R12 24
#define REGS_BP 32
#define REGS_BX 40
#define REGS_R11 48
#define REGS_R10 56
#define REGS_R9 64
#define REGS_R8 72
#define REGS_AX 80
#define REGS_CX 88
#define REGS_DX 96
#define REGS_SI 104
#define REGS_DI 112
#define REGS_IP 128
#define REGS_FLAGS 144
#define REGS_SP 152

#define USER_STUB_STRIDE 176
#define USER_STUB_HANDLER 8 /* offsets in struct user_stub */
#define USER_STUB_ADDRESS 16
#define USER_STUB_SITE 24
#define USER_STUB_CODE 32
#define USER_STUB_CALL_SIZE 6  /* call *disp32(%rip) */
#define USER_STUB_LEA_SIZE 5   /* lea -128(%rsp), %rsp */
#define USER_STUB_UNLEA_SIZE 8 /* lea 128(%rsp), %rsp */
#define USER_RED_ZONE 128

#ifndef __ASSEMBLER__

#include "runtime/port.h"

/* At the start of the object.  Offsets are relative to the header. */
struct user_header {
	uint32_t magic;
	uint32_t abi; /* USER_ABI */
	uint32_t size; /* of this struct */
	int32_t text_end, process, process_end, data, end;
	int32_t modules; /* struct user_modules */
	int32_t session, rt_session;
	int32_t info, strings, files, sites, probes, globals;
	int32_t script_init, script_site, script_return, script_probe;
	int32_t hit_return, returned;
	int32_t entry[4]; /* index: enum user_entry bits */
	int32_t return_trampoline;
	int32_t deferred_trap; /* the int3's address */
	int32_t tail, tail_end;
	int32_t fixups, fixups_end; /* of struct user_fixup */
	int32_t safety_handler, restorer;
	int32_t context_init, context_claim, context_recover, context_size;
	int32_t session_init, session_accept;
	int32_t skip_site, skip_probe, ledger_run, ledger_skipped, skip_text;
};
/* A fault at FROM goes on at TO; each relative to its own place. */
struct user_fixup {
	int32_t from, to;
};
enum user_entry { USER_ENTRY_RED_ZONE = 1, USER_ENTRY_FLAGS = 2 };

/* What stands in front of a stub's code. */
struct user_stub {
	uint64_t entry;   /* user_entry_*: the stub's call goes through here */
	uint64_t handler; /* void (struct rt_context *, uint32_t site) */
	uint64_t address; /* of the site in this process */
	uint32_t site;
	uint32_t unused;
	uint8_t code[USER_STUB_STRIDE - USER_STUB_CODE]; /* lea, call, lea, slot */
};

#define USER_FILES_MAX 128
#define USER_REGIONS_MAX 32

/* A breakpoint of the supervisor's own, on an instruction that is easily done without. */
#define USER_WATCHES_MAX 16
struct user_watch {
	uint64_t address; /* 0: none */
	uint8_t does;     /* enum user_watch_does */
	uint8_t original; /* the byte under it */
	uint8_t unused[6];
};
enum user_watch_does {
	USER_WATCH_RETURN,   /* ret */
	USER_WATCH_ENDBR,    /* endbr64 */
	USER_WATCH_PUSH_BP,  /* push %rbp */
	USER_WATCH_SITE      /* a site's breakpoint serves: not in the process's own list */
};

struct user_table_entry {
	uint64_t key; /* thread pointer + 1; 0: free */
	uint64_t context; /* address of the struct user_context */
};

/* One per process, in private pages.  Written by the supervisor, but for the table. */
struct user_process {
	uint32_t claim_lock;
	uint32_t unused;
	char claim_stack[USER_PROCESS_CLAIM_STACK_SIZE] __attribute__((aligned(8)));
	struct user_table_entry table[USER_TABLE_SIZE + USER_TABLE_PROBES];
	uint32_t token; /* of the process in the session; 0: the driver, or a forked child that
			 * the supervisor doesn't know: it has no contexts */
	/* Up to here the pages are anonymous in a target, and zero after a fork, so that two
	 * processes never use one context, not even when the supervisor has died. */
	int32_t pid __attribute__((aligned(USER_PROCESS_WIPED)));
	int32_t tid;    /* driver only: thread for which a probe runs there */
	uint32_t flags; /* enum user_process_flags */
	uint64_t clock_gettime; /* the vDSO's, or 0 */
	struct user_watch watches[USER_WATCHES_MAX];
	char comm[16];
	int32_t ppid, uid, euid, gid, egid; /* as last seen by the supervisor */
	int32_t memory; /* REMOTE: file descriptor of that process's /proc/PID/mem */
	struct user_region {
		uint64_t start; /* of an array of struct user_stub */
		uint64_t n;
	} regions[USER_REGIONS_MAX];
	uint8_t mapped[USER_FILES_MAX];
	int64_t bias[USER_FILES_MAX];
	uint64_t strings[4]; /* start and end of the arguments, and of the environment */
};
enum user_process_flags {
	USER_PROCESS_DRIVER = 1,
	USER_PROCESS_QUIET = 2, /* a seccomp filter may be there: make no system calls */
	USER_PROCESS_REMOTE = 4, /* the driver runs a handler for a thread of another process */
};

/* What is mapped in the process, in private pages too; written by the supervisor when the
 * script asks (SCRIPT_MODULES) and what is mapped has changed. */
#define USER_MODULES_MAX 320
#define USER_MODULE_NAMES 24576
struct user_module {
	uint64_t start, size;
	uint32_t file; /* index into script_files, or RT_NO_FILE */
	uint32_t name; /* offset into names */
};
struct user_modules {
	uint64_t n;
	struct user_module at[USER_MODULES_MAX]; /* sorted */
	char names[USER_MODULE_NAMES]; /* "" first */
};

/* Which thread has a context; changes as a whole, so that nobody sees half of it. */
union user_claim {
	uint64_t both; /* 0: free */
	struct {
		uint32_t tid, token;
	};
};

/* A function's frame whose return address was replaced. */
struct user_return {
	uint64_t slot; /* address of the return address; 0: none */
	uint64_t real;
	uint32_t site;
	uint32_t is_tail; /* entered by the jump of a function that has a record of the same slot */
	char entry[]; /* script_info.entry_size bytes */
};
#define USER_RETURNS_MAX 1024

struct user_context {
	uint64_t target_sp; /* of the program, with the address to go on at on top */
	uint64_t stack;     /* top of our stack */
	uint32_t deferred;
	uint32_t token;
	uint64_t key;       /* as in the table: an entry whose context has another key is void */
	struct rt_regs regs;
	uint32_t ready;     /* rt_context_init was done */
	uint32_t n_returns;
	uint64_t suspended; /* an unwinder that was entered with this sp sees the real return addresses;
			     * 0: none does */
	uint64_t held; /* signals kept back by the supervisor: bit per number */
	uint64_t unused[4];
	struct rt_context rt RT_LINE;
	/* then: the returns, the stack */
};

struct user_record {
	uint32_t size; /* of the data; the next record is at the next multiple of 8 */
	uint16_t kind; /* enum rt_output, or USER_RECORD_PAD: nothing up to the ring's end */
	uint16_t context;
	uint64_t tsc;
	char data[];
};
#define USER_RECORD_PAD 0xffff

/* Written under LOCK by whoever holds it, in order of tsc; read by the driver. */
struct user_ring {
	uint32_t lock; /* context id */
	uint32_t stalled; /* a writer has waited in vain: don't */
	uint64_t head RT_LINE; /* bytes ever written */
	uint64_t last_tsc;
	uint64_t tail RT_LINE; /* bytes ever read */
	uint32_t drained;      /* futex: counts what the reader has done */
	uint32_t n_waiting;
};

#define USER_NO_PROBE 0xffffffffu

struct user_session {
	uint32_t n_contexts, context_stride;
	uint32_t return_stride, n_rings, ring_size; /* ring_size: a power of two */
	uint32_t frames_size;
	uint64_t first_return; /* uint32_t for each site: its first return probe, or USER_NO_PROBE */
	uint64_t next_return;  /* uint32_t for each probe: the next one of the same site */
	uint64_t claims, contexts, returns_at, stack_at, rings; /* *_at: in a context */
	uint32_t wake;       /* the driver is to look at rt_session */
	uint32_t next_token; /* of a process */
};

_Static_assert(offsetof(struct user_process, claim_lock) == USER_PROCESS_CLAIM_LOCK, "");
_Static_assert(offsetof(struct user_process, claim_stack) == USER_PROCESS_CLAIM_STACK, "");
_Static_assert(offsetof(struct user_process, pid) % USER_PROCESS_WIPED == 0, "");
_Static_assert(offsetof(struct user_process, table) == USER_PROCESS_TABLE, "");
_Static_assert(offsetof(struct user_context, target_sp) == USER_CONTEXT_TARGET_SP, "");
_Static_assert(offsetof(struct user_context, stack) == USER_CONTEXT_STACK, "");
_Static_assert(offsetof(struct user_context, deferred) == USER_CONTEXT_DEFERRED, "");
_Static_assert(offsetof(struct user_context, key) == USER_CONTEXT_KEY, "");
_Static_assert(offsetof(struct user_context, regs) == USER_CONTEXT_REGS, "");
_Static_assert(offsetof(struct user_context, rt) == USER_CONTEXT_RT, "");
_Static_assert(offsetof(struct rt_context, busy) == RT_CONTEXT_BUSY, "");
_Static_assert(offsetof(struct rt_context, ip) == RT_CONTEXT_IP, "");
_Static_assert(offsetof(struct rt_regs, r15) == REGS_R15, "");
_Static_assert(offsetof(struct rt_regs, r8) == REGS_R8, "");
_Static_assert(offsetof(struct rt_regs, di) == REGS_DI, "");
_Static_assert(offsetof(struct rt_regs, ip) == REGS_IP, "");
_Static_assert(offsetof(struct rt_regs, flags) == REGS_FLAGS, "");
_Static_assert(offsetof(struct rt_regs, sp) == REGS_SP, "");
_Static_assert(offsetof(struct user_stub, code) == USER_STUB_CODE, "");
_Static_assert(sizeof(struct user_stub) == USER_STUB_STRIDE, "");
_Static_assert(USER_STUB_LEA_SIZE + USER_STUB_CALL_SIZE + USER_STUB_UNLEA_SIZE + SITE_SLOT_MAX <=
		       USER_STUB_STRIDE - USER_STUB_CODE, "");

#endif
#endif
