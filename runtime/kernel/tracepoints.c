// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel.trace: tracepoints, found by name as none is exported.  Their arguments are
 * not looked at, so that one function suits all: in the C calling convention of
 * x86-64 (psABI 3.2.3) a function may ignore those that it is called with.
 */
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "runtime/kernel/kernel.h"

struct trace_probe {
	uint32_t probe;
	bool is_registered;
	const char *name;
	struct tracepoint *point;
};

static struct trace_probe *probes;
static unsigned int n_probes;

static void reached(void *data)
{
	const struct trace_probe *p = data;

	kernel_run_probe(p->probe, NULL, NULL, in_nmi());
}

static void match(struct tracepoint *point, void *unused)
{
	for (unsigned int i = 0; i < n_probes; i++)
		if (strcmp(point->name, probes[i].name) == 0)
			probes[i].point = point;
}

static void tracepoints_stop(void)
{
	for (unsigned int i = 0; i < n_probes; i++)
		if (probes[i].is_registered)
			tracepoint_probe_unregister(probes[i].point, reached, &probes[i]);
	if (n_probes)
		tracepoint_synchronize_unregister();
	kvfree(probes);
	probes = NULL;
	n_probes = 0;
}

static int tracepoints_start(void)
{
	unsigned int n = 0;
	int err = 0;

	for (uint32_t i = 0; i < script_info.n_probes; i++)
		n += script_probes[i].kind == PROBE_TRACEPOINT;
	probes = kvcalloc(n, sizeof(*probes), GFP_KERNEL);
	if (!probes)
		return -ENOMEM;
	for (uint32_t i = 0; i < script_info.n_probes; i++) {
		const char *name = script_strings + script_probes[i].symbol, *colon;

		if (script_probes[i].kind != PROBE_TRACEPOINT)
			continue;
		colon = strchr(name, ':');
		probes[n_probes].probe = i;
		probes[n_probes++].name = colon ? colon + 1 : name;
	}
	for_each_kernel_tracepoint(match, NULL);
	for (unsigned int i = 0; i < n_probes; i++) {
		struct trace_probe *p = &probes[i];

		err = p->point ? tracepoint_probe_register(p->point, reached, p) : -ENOENT;
		p->is_registered = !err;
		if (!err)
			continue;
		kernel_tell_unarmed(p->probe, p->point ? "error" : "the kernel has no such tracepoint", err);
		if (!(script_probes[p->probe].flags & PROBE_OPTIONAL)) {
			tracepoints_stop();
			return err;
		}
	}
	return 0;
}

const struct script_family script_family_tracepoints = { tracepoints_start, tracepoints_stop };
