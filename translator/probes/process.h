/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the process family share: where in which program a probe is. */
#ifndef TAPSTER_TRANSLATOR_PROBES_PROCESS_H
#define TAPSTER_TRANSLATOR_PROBES_PROCESS_H

#include "translator/dwarf/dw.h"
#include "translator/point.h"

/* probe.data of every probe of the family. */
struct process_probe {
	struct dw_file *file;  /* NULL: any process */
	struct dw_func func;   /* SITE, RETURN */
	bool is_stub;          /* it is a .plt probe */
	uint64_t pc;           /* SITE, RETURN: link-time address of the site */
};

/* target.c: the family's resolve_var */
struct expr *process_resolve_var(struct session *s, struct probe *p, struct expr *e,
				 unsigned flags);

/* process.c: default_file and plan, for the mark family too */
struct dw_file *process_default_file(const struct probe *p);
bool process_plan(struct session *s, struct probe *p);

/* syscall.c: the same for probes of system calls */
struct expr *syscall_resolve_var(struct session *s, struct probe *p, struct expr *e, unsigned flags);
void syscall_list_vars(const struct probe *p, struct buf *out);

/* target.c: the family's list_vars */
void process_list_vars(struct session *s, const struct probe *p, struct buf *out);

#endif
