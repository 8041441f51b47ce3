/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What embedded C finds included already on the kernel runtime, as in SystemTap's modules. */
#ifndef TAPSTER_RUNTIME_KERNEL_EMBEDDED_H
#define TAPSTER_RUNTIME_KERNEL_EMBEDDED_H

#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/utsname.h>
#include <linux/version.h>

#include "runtime/kernel/compat.h"

#endif
