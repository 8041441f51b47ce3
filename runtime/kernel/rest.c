// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Arming on the fly: sites of programs rest, without a breakpoint, while the conditions of
 * all their probes are false ("probe process(...).function(...) if (on)").
 *
 * A condition reads globals and nothing else.  So one that was false at a hit stays false
 * until one of its globals is written, and nobody has to evaluate it anew: a handler that
 * finds its condition false leaves a mark (script_refused), one that has written such a
 * global calls rt_changed with the global's watch, a bit that each such global has
 * (several share one where there are more than 32).  In a script without conditions there
 * is neither.
 *
 * Every PERIOD look_around goes through the sites: have all probes of one refused a hit, and
 * has nothing that their conditions read been written since before those hits?  If so for
 * as many periods as its patience lasts, the site rests.  Patience doubles when it had to be
 * woken soon: a condition that comes and goes costs no more than the hits would.
 *
 * A write to what resting sites wait for wakes them: at once, and before the task that has
 * written goes back to its program, so that it can't get past a site that it has just
 * enabled.  (Other tasks, and handlers of timers and the like, have no such order.)
 *
 * A watch is in exactly one of these states, so that no write is overlooked:
 *
 *	CHANGED  has it   written since the period began; rt_changed has nothing to do
 *	RESTING  has it   sites rest that wait for it: every write comes to rt_port_changed
 *	neither           the first write comes there and makes it CHANGED
 *
 * The writer writes CHANGED and then reads RESTING, look_around the other way round, with full
 * barriers between; where each sees the other the site wakes again.  A handler may have
 * written a global and not said so yet, or looked at CHANGED before it was emptied: that
 * is why marks are emptied two grace periods after it.  (Handlers run with interrupts off.)
 *
 * Sites with return probes don't rest: what matters is the condition at the return, and a
 * return without its entry would be overlooked.
 */
#include <linux/atomic.h>
#include <linux/irq_work.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "runtime/kernel/kernel.h"

enum { PATIENCE_MAX = 64 };   /* periods */
#define PERIOD (HZ / 10)
#define LONG_REST (10 * HZ)   /* after it patience is short again */
#define WAIT_MAX HZ           /* of a task that has woken sites */

/* Of each site; rests_lock. */
static struct rest {
	uint32_t watches;         /* that its probes' conditions read; 0: it never rests */
	uint32_t first_probe;     /* and next_probe of that: its probes, up to NO_PROBE */
	bool rests;
	uint8_t patience, quiet;  /* periods */
	unsigned long since;      /* jiffies, when it began to rest */
} *rests;
static uint32_t *next_probe;
#define NO_PROBE U32_MAX

static DEFINE_MUTEX(rests_lock);
static atomic_t *const changed = (atomic_t *)&rt_session.changed;
static atomic_t resting;           /* set of watches */
static atomic_t wanted;            /* set of watches that were written while they were resting */
static uint32_t woken;             /* those that wake_up_sites has taken from there, for look_around; rests_lock */
static atomic_t n_begun, n_done;   /* runs of wake_up_sites */
static bool is_stopping;
static DECLARE_WAIT_QUEUE_HEAD(awake_queue);

static void wake_up_sites(struct work_struct *work);
static DECLARE_WORK(waking, wake_up_sites);
static void look_around(struct work_struct *work);
static DECLARE_DELAYED_WORK(looking, look_around);

static_assert(sizeof(atomic_t) == sizeof(rt_session.changed));

/* ---- writers: in handlers, interrupts off ---- */

static void queue_waking(struct irq_work *work)
{
	queue_work(system_unbound_wq, &waking);
}
static DEFINE_IRQ_WORK(kick, queue_waking); /* a handler may be in the scheduler or a workqueue's code */

struct waiter {
	struct callback_head work;
	int run; /* of wake_up_sites, that will have seen what we wrote */
};

static void wait_until_awake(struct callback_head *work)
{
	struct waiter *w = container_of(work, struct waiter, work);

	wait_event_killable_timeout(awake_queue,
				    READ_ONCE(is_stopping) || atomic_read(&n_done) - w->run >= 0, WAIT_MAX);
	kfree(w);
	kernel_later_done();
}

static void wait_before_return(void)
{
	struct waiter *w = kmalloc(sizeof(*w), GFP_ATOMIC | __GFP_NOWARN);

	if (!w)
		return;
	w->run = atomic_read(&n_begun) + 1;
	if (!kernel_do_later(&w->work, wait_until_awake))
		kfree(w);
}

void rt_port_changed(struct rt_context *c, uint32_t watches)
{
	uint32_t waiting;

	atomic_or(watches & ~(uint32_t)atomic_read(&resting), changed);
	smp_mb__after_atomic();
	waiting = watches & (uint32_t)atomic_read(&resting);
	if (!waiting || READ_ONCE(is_stopping))
		return;
	atomic_andnot(waiting, changed);
	atomic_or(waiting, &wanted);
	smp_mb__after_atomic();
	irq_work_queue(&kick);
	if (in_task() && current->mm && !(current->flags & (PF_KTHREAD | PF_EXITING)))
		wait_before_return();
}

/* ---- the works ---- */

static bool does_rest(uint32_t site)
{
	return rests[site].rests;
}

static void note_resting(void)
{
	uint32_t watches = 0;

	for (uint32_t i = 0; i < script_info.n_sites; i++)
		if (rests[i].rests)
			watches |= rests[i].watches;
	atomic_set(&resting, watches);
}

static void wake_up_sites(struct work_struct *work)
{
	bool any = false;
	uint32_t watches;

	atomic_inc(&n_begun);
	smp_mb__after_atomic();
	mutex_lock(&rests_lock);
	watches = atomic_xchg(&wanted, 0);
	woken |= watches;
	for (uint32_t i = 0; i < script_info.n_sites; i++) {
		struct rest *r = &rests[i];

		if (!r->rests || !(r->watches & watches))
			continue;
		if (time_after(jiffies, r->since + LONG_REST))
			r->patience = 1;
		else
			r->patience = min(2 * r->patience, PATIENCE_MAX);
		r->rests = false;
		r->quiet = 0;
		any = true;
	}
	if (any) {
		sites_update(does_rest);
		note_resting();
		mod_delayed_work(system_unbound_wq, &looking, PERIOD);
	}
	mutex_unlock(&rests_lock);
	atomic_inc(&n_done);
	wake_up_all(&awake_queue);
}

static bool all_refused(const struct rest *r)
{
	for (uint32_t i = r->first_probe; i != NO_PROBE; i = next_probe[i])
		if (!READ_ONCE(script_refused[i]))
			return false;
	return true;
}

/* The sites that can rest, given what WAS_WRITTEN in this period, do.  Is one left that may, some day? */
static bool let_rest(uint32_t was_written)
{
	bool any = false, others = false;
	uint32_t watches = 0;

	for (uint32_t i = 0; i < script_info.n_sites; i++) {
		struct rest *r = &rests[i];

		if (!r->watches || r->rests)
			continue;
		if (r->watches & was_written || !all_refused(r))
			r->quiet = 0;
		else
			r->quiet++;
		r->rests = r->quiet >= r->patience;
		if (r->rests)
			watches |= r->watches;
	}
	atomic_or(watches, &resting);
	smp_mb__after_atomic();
	was_written = atomic_read(changed);
	for (uint32_t i = 0; i < script_info.n_sites; i++) {
		struct rest *r = &rests[i];

		if (r->rests && r->quiet) { /* since a moment ago */
			r->rests = !(r->watches & was_written);
			r->quiet = 0;
			r->since = jiffies;
			any |= r->rests;
		}
		others |= r->watches && !r->rests;
	}
	if (any)
		sites_update(does_rest);
	if (watches)
		note_resting();
	return others;
}

static void look_around(struct work_struct *work)
{
	uint32_t was_written = atomic_xchg(changed, 0);
	bool others;

	synchronize_rcu();
	mutex_lock(&rests_lock);
	was_written |= (uint32_t)atomic_read(changed) | woken;
	woken = 0;
	others = let_rest(was_written);
	mutex_unlock(&rests_lock);
	synchronize_rcu();
	memset(script_refused, 0, script_info.n_probes);
	if (others)
		queue_delayed_work(system_unbound_wq, &looking, PERIOD);
}

/* ---- the family ---- */

static void add_probe(uint32_t probe)
{
	const struct script_probe *p = &script_probes[probe];
	struct rest *r = &rests[p->arg];
	bool is_first = r->first_probe == NO_PROBE;

	next_probe[probe] = r->first_probe;
	r->first_probe = probe;
	if (p->kind == PROBE_SITE && p->condition && (is_first || r->watches))
		r->watches |= p->condition;
	else
		r->watches = 0;
}

static void rest_stop(void)
{
	WRITE_ONCE(is_stopping, true);
	wake_up_all(&awake_queue);
	if (rests) {
		synchronize_rcu(); /* handlers that may kick */
		irq_work_sync(&kick);
		cancel_work_sync(&waking);
		cancel_delayed_work_sync(&looking);
	}
	kvfree(rests);
	kvfree(next_probe);
	rests = NULL;
	next_probe = NULL;
}

static int rest_start(void)
{
	rests = kvcalloc(script_info.n_sites, sizeof(*rests), GFP_KERNEL);
	next_probe = kvcalloc(script_info.n_probes, sizeof(*next_probe), GFP_KERNEL);
	if (!rests || !next_probe) {
		rest_stop();
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < script_info.n_sites; i++)
		rests[i] = (struct rest){ .first_probe = NO_PROBE, .patience = 1 };
	for (uint32_t i = 0; i < script_info.n_probes; i++)
		if (script_probes[i].kind == PROBE_SITE || script_probes[i].kind == PROBE_RETURN)
			add_probe(i);
	queue_delayed_work(system_unbound_wq, &looking, PERIOD);
	return 0;
}

const struct script_family script_family_rest = { rest_start, rest_stop };
