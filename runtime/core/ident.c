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

const char *rt_probe_text(struct rt_context *c, uint32_t which)
{
	const struct script_probe *p = &script_probes[c->probe];

	switch ((enum rt_probe_text)which) {
	case RT_TEXT_PP: return rt_string(p->name);
	case RT_TEXT_PN: return rt_string(p->point);
	case RT_TEXT_FUNCTION: return rt_string(p->function);
	case RT_TEXT_LOCATION: return rt_string(p->location);
	}
	return "";
}
