/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every difference between kernel versions that the kernel runtime meets, and nothing else. */
#ifndef TAPSTER_RUNTIME_KERNEL_COMPAT_H
#define TAPSTER_RUNTIME_KERNEL_COMPAT_H

#include <linux/compat.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/string.h>
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

/* Is the system call that TASK is in one of 32-bit programs? */
static inline bool compat_is_32bit_call(struct task_struct *task)
{
#ifdef CONFIG_IA32_EMULATION
	return task_thread_info(task)->status & TS_COMPAT;
#else
	return false;
#endif
}

/* 6.8 dropped it; scripts' C calls it. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
static inline size_t strlcpy(char *to, const char *from, size_t size)
{
	if (size)
		strscpy(to, from, size);
	return strlen(from);
}
#endif

/* One page of a process that may not be the current one; mmap_lock is held.  6.5 dropped
 * an argument (linux commit ca5e863233e8). */
static inline long compat_get_user_page(struct mm_struct *mm, unsigned long address,
					unsigned int flags, struct page **page)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
	return get_user_pages_remote(mm, address, 1, flags, page, NULL);
#else
	return get_user_pages_remote(mm, address, 1, flags, page, NULL, NULL);
#endif
}

#endif
