/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What probes the kernel, and what else stapprobes(3stap) lists: recognised by its
 * full pattern, so that a misspelt one gets the usual help, and refused by name.
 * Names that SystemTap's library gives to groups of them (syscall.*, vfs.* ...) stand
 * here too: an alias of the same name goes before them.
 */
#include "translator/point.h"
#include "translator/point_messages.h"

enum kernel_tag { NEEDS_KERNEL, NOT_THERE };

#define OBJECT "{kernel,module(STRING)}"
#define NAMED ".function(STRING)"

static const struct point_pattern patterns[] = {
	{ OBJECT ".function({NUMBER,STRING}){,.call,.return,.inline,.exported}", NEEDS_KERNEL },
	{ OBJECT ".function({NUMBER,STRING}).return.maxactive(NUMBER)", NEEDS_KERNEL },
	{ OBJECT NAMED ".callee(STRING){,.call,.return}", NEEDS_KERNEL },
	{ OBJECT NAMED ".{callees,callees(NUMBER),label(STRING)}", NEEDS_KERNEL },
	{ OBJECT ".statement({NUMBER,STRING}){,.nearest,.absolute}", NEEDS_KERNEL },
	{ "kernel.{trace,mark}(STRING)", NEEDS_KERNEL },
	{ "kernel.data({NUMBER,STRING}){,.length(NUMBER)}.{write,rw}", NEEDS_KERNEL },
	{ "kprobe.function(STRING){,.call,.return}", NEEDS_KERNEL },
	{ "kprobe.function(STRING).return.maxactive(NUMBER)", NEEDS_KERNEL },
	{ "kprobe.module(STRING).function(STRING){,.call,.return}", NEEDS_KERNEL },
	{ "kprobe.module(STRING).function(STRING).return.maxactive(NUMBER)", NEEDS_KERNEL },
	{ "kprobe.statement(NUMBER).absolute", NEEDS_KERNEL },
	{ "perf.type(NUMBER).config(NUMBER)", NEEDS_KERNEL },
	{ "perf.type(NUMBER).config(NUMBER).{sample(NUMBER),hz(NUMBER),process,process(STRING)}",
	  NEEDS_KERNEL },
	{ "perf.type(NUMBER).config(NUMBER).process(STRING).counter(STRING)", NEEDS_KERNEL },
	{ "perf.type(NUMBER).config(NUMBER).counter(STRING)", NEEDS_KERNEL },
	{ "procfs{,(STRING)}{,.umask(NUMBER)}.{read,write}", NEEDS_KERNEL },
	{ "procfs{,(STRING)}{,.umask(NUMBER)}.read.maxsize(NUMBER)", NEEDS_KERNEL },
	{ "netfilter.hook(STRING).pf(STRING){,.priority(NUMBER),.priority(STRING)}", NEEDS_KERNEL },
	{ "{syscall,nd_syscall,dw_syscall,tp_syscall,syscall_any,nd_syscall_any}{,.**}", NEEDS_KERNEL },
	{ "{vfs,vm,nfs,nfsd,sunrpc,socket,tcp,udp,netdev,ipmib,linuxmib,tcpmib}{,.**}", NEEDS_KERNEL },
	{ "{signal,scheduler,kprocess,ioblock,ioblock_trace,ioscheduler,ioscheduler_trace}{,.**}",
	  NEEDS_KERNEL },
	{ "{irq_handler,softirq,workqueue,tty,scsi,netfilter,perf}{,.**}", NEEDS_KERNEL },
	{ "java({NUMBER,STRING}).class(STRING).method(STRING){,.return}", NOT_THERE },
	{ "{python2,python3}.module(STRING).function(STRING){,.call,.return}", NOT_THERE },
	{ "debuginfod.process(STRING)", NOT_THERE },
	{ "input.char", NOT_THERE },
};

static int match(struct session *s, const struct point_match *m)
{
	const char *text = point_text(s->arena, m->point);

	if (m->tag == NEEDS_KERNEL)
		diag_error(&s->diag, m->point->loc, E_NEEDS_KERNEL, text);
	else
		diag_error(&s->diag, m->point->loc, E_POINT_MISSING, text);
	return -1;
}

const struct probe_family family_kernel = {
	.name = "kernel",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
	.kernel_runtime = true,
};
