/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a runtime (runtime/user/, runtime/kernel/, the hosted one of the unit
 * tests) provides to runtime/core/.  Functions here are called from handlers:
 * they don't allocate, don't sleep for long, use general registers only, leave
 * errno and signal state of the probed process alone, and never fault.
 *
 * How a runtime drives core:
 *
 *	once        rt_session is zero; fill in target, realtime conversion, limits (rt_session_init)
 *	            script_init(c)
 *	a context   zeroed memory of rt_context_size() bytes; rt_context_init(c, id, stripe) when it is
 *	            made, rt_context_claim(c, pid, tid) when a thread takes it
 *	a hit       find the context; if c->busy, rt_skip_site(site, RT_SKIP_REENTRANT); else
 *	            c->busy = 1, c->regs = ..., script_site(c, site), c->busy = 0
 *	a death     of a thread that may have been in a handler: rt_context_recover(c), by the
 *	            supervisor, when the thread surely runs no more; after it the context is free
 *	phases      rt_session_accept(RT_BEGIN), then RT_ORDINARY, RT_END or RT_ERROR decides which
 *	            handlers run
 */
#ifndef TAPSTER_RUNTIME_PORT_H
#define TAPSTER_RUNTIME_PORT_H

#include "runtime/api.h"
#include "runtime/output.h"

/* ---- provided by the runtime ---- */

/* Wall clock and monotonic clock in ns, time stamp counter, current CPU. */
uint64_t rt_port_realtime_ns(void);
uint64_t rt_port_monotonic_ns(void);
uint64_t rt_port_cycles(void);
unsigned rt_port_cpu(void);

/* Called in a wait loop with a growing ROUND: a pause instruction at first, later a yield. */
void rt_port_relax(unsigned round);

/* Memory of the probed process.  0 or -EFAULT (what was copied before a fault is unspecified). */
int rt_port_read(void *dst, uint64_t addr, size_t n);
int rt_port_write(uint64_t addr, const void *src, size_t n);
/* Copies up to and without the NUL, at most N bytes, adds no NUL: the length, or -EFAULT. */
long rt_port_read_str(char *dst, uint64_t addr, size_t n);

/* Identity of the current thread: ids as the initial namespace of the tool sees them. */
int64_t rt_port_id(struct rt_context *c, enum rt_id which);
/* The current thread's counter of a perf event; false: there is none here. */
bool rt_port_perf(struct rt_context *c, int64_t type, int64_t config, int64_t *value);
void rt_port_execname(struct rt_context *c, char *dst, size_t size); /* NUL-terminated; size >= 16 */

/* Where the arguments or the environment that the process was started with lie: NUL-terminated
 * strings one behind the other.  Both 0: not known. */
enum rt_strings { RT_ARGUMENTS, RT_ENVIRONMENT };
void rt_port_strings(struct rt_context *c, enum rt_strings which, uint64_t *start, uint64_t *end);
/* Is PID the process of -c or -x, or a descendant? */
bool rt_port_in_target_set(struct rt_context *c, int64_t pid);

/* Stack slot SLOT holds ADDRESS: where does the function return to?  (To somewhere else when that
 * is the return probes' trampoline.) */
uint64_t rt_port_real_return(struct rt_context *c, uint64_t slot, uint64_t address);

/* Load bias of script file FILE in the current process; false: not mapped. */
bool rt_port_bias(struct rt_context *c, uint32_t file, int64_t *bias);
/* Vector register N (xmm) of the hit; false: it can't be read. */
bool rt_port_vector(struct rt_context *c, unsigned n, uint64_t value[2]);
/* The base of %fs in the current thread; 0: none. */
uint64_t rt_port_thread_pointer(struct rt_context *c);

/* What file is mapped at ADDRESS of the current process; only in scripts with SCRIPT_MODULES. */
bool rt_port_module(struct rt_context *c, uint64_t address, struct rt_module *m);
/* The address that is returned to, of which VALUE was read in the stack slot SLOT: a return
 * probe may have replaced it.  And what is at IP of the program itself: it may be in a slot. */
uint64_t rt_port_return_address(struct rt_context *c, uint64_t slot, uint64_t value);
uint64_t rt_port_real_ip(struct rt_context *c, uint64_t ip);

/* What a handler printed, or a message (without "ERROR: " or "WARNING: " and without newline; a
 * command for system()).  One record: all of it reaches the reader in one piece and in order with the thread's other
 * records, or is dropped as a whole and counted in rt_session.dropped. */
void rt_port_output(struct rt_context *c, enum rt_output kind, const char *data, size_t n);

/* Sends SIGNAL to the thread that was hit.  0 or -errno. */
int rt_port_raise(struct rt_context *c, int signal);

/* rt_session.exiting or n_errors has changed: let the driver look.  C: NULL outside of handlers. */
void rt_port_wake(struct rt_context *c);

/* ---- provided by core to the runtime ---- */

/* Bytes of a context with the frames that this script needs; contexts are aligned to 64. */
size_t rt_context_size(void);
void rt_session_init(void);
/* Handlers of CLASS run from now on, no others.  False, and none do, when exit() was called or an
 * error has happened and CLASS is RT_BEGIN or RT_ORDINARY, or in the error state also RT_END. */
bool rt_session_accept(enum rt_class class);
/* ID from 1, unique among all contexts, at most 65535.  The first RT_STRIPES - 1 contexts made
 * should get ids 1 to RT_STRIPES - 1: they have stripes of their own. */
void rt_context_init(struct rt_context *c, uint16_t id);
void rt_context_claim(struct rt_context *c, int32_t pid, int32_t tid);
/* Releases the locks of a thread that died, repairs what it left half done, clears busy. */
void rt_context_recover(struct rt_context *c);

/* Ledger: a hit of SITE whose handlers could not run; and of one probe. Atomic; from any context. */
void rt_skip_site(uint32_t site, enum rt_skip reason);
void rt_skip_probe(uint32_t probe, enum rt_skip reason, uint64_t n);
/* Sums for the report at the end. */
uint64_t rt_ledger_run(uint32_t probe);
uint64_t rt_ledger_skipped(uint32_t probe, enum rt_skip reason);
const char *rt_skip_text(enum rt_skip reason);

#endif
