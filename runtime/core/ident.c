/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is running, with which arguments, and which probe: by way of the port, texts by way of the tables. */
#include "runtime/core/core_int.h"

void rt_execname(struct rt_context *c, char *dst, size_t size)
{
	if (!c->has_execname)
		rt_port_execname(c, c->execname, sizeof(c->execname));
	c->has_execname = 1;
	rt_str_copy(dst, size, c->execname);
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

/* The words of probe_type(), those of SystemTap. */
static const char *type_text(const struct script_probe *p)
{
	switch ((enum script_probe_kind)p->kind) {
	case PROBE_BEGIN:
	case PROBE_END:
	case PROBE_ERROR: return "begin_end";
	case PROBE_TIMER: return rt_str_find(rt_string(p->name), "timer.jiffies") ? "timer" : "hrtimer";
	case PROBE_TIMER_PROFILE:
	case PROBE_PERF: return "perf_event";
	case PROBE_SITE: return "uprobe";
	case PROBE_RETURN: return "uretprobe";
	case PROBE_PROCESS_BEGIN:
	case PROBE_PROCESS_END:
	case PROBE_THREAD_BEGIN:
	case PROBE_THREAD_END: return "utrace";
	case PROBE_SYSCALL:
	case PROBE_SYSCALL_RETURN: return "utrace_syscall";
	case PROBE_KERNEL_FUNCTION: return "kprobe";
	case PROBE_KERNEL_RETURN: return "kretprobe";
	case PROBE_TRACEPOINT: return "tracepoint";
	case PROBE_PROCFS_READ:
	case PROBE_PROCFS_WRITE: return "procfs";
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
	case RT_TEXT_TYPE: return type_text(p);
	}
	return "";
}

bool rt_in_target_set(struct rt_context *c, int64_t pid)
{
	return rt_port_in_target_set(c, pid);
}

/* ---- arguments and environment ---- */

/* Reads the string at *AT into DST, cut to SIZE, and moves *AT behind its NUL.  False: there is
 * no more before END, or it can't be read. */
static bool next_string(char *dst, size_t size, uint64_t *at, uint64_t end)
{
	char rest[64];
	long n;

	if (*at >= end)
		return false;
	n = rt_port_read_str(dst, *at, size - 1);
	if (n < 0)
		return false;
	dst[n] = 0;
	*at += (uint64_t)n;
	/* what was cut: up to the NUL */
	for (n = n == (long)size - 1 ? (long)sizeof(rest) : 0; n == sizeof(rest) && *at < end; *at += (uint64_t)n) {
		n = rt_port_read_str(rest, *at, sizeof(rest));
		if (n < 0)
			return false;
	}
	++*at;
	return true;
}

void rt_arguments(struct rt_context *c, char *dst, size_t size, int64_t first, int64_t last, const char *delimiter)
{
	uint64_t at, end;
	size_t n = 0;

	dst[0] = 0;
	if (last >= 0 && last < first)
		last = -1;
	rt_port_strings(c, RT_ARGUMENTS, &at, &end);
	for (int64_t i = 0; n + 1 < size && (last < 0 || i <= last); i++) {
		if (i > first && i > 0 && at < end)
			n += rt_str_copy(dst + n, size - n, delimiter);
		if (!next_string(dst + n, size - n, &at, end))
			break;
		if (i >= first)
			n += rt_str_len(dst + n);
	}
	dst[n] = 0;
}

void rt_environment(struct rt_context *c, char *dst, size_t size, const char *name)
{
	char key[128];
	size_t n = rt_str_len(name);
	uint64_t at, end, here;

	dst[0] = 0;
	rt_port_strings(c, RT_ENVIRONMENT, &at, &end);
	for (here = at; n < sizeof(key) - 1 && next_string(key, sizeof(key), &at, end); here = at) {
		if (key[n] != '=')
			continue;
		key[n] = 0;
		if (!rt_str_eq(key, name))
			continue;
		here += n + 1;
		next_string(dst, size, &here, end);
		return;
	}
}

int64_t rt_perf(struct rt_context *c, int64_t type, int64_t config)
{
	int64_t value = 0;

	if (!rt_port_perf(c, type, config, &value))
		rt_error(c, "no perf counter of type %lld, config %lld here", (long long)type, (long long)config);
	return value;
}
