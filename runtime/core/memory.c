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

void rt_read_quoted(struct rt_context *c, char *dst, size_t size, uint64_t addr, size_t n, int64_t most, bool is_string)
{
	char chunk[64];
	size_t at = 1, limit = size - 1, done = 0, last_fit = 1;
	bool whole = false;

	if (most > 0 && (size_t)most < limit)
		limit = (size_t)most < 6 ? 6 : (size_t)most;
	limit -= 4; /* the closing quote and three dots */
	dst[0] = '"';
	while (!whole && at < limit) {
		size_t part = n - done < sizeof(chunk) ? n - done : sizeof(chunk);

		if (part == 0) {
			char next;

			whole = !is_string || !rt_try_read(c, &next, addr + done, 1) || !next;
			break;
		}
		/* up to a page's end only: a string may end there */
		if (part > 4096 - ((addr + done) & 4095))
			part = 4096 - ((addr + done) & 4095);
		if (!rt_try_read(c, chunk, addr + done, part)) {
			rt_snprintf(dst, size, "0x%lx", addr);
			return;
		}
		for (size_t i = 0; i < part; i++) {
			if (is_string && !chunk[i]) {
				whole = true;
				break;
			}
			if (chunk[i])
				at += rt_str_escape(dst + at, limit + 1 - at, chunk + i, 1);
			else if (limit - at >= 4)
				at += rt_str_copy(dst + at, 5, "\\000");
			if (at == last_fit) {
				at = limit; /* it did not fit: nothing behind it does */
				break;
			}
			last_fit = at;
		}
		done += part;
	}
	at = last_fit;
	dst[at++] = '"';
	for (unsigned i = 0; !whole && i < 3; i++)
		dst[at++] = '.';
	dst[at] = 0;
}
