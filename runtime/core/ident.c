// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is running, and which probe: identities by way of the port, texts by way of the tables. */
#include "runtime/core/core_int.h"

void rt_execname(struct rt_context *c, char *dst, size_t size)
{
	rt_port_execname(c, dst, size);
}

int64_t rt_id(struct rt_context *c, uint32_t which)
{
	return rt_port_id(c, (enum rt_id)which);
}

int64_t rt_cpu(struct rt_context *c)
{
	(void)c;
	return rt_port_cpu();
}

const char *rt_string(uint32_t offset)
{
	return script_strings + offset;
}

/* The words of probe_type(). */
static const char *type_text(uint32_t kind)
{
	switch ((enum script_probe_kind)kind) {
	case PROBE_BEGIN: return "begin";
	case PROBE_END: return "end";
	case PROBE_ERROR: return "error";
	case PROBE_TIMER: return "timer";
	case PROBE_TIMER_PROFILE: return "timer.profile";
	case PROBE_SITE: return "uprobe";
	case PROBE_RETURN: return "uretprobe";
	case PROBE_PROCESS_BEGIN:
	case PROBE_PROCESS_END:
	case PROBE_THREAD_BEGIN:
	case PROBE_THREAD_END: return "process";
	case PROBE_SYSCALL:
	case PROBE_SYSCALL_RETURN: return "syscall";
	case PROBE_NEVER: return "never";
	}
	return "unknown";
}

const char *rt_probe_text(struct rt_context *c, uint32_t which)
{
	const struct script_probe *p = &script_probes[c->probe];

	switch ((enum rt_probe_text)which) {
	case RT_TEXT_PP: return rt_string(p->name);
	case RT_TEXT_PN: return rt_string(p->point);
	case RT_TEXT_FUNCTION: return rt_string(p->function);
	case RT_TEXT_LOCATION: return rt_string(p->location);
	case RT_TEXT_TYPE: return type_text(p->kind);
	}
	return "";
}
