// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * perf: samples, an event on each CPU; and counters of threads for @perf.
 *
 * A thread's counter is made when it is first asked for.  That needs a task that may sleep, so it
 * happens when the thread goes back to user mode, and that first time its value is 0: differences
 * between two values are what they should be.  The event keeps the task's structure alive, so
 * that its address stands for the thread; events of threads that have died make room when there is
 * little.
 *
 * A hardware event's overflow is an NMI, in which no handler runs: an irq_work follows at once.
 */
#include <linux/irq_work.h>
#include <linux/perf_event.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/task_work.h>
#include <linux/wait.h>
#include <asm/irq_regs.h>

#include "runtime/kernel/kernel.h"

enum { MOST_COUNTERS = 1024 };

/* ---- samples ---- */

struct sampler {
	struct perf_event *event;
	struct irq_work work; /* after an NMI */
	uint32_t probe;
};

static struct sampler *samplers;
static unsigned int n_samplers;

static void run_after_nmi(struct irq_work *work)
{
	kernel_run_probe(container_of(work, struct sampler, work)->probe, get_irq_regs(), NULL, false);
}

static void overflowed(struct perf_event *event, struct perf_sample_data *data, struct pt_regs *regs)
{
	struct sampler *s = event->overflow_handler_context;

	if (in_nmi())
		irq_work_queue(&s->work);
	else
		kernel_run_probe(s->probe, regs, NULL, false);
}

static int sample_on(uint32_t probe, int cpu)
{
	const struct script_probe *p = &script_probes[probe];
	struct perf_event_attr attr = {
		.type = p->pid,
		.config = p->arg,
		.size = sizeof(attr),
		.freq = p->arg2 < 0,
		.sample_period = p->arg2 < 0 ? -p->arg2 : p->arg2,
	};
	struct sampler *s = &samplers[n_samplers];

	s->probe = probe;
	init_irq_work(&s->work, run_after_nmi);
	s->event = perf_event_create_kernel_counter(&attr, cpu, NULL, overflowed, s);
	if (IS_ERR(s->event))
		return PTR_ERR(s->event);
	n_samplers++;
	return 0;
}

static int samplers_start(void)
{
	unsigned int n = 0;
	int cpu, err = 0;

	for (uint32_t i = 0; i < script_info.n_probes; i++)
		n += script_probes[i].kind == PROBE_PERF;
	if (!n)
		return 0;
	samplers = kcalloc(n * num_possible_cpus(), sizeof(*samplers), GFP_KERNEL);
	if (!samplers)
		return -ENOMEM;
	for (uint32_t i = 0; i < script_info.n_probes && !err; i++) {
		if (script_probes[i].kind != PROBE_PERF)
			continue;
		for_each_online_cpu(cpu) {
			err = sample_on(i, cpu);
			if (err) {
				kernel_tell_unarmed(i, "the kernel refuses this event", err);
				break;
			}
		}
		if (script_probes[i].flags & PROBE_OPTIONAL)
			err = 0;
	}
	return err;
}

static void samplers_stop(void)
{
	for (unsigned int i = 0; i < n_samplers; i++) {
		perf_event_release_kernel(samplers[i].event);
		irq_work_sync(&samplers[i].work);
	}
	n_samplers = 0;
	kfree(samplers);
	samplers = NULL;
}

/* ---- counters of threads ---- */

struct counter {
	struct task_struct *task; /* NULL: free */
	int64_t type, config;
	struct perf_event *event; /* NULL: it is being made; or an error */
};

struct order {
	struct callback_head work;
	struct counter *counter;
};

static struct counter *counters;
static unsigned int n_counters; /* ever used */
static DEFINE_RAW_SPINLOCK(counters_lock);
static atomic_t n_orders;
static DECLARE_WAIT_QUEUE_HEAD(no_orders);
static bool were_orders;

/* The lock is held. */
static struct counter *find(struct task_struct *task, int64_t type, int64_t config)
{
	for (unsigned int i = 0; i < n_counters; i++)
		if (counters[i].task == task && counters[i].type == type && counters[i].config == config)
			return &counters[i];
	return NULL;
}

static struct counter *take_free(void)
{
	for (unsigned int i = 0; i < n_counters; i++)
		if (!counters[i].task)
			return &counters[i];
	return n_counters < MOST_COUNTERS ? &counters[n_counters++] : NULL;
}

/* Frees what belonged to threads that are gone; may sleep. */
static void sweep(void)
{
	for (unsigned int i = 0; i < MOST_COUNTERS; i++) {
		struct perf_event *event = NULL;

		raw_spin_lock_irq(&counters_lock);
		if (counters[i].task && !IS_ERR_OR_NULL(counters[i].event) &&
		    READ_ONCE(counters[i].event->state) <= PERF_EVENT_STATE_EXIT) {
			event = counters[i].event;
			counters[i].task = NULL;
		}
		raw_spin_unlock_irq(&counters_lock);
		if (event)
			perf_event_release_kernel(event);
	}
}

/* In the thread's own context, on its way to user mode. */
static void make_counter(struct callback_head *work)
{
	struct order *o = container_of(work, struct order, work);
	struct perf_event_attr attr = {
		.type = o->counter->type,
		.config = o->counter->config,
		.size = sizeof(attr),
	};
	struct perf_event *event;

	if (READ_ONCE(n_counters) > MOST_COUNTERS / 2)
		sweep();
	event = current->flags & PF_EXITING ? ERR_PTR(-ESRCH) :
					      perf_event_create_kernel_counter(&attr, -1, current, NULL, NULL);
	raw_spin_lock_irq(&counters_lock);
	if (current->flags & PF_EXITING)
		o->counter->task = NULL; /* the address may soon be another's */
	else
		o->counter->event = event;
	raw_spin_unlock_irq(&counters_lock);
	kfree(o);
	if (atomic_dec_and_test(&n_orders))
		wake_up(&no_orders);
}

static bool order(struct counter *counter)
{
	struct order *o = kmalloc(sizeof(*o), GFP_ATOMIC | __GFP_NOWARN);

	if (!o)
		return false;
	o->counter = counter;
	init_task_work(&o->work, make_counter);
	WRITE_ONCE(were_orders, true);
	atomic_inc(&n_orders);
	if (task_work_add(current, &o->work, TWA_RESUME) == 0)
		return true;
	atomic_dec(&n_orders);
	kfree(o);
	return false;
}

/* Interrupts are off, so the current thread's event stays on this CPU. */
static int64_t value_of(struct perf_event *event)
{
	if (event->state == PERF_EVENT_STATE_ACTIVE)
		event->pmu->read(event);
	return local64_read(&event->count);
}

bool rt_port_perf(struct rt_context *c, int64_t type, int64_t config, int64_t *value)
{
	struct counter *counter;
	struct perf_event *event = NULL;
	bool good = true;

	*value = 0;
	if (!READ_ONCE(counters) || kernel_may_sleep(c) || kernel_task(c) != current || !current->mm)
		return false;
	raw_spin_lock(&counters_lock);
	counter = find(current, type, config);
	if (counter) {
		event = counter->event;
	} else {
		counter = take_free();
		if (counter) {
			*counter = (struct counter){ current, type, config, NULL };
			good = order(counter);
			if (!good)
				counter->task = NULL;
		} else {
			good = false;
		}
	}
	raw_spin_unlock(&counters_lock);
	if (IS_ERR(event))
		return false;
	if (event)
		*value = value_of(event);
	return good;
}

/* ---- the family ---- */

/* Of all families the last: nobody asks for counters any more. */
static void perf_stop(void)
{
	samplers_stop();
	if (!counters)
		return;
	wait_event(no_orders, atomic_read(&n_orders) == 0);
	if (were_orders)
		synchronize_rcu_tasks(); /* make_counter's last instructions */
	for (unsigned int i = 0; i < n_counters; i++)
		if (counters[i].task && !IS_ERR_OR_NULL(counters[i].event))
			perf_event_release_kernel(counters[i].event);
	kvfree(counters);
	counters = NULL;
	n_counters = 0;
	were_orders = false;
}

static int perf_start(void)
{
	int err;

	if (script_info.flags & SCRIPT_COUNTS) {
		counters = kvcalloc(MOST_COUNTERS, sizeof(*counters), GFP_KERNEL);
		if (!counters)
			return -ENOMEM;
	}
	err = samplers_start();
	if (err)
		perf_stop();
	return err;
}

const struct script_family script_family_perf = { perf_start, perf_stop };
