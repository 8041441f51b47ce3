// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * timer.* by hrtimers, one per probe, that run the handler in the interrupt; a
 * period is counted from when it was due, and what a busy machine misses is skipped.
 * timer.profile: one per CPU, at the rate of the kernel's tick or its own, with
 * the registers of what it interrupted.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/irq_regs.h>

#include "runtime/kernel/compat.h"
#include "runtime/kernel/kernel.h"

struct timer {
	struct hrtimer timer;
	uint32_t probe;
	int cpu; /* of a profile timer; -1: any */
};

static struct timer *timers;
static unsigned int n_timers;

static u64 period_ns(const struct timer *t)
{
	const struct script_probe *p = &script_probes[t->probe];
	s64 ns = p->arg ? p->arg : TICK_NSEC;

	if (p->arg2 > 0)
		ns += (s64)(((u64)get_random_u32() << 16 ^ get_random_u32()) % (2 * (u64)p->arg2 + 1)) - p->arg2;
	return ns > 1000 ? ns : 1000;
}

static enum hrtimer_restart expired(struct hrtimer *h)
{
	struct timer *t = container_of(h, struct timer, timer);

	kernel_run_probe(t->probe, get_irq_regs(), NULL, false);
	hrtimer_forward_now(h, ns_to_ktime(period_ns(t)));
	return HRTIMER_RESTART;
}

static void start_on(void *data)
{
	struct timer *t = data;

	hrtimer_start(&t->timer, ns_to_ktime(period_ns(t)),
		      t->cpu >= 0 ? HRTIMER_MODE_REL_PINNED_HARD : HRTIMER_MODE_REL_HARD);
}

static void add(uint32_t probe, int cpu)
{
	struct timer *t = &timers[n_timers++];

	t->probe = probe;
	t->cpu = cpu;
	compat_hrtimer_setup(&t->timer, expired, CLOCK_MONOTONIC,
			     cpu >= 0 ? HRTIMER_MODE_REL_PINNED_HARD : HRTIMER_MODE_REL_HARD);
}

static void timers_stop(void)
{
	for (unsigned int i = 0; i < n_timers; i++)
		hrtimer_cancel(&timers[i].timer);
	n_timers = 0;
	kfree(timers);
	timers = NULL;
}

static int timers_start(void)
{
	unsigned int n = 0;
	int cpu;

	for (uint32_t i = 0; i < script_info.n_probes; i++)
		n += script_probes[i].kind == PROBE_TIMER	  ? 1 :
		     script_probes[i].kind == PROBE_TIMER_PROFILE ? num_possible_cpus() :
								    0;
	timers = kcalloc(n, sizeof(*timers), GFP_KERNEL);
	if (!timers)
		return -ENOMEM;
	cpus_read_lock();
	for (uint32_t i = 0; i < script_info.n_probes; i++) {
		if (script_probes[i].kind == PROBE_TIMER)
			add(i, -1);
		else if (script_probes[i].kind == PROBE_TIMER_PROFILE)
			for_each_online_cpu(cpu)
				add(i, cpu);
	}
	for (unsigned int i = 0; i < n_timers; i++) {
		if (timers[i].cpu < 0)
			start_on(&timers[i]);
		else
			smp_call_function_single(timers[i].cpu, start_on, &timers[i], 1);
	}
	cpus_read_unlock();
	return 0;
}

const struct script_family script_family_timers = { timers_start, timers_stop };
