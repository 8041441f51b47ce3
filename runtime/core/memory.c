// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading and writing the probed process: the runtime's fault-free copies
 * (port.h) with the script's errors on top.
 */
#include "runtime/core/core_int.h"

static void fault(struct rt_context *c, const char *what, uint64_t addr)
{
	rt_error(c, "%s fault [man error::fault] at 0x%016lx", what, addr);
}

int64_t rt_read_u(struct rt_context *c, uint64_t addr, unsigned size)
{
	uint64_t v = 0; /* little-endian: the low bytes come first */

	if (rt_port_read(&v, addr, size)) {
		fault(c, "read", addr);
		return 0;
	}
	return (int64_t)v;
}

int64_t rt_read_s(struct rt_context *c, uint64_t addr, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (int64_t)((uint64_t)rt_read_u(c, addr, size) << unused) >> unused;
}

void rt_write(struct rt_context *c, uint64_t addr, unsigned size, int64_t v)
{
	if (rt_port_write(addr, &v, size))
		fault(c, "write", addr);
}

bool rt_try_read(struct rt_context *c, void *dst, uint64_t addr, size_t n)
{
	(void)c;
	return rt_port_read(dst, addr, n) == 0;
}

bool rt_try_write(struct rt_context *c, uint64_t addr, const void *src, size_t n)
{
	(void)c;
	return rt_port_write(addr, src, n) == 0;
}

bool rt_try_read_str(struct rt_context *c, char *dst, size_t size, uint64_t addr, size_t n)
{
	long len = rt_port_read_str(dst, addr, n < size - 1 ? n : size - 1);

	(void)c;
	dst[len < 0 ? 0 : len] = 0;
	return len >= 0;
}

void rt_read_str(struct rt_context *c, char *dst, size_t size, uint64_t addr)
{
	if (!rt_try_read_str(c, dst, size, addr, size))
		fault(c, "read", addr);
}
