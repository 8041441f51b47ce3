/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every difference between kernel versions that the kernel runtime meets, and nothing else. */
#ifndef TAPSTER_RUNTIME_KERNEL_COMPAT_H
#define TAPSTER_RUNTIME_KERNEL_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/version.h>

/* 6.13: one function for hrtimer_init and the assignment of the callback. */
static inline void compat_hrtimer_setup(struct hrtimer *t, enum hrtimer_restart (*run)(struct hrtimer *),
					clockid_t clock, enum hrtimer_mode mode)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(t, run, clock, mode);
#else
	hrtimer_init(t, clock, mode);
	t->function = run;
#endif
}

#endif
