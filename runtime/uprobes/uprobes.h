/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine of the kernel runtime, tapster_uprobes.ko: what a script's module asks of
 * it.  A client (one per script module) names sites by inode and recipe; the engine puts
 * a breakpoint at each in every process that executes the file, now or later, calls the
 * client when a task gets there, and runs the displaced instruction in a slot.
 *
 *	uprobes_client_init      nothing is armed yet
 *	uprobes_site_add         any number of times
 *	uprobes_client_arm       sleeps; on return every process that ran is armed
 *	uprobes_client_update    sleeps; some sites rest, others wake
 *	uprobes_client_disarm    sleeps; on return no callback runs or will run again
 *
 * Several clients may have sites at the same instruction: their handlers run in the
 * order of registration.  A process is changed only through private copies of its own
 * pages; MAP_SHARED mappings of a file are never touched (and not probed).
 *
 * Contexts.  init, add, arm, update and disarm: process context, may sleep, not from a callback,
 * one at a time per client.  Callbacks: in the breakpoint trap of the task, interrupts
 * off; they must not sleep, fault or take locks that anything takes with interrupts on.
 * User memory is read by copy_from_user_nofault.  They may change registers (guru mode).
 *
 * Lock order, outermost first:
 *	engine.lock (mutex)      clients and their sites; arm, disarm
 *	space.lock (mutex)       one process' breakpoints; who holds it writes its text
 *	mmap_lock (read)         held over every change of a space's layout and of its
 *	                         text, so that fork, which holds it for write, copies both
 *	                         or neither
 *	unwinders_lock (mutex)   which files have an unwinder
 *	spaces_lock, return bucket locks (raw spinlocks, interrupts off; innermost, never two at
 *	                         once)
 * The trap takes a bucket's only, at a thread's first return probe; all else it reads under
 * RCU, or it is the thread's own, or a list without locks (return.c).
 *
 * A site (enum site_state in uprobes_int.h):
 *
 *	from     to       by
 *	-        WANTED   the first client that adds it
 *	WANTED   LEAVING  its last client disarms: no process may be armed with it any more
 *	LEAVING  WANTED   a client adds it again before all processes were restored
 *	LEAVING  -        no space's layout refers to it
 *
 * A breakpoint, that is a site at an address of one process (enum patch_state):
 *
 *	-        IDLE     the slot is written, the text is not
 *	IDLE     ARMED    0xCC is in the text
 *	ARMED    IDLE     the text is restored; the slot stays, since threads and signal
 *	                  frames may be in it; a trap that was taken before goes back to the text
 *	IDLE     REFUSED  the text holds something else than the recipe says; left alone
 *	any      -        the mapping is gone, or the process
 *
 * A return record, that is one activation of a probed function, belongs to its thread from
 * when uprobes_return writes the trampoline's address over the return address until the
 * thread returns, is found to have left the frame, execs or exits.  When its client disarms
 * meanwhile it is an orphan: the thread still returns through it, silently.
 */
#ifndef TAPSTER_UPROBES_H
#define TAPSTER_UPROBES_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/ptrace.h>
#include <linux/types.h>

#include "runtime/site.h"

struct consumer;
struct layout;
struct uprobes_client;
struct uprobes_pool;

struct uprobes_ops {
	/* A task got to the site for which uprobes_site_add had SITE; regs->ip is its
	 * address.  WHERE is the engine's, for uprobes_return. */
	void (*entry)(void *site, struct pt_regs *regs, const struct layout *where);
	/* A function returned for which entry() called uprobes_return: regs->ip is in the caller.
	 * KEPT is what that gave; it is gone after the call.  May be NULL if there are no
	 * return probes. */
	void (*returned)(void *site, struct pt_regs *regs, void *kept);
};

struct uprobes_client {
	/* set by the owner before uprobes_client_init, constant afterwards */
	const struct uprobes_ops *ops;
	void *owner_data;
	uint32_t return_size; /* bytes of data per activation */
	uint32_t return_max;  /* activations of all return probes at a time; 0: none */
	/* NULL: every process; else those for whose memory it is true, of which nothing
	 * else is changed.  Asked in any context until the client disarms.  What is true of a process stays so, and is
	 * true before anything is mapped. */
	bool (*is_meant)(const struct mm_struct *mm);

	/* read by the owner at any time */
	atomic_long_t missed_returns; /* no record was free, or the stack wasn't there */
	atomic_long_t refused;        /* breakpoints: text that isn't what the recipe says */

	/* the engine's */
	struct list_head node;  /* engine.lock */
	struct consumer *sites; /* engine.lock */
	struct uprobes_pool *pool;
	bool armed;             /* engine.lock */
};

int uprobes_client_init(struct uprobes_client *client);
/*
 * RECIPE is copied; it displaces one instruction.  MM NULL: every process; else only that one
 * (the caller holds a reference until disarm).  The caller keeps no reference to INODE: the
 * engine takes one.
 * -EEXIST: another client's recipe for this place says something else.
 */
int uprobes_site_add(struct uprobes_client *client, struct inode *inode,
		     const struct site_recipe *recipe, struct mm_struct *mm, void *site);
int uprobes_client_arm(struct uprobes_client *client);
/*
 * After arm.  Sites that rest have no breakpoint, unless another client wants it; RESTS is asked
 * of each.  On return it is so in every process.  A hit on its way may still be reported.
 */
int uprobes_client_update(struct uprobes_client *client, bool (*rests)(const void *site));
/* Also undoes a client that was initialised but not armed. */
void uprobes_client_disarm(struct uprobes_client *client);

/*
 * From entry() at a function's first instruction only: ops->returned shall be called with
 * SITE when the function returns.  Gives client->return_size bytes, of which nothing is
 * known, kept until then, or NULL (counted in missed_returns): no record is free, or the
 * stack can't be written.  May be called several times for one hit.
 */
void *uprobes_return(struct uprobes_client *client, void *site, struct pt_regs *regs,
		     const struct layout *where);

/* The address that the function will return to, which the trampoline may hide; for
 * $return-address and back-traces: ADDRESS read from stack slot SLOT. */
unsigned long uprobes_real_return(unsigned long slot, unsigned long address);

/* The address in the program of IP, which may be in a slot. */
unsigned long uprobes_real_ip(unsigned long ip);

#endif
