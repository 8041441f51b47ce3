/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What else stapprobes(3stap) lists: recognised by its full pattern, so that a misspelt
 * one gets the usual help, and refused by name.  Names that SystemTap's library gives to
 * groups of them (syscall.*, vfs.* ...) stand here too: an alias of the same name goes
 * before them.
 */
#include "translator/point.h"
#include "translator/point_messages.h"

#define OBJECT "{kernel,module(STRING)}"
#define NAMED ".function(STRING)"

static const struct point_pattern patterns[] = {
	{ "module(STRING).function({NUMBER,STRING}){,.call,.return}", 0 },
	{ "module(STRING).function({NUMBER,STRING}).return.maxactive(NUMBER)", 0 },
	{ "kernel.function(NUMBER){,.call,.return}", 0 },
	{ "kernel.function(NUMBER).return.maxactive(NUMBER)", 0 },
	{ OBJECT ".function({NUMBER,STRING}){.inline,.exported}", 0 },
	{ OBJECT NAMED ".callee(STRING){,.call,.return}", 0 },
	{ OBJECT NAMED ".{callees,callees(NUMBER),label(STRING)}", 0 },
	{ OBJECT ".statement({NUMBER,STRING}){,.nearest,.absolute}", 0 },
	{ "kernel.mark(STRING)", 0 },
	{ "kernel.data({NUMBER,STRING}){,.length(NUMBER)}.{write,rw}", 0 },
	{ "kprobe.module(STRING).function(STRING){,.call,.return}", 0 },
	{ "kprobe.module(STRING).function(STRING).return.maxactive(NUMBER)", 0 },
	{ "kprobe.statement(NUMBER).absolute", 0 },
	{ "netfilter.hook(STRING).pf(STRING){,.priority(NUMBER),.priority(STRING)}", 0 },
	{ "{syscall,nd_syscall,dw_syscall,tp_syscall,syscall_any,nd_syscall_any}{,.**}", 0 },
	{ "{vfs,vm,nfs,nfsd,sunrpc,socket,tcp,udp,netdev,ipmib,linuxmib,tcpmib}{,.**}", 0 },
	{ "{signal,scheduler,kprocess,ioblock,ioblock_trace,ioscheduler,ioscheduler_trace}{,.**}", 0 },
	{ "{irq_handler,softirq,workqueue,tty,scsi,netfilter}{,.**}", 0 },
	{ "java({NUMBER,STRING}).class(STRING).method(STRING){,.return}", 0 },
	{ "{python2,python3}.module(STRING).function(STRING){,.call,.return}", 0 },
	{ "debuginfod.process(STRING)", 0 },
	{ "input.{char,line}", 0 },
};

static int match(struct session *s, const struct point_match *m)
{
	diag_error(&s->diag, m->point->loc, E_POINT_MISSING, point_text(s->arena, m->point));
	return -1;
}

const struct probe_family family_missing = {
	.name = "missing",
	.patterns = patterns,
	.n_patterns = sizeof(patterns) / sizeof(*patterns),
	.match = match,
};
