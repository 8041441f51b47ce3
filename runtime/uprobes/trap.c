// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A task got to a breakpoint, to a trampoline, or has a signal while it is in a slot.
 *
 * The die notifier runs in the trap, interrupts off, before the kernel's own users of
 * int3.  No task-specific state is needed for a hit: the task goes to the slot, and that
 * goes back to the text by itself.
 */
#include "runtime/uprobes/uprobes_int.h"

#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/uaccess.h>

/* The trap of a breakpoint of ours that has gone meanwhile, not one of somebody else's. */
static noinline bool is_late(unsigned long address)
{
	uint8_t now;

	return copy_from_user_nofault(&now, (void __user *)address, 1) || now != BREAKPOINT;
}

/* ip is behind the 0xCC.  True: it was ours. */
static __always_inline bool handle(const struct layout *l, struct pt_regs *regs)
{
	unsigned long address = regs->ip - 1;
	const struct consumer *c;
	const struct patch *p;

	if (unlikely(layout_is_trampoline(l, address)))
		return return_arrive(regs);
	p = layout_look_up(l, address);
	if (unlikely(p->state != PATCH_ARMED)) {
		if (p == &layout_none || !is_late(address))
			return false;
		regs->ip = address; /* run what is there */
		return true;
	}
	regs->ip = address;
	if (unlikely(p->is_unwinder))
		unwind_hit(l, regs);
	hlist_for_each_entry_rcu(c, &p->site->consumers, node)
		if (likely(!c->is_limited) || consumer_means(c, current->mm))
			READ_ONCE(c->entry)(c->data, regs, l);
	if (likely(regs->ip == p->address)) /* a handler may have sent the task elsewhere */
		regs->ip = p->slot;
	return true;
}

static notrace int on_die(struct notifier_block *unused, unsigned long what, void *data)
{
	struct pt_regs *regs = ((struct die_args *)data)->regs;
	const struct layout *l;
	struct space *space;

	if (unlikely(what != DIE_INT3 || !user_mode(regs)))
		return NOTIFY_DONE;
	space = space_find(current->mm);
	l = likely(space) ? rcu_dereference(space->layout) : NULL;
	return likely(l) && handle(l, regs) ? NOTIFY_STOP : NOTIFY_DONE;
}
NOKPROBE_SYMBOL(on_die);

static struct notifier_block die_notifier = {
	.notifier_call = on_die,
	.priority = INT_MAX, /* before the kernel's uprobes and kprobes */
};

int trap_start(void)
{
	return register_die_notifier(&die_notifier);
}

void trap_stop(void)
{
	unregister_die_notifier(&die_notifier);
}

/* Where the program thinks it is when it is at IP in P's slot. */
static unsigned long program_ip(const struct patch *p, unsigned long ip)
{
	/* the slot's last instruction goes on behind the site, after all else is done */
	if (p->site->slot_size > 5 && ip == p->slot + p->site->slot_size - 5 &&
	    ip > p->slot + p->site->insn_slot)
		return p->address + p->site->cover;
	return p->address;
}

/*
 * A fault of a displaced instruction is reported as one of the program's own.  For other
 * signals the task stays in the slot, which lasts as long as the process: going back
 * would count the hit twice.
 */
void trap_signal(int sig, struct kernel_siginfo *info, struct pt_regs *regs)
{
	bool is_fault = (sig == SIGSEGV || sig == SIGBUS || sig == SIGILL || sig == SIGFPE) &&
			info->si_code > 0;
	const struct layout *l;
	const struct patch *p;
	struct space *space;
	unsigned long flags;

	rcu_read_lock();
	space = space_find(current->mm);
	l = space ? rcu_dereference(space->layout) : NULL;
	if (l && layout_is_trampoline(l, regs->ip)) {
		/* handlers run as in the trap */
		local_irq_save(flags);
		return_arrive(regs);
		local_irq_restore(flags);
	}
	if (l) {
		return_signal(regs);
		unwind_signal(l, regs);
	}
	p = l && is_fault ? layout_find_slot(l, regs->ip) : NULL;
	if (p) {
		if (info->si_addr == (void __user *)regs->ip)
			info->si_addr = (void __user *)program_ip(p, regs->ip);
		regs->ip = program_ip(p, regs->ip);
	}
	rcu_read_unlock();
}

unsigned long uprobes_real_ip(unsigned long ip)
{
	const struct layout *l;
	const struct patch *p;
	struct space *space;

	rcu_read_lock();
	space = current->mm ? space_find(current->mm) : NULL;
	l = space ? rcu_dereference(space->layout) : NULL;
	p = l ? layout_find_slot(l, ip) : NULL;
	if (p)
		ip = program_ip(p, ip);
	rcu_read_unlock();
	return ip;
}
EXPORT_SYMBOL_GPL(uprobes_real_ip);
