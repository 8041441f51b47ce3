// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Probes of the kernel's functions and their returns, by kprobes and kretprobes, one for
 * each probe of the script.
 *
 * Where handlers may run.  A kprobe is entered from ftrace, with interrupts as they
 * were, or by a breakpoint, whose exception counts as an NMI; so "in an NMI" is told by
 * how deep.  A function that our own handler calls is not probed: if the handler runs
 * in a kprobe the kernel counts the hit as missed (nmissed), else the context is busy
 * and we do.
 */
#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "runtime/kernel/kernel.h"

struct kernel_probe {
	uint32_t probe;
	bool is_registered;
	union {
		struct kprobe entry;
		struct kretprobe ret;
	};
};

static struct kernel_probe *probes;
static unsigned int n_probes;

static bool is_kernel_probe(const struct script_probe *p)
{
	return p->kind == PROBE_KERNEL_FUNCTION || p->kind == PROBE_KERNEL_RETURN;
}

static struct kprobe *kprobe_of(struct kernel_probe *p)
{
	return script_probes[p->probe].kind == PROBE_KERNEL_RETURN ? &p->ret.kp : &p->entry;
}

static bool is_in_nmi(const struct kprobe *k)
{
	return (preempt_count() & NMI_MASK) > (k->flags & KPROBE_FLAG_FTRACE ? 0 : NMI_OFFSET);
}

/* The handler's registers are those at the function's first byte. */
static int entered(struct kprobe *k, struct pt_regs *regs)
{
	struct kernel_probe *p = container_of(k, struct kernel_probe, entry);
	unsigned long ip = regs->ip;

	regs->ip = (unsigned long)k->addr;
	kernel_run_probe(p->probe, regs, NULL, is_in_nmi(k));
	regs->ip = ip;
	return 0;
}

/* 0: tell of the return.  What is evaluated here is in the record. */
static int returns_later(struct kretprobe_instance *record, struct pt_regs *regs)
{
	struct kernel_probe *p = container_of(get_kretprobe(record), struct kernel_probe, ret);
	struct rt_context *c;
	unsigned long flags;

	if (!(READ_ONCE(rt_session.accept) & RT_ORDINARY))
		return 1;
	if (!p->ret.data_size)
		return 0;
	local_irq_save(flags);
	c = is_in_nmi(&p->ret.kp) ? NULL : kernel_context_take(regs, NULL);
	if (c) {
		c->entry = record->data;
		script_entry(c, p->probe);
		c->entry = NULL;
		kernel_context_put(c);
	} else {
		rt_skip_probe(p->probe, RT_SKIP_REENTRANT, 1);
	}
	local_irq_restore(flags);
	return !c;
}

static int returned(struct kretprobe_instance *record, struct pt_regs *regs)
{
	struct kernel_probe *p = container_of(get_kretprobe(record), struct kernel_probe, ret);
	struct rt_context *c;
	unsigned long flags;

	local_irq_save(flags);
	c = in_nmi() ? NULL : kernel_context_take(regs, NULL);
	if (c) {
		c->entry = record->data;
		c->is_return = 1;
		script_probe(c, p->probe);
		c->is_return = 0;
		c->entry = NULL;
		kernel_context_put(c);
	} else {
		rt_skip_probe(p->probe, RT_SKIP_REENTRANT, 1);
	}
	local_irq_restore(flags);
	return 0;
}

static int register_one(struct kernel_probe *p)
{
	const struct script_probe *s = &script_probes[p->probe];
	int err;

	kprobe_of(p)->symbol_name = script_strings + s->symbol;
	if (s->kind == PROBE_KERNEL_RETURN) {
		p->ret.handler = returned;
		p->ret.entry_handler = returns_later;
		p->ret.data_size = script_info.entry_size;
		p->ret.maxactive = (int)s->arg2;
		err = register_kretprobe(&p->ret);
	} else {
		p->entry.pre_handler = entered;
		err = register_kprobe(&p->entry);
	}
	p->is_registered = !err;
	return err;
}

static const char *why(int err)
{
	switch (err) {
	case -ENOENT: return "the kernel has no such function";
	case -EADDRNOTAVAIL: return "several functions of the kernel have this name";
	case -EINVAL: return "the kernel allows no probes there";
	default: return "error";
	}
}

static void count_missed(struct kernel_probe *p)
{
	unsigned long missed = kprobe_of(p)->nmissed;

	if (missed)
		rt_skip_probe(p->probe, RT_SKIP_REENTRANT, missed);
	if (script_probes[p->probe].kind == PROBE_KERNEL_RETURN && p->ret.nmissed)
		rt_skip_probe(p->probe, RT_SKIP_RETURN, p->ret.nmissed);
}

/* Those that are unregistered together wait for handlers once. */
static void kprobes_stop(void)
{
	struct kprobe **entries = kvcalloc(n_probes + 1, sizeof(*entries), GFP_KERNEL | __GFP_NOFAIL);
	struct kretprobe **returns = kvcalloc(n_probes + 1, sizeof(*returns), GFP_KERNEL | __GFP_NOFAIL);
	int n_entries = 0, n_returns = 0;

	for (unsigned int i = 0; i < n_probes; i++) {
		struct kernel_probe *p = &probes[i];

		if (!p->is_registered)
			continue;
		if (script_probes[p->probe].kind == PROBE_KERNEL_RETURN)
			returns[n_returns++] = &p->ret;
		else
			entries[n_entries++] = &p->entry;
	}
	if (n_entries)
		unregister_kprobes(entries, n_entries);
	if (n_returns)
		unregister_kretprobes(returns, n_returns);
	for (unsigned int i = 0; i < n_probes; i++)
		if (probes[i].is_registered)
			count_missed(&probes[i]);
	kvfree(entries);
	kvfree(returns);
	kvfree(probes);
	probes = NULL;
	n_probes = 0;
}

static int kprobes_start(void)
{
	unsigned int n = 0;

	for (uint32_t i = 0; i < script_info.n_probes; i++)
		n += is_kernel_probe(&script_probes[i]);
	probes = kvcalloc(n, sizeof(*probes), GFP_KERNEL);
	if (!probes)
		return -ENOMEM;
	/* of several at one place the kernel calls the one that came last first */
	for (uint32_t i = script_info.n_probes; i-- > 0;) {
		struct kernel_probe *p = &probes[n_probes];
		int err;

		if (!is_kernel_probe(&script_probes[i]))
			continue;
		p->probe = i;
		n_probes++;
		err = register_one(p);
		if (!err)
			continue;
		kernel_tell_unarmed(i, why(err), err);
		if (!(script_probes[i].flags & PROBE_OPTIONAL)) {
			kprobes_stop();
			return err;
		}
	}
	return 0;
}

const struct script_family script_family_kprobes = { kprobes_start, kprobes_stop };
