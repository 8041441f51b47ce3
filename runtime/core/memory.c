/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading and writing the probed process: the runtime's fault-free copies
 * (port.h) with the script's errors on top.
 */
#include "runtime/core/core_int.h"

void rt_read_fault(struct rt_context *c, uint64_t addr)
{
	if (!(script_info.flags & SCRIPT_SKIP_BADVARS))
		rt_error(c, "read fault [man error::fault] at 0x%llx", (long long)addr);
}

int64_t rt_read_u(struct rt_context *c, uint64_t addr, unsigned size)
{
	uint64_t v = 0; /* little-endian: the low bytes come first */

	if (rt_port_read(&v, addr, size)) {
		rt_read_fault(c, addr);
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
		rt_error(c, "write fault [man error::fault] at 0x%llx", (long long)addr);
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
		rt_read_fault(c, addr);
}

/* Escapes CH to DST where that leaves it within ROOM bytes; returns its length, or 0. */
static size_t escape_byte(char *dst, size_t room, char ch)
{
	if (ch)
		return rt_str_escape(dst, room + 1, &ch, 1);
	return room >= 4 ? rt_str_copy(dst, 5, "\\000") : 0;
}

/* What is read in one piece: up to N bytes, but not beyond a page's end, where a string may end. */
static size_t piece(uint64_t addr, size_t n, size_t most)
{
	size_t page = 4096 - (addr & 4095);

	n = n < most ? n : most;
	return n < page ? n : page;
}

void rt_read_quoted(struct rt_context *c, char *dst, size_t size, uint64_t addr, size_t n, int64_t most, bool is_string)
{
	char bytes[64];
	size_t limit = most > 0 && (size_t)most < size ? (size_t)most : size - 1;
	size_t at = 1, fit = 1; /* FIT: up to there with the closing quote and three dots it fits */
	size_t done = 0, got = 0, i = 0, len;
	bool more = true;

	if (limit < 6)
		limit = 6;
	dst[0] = '"';
	for (;; i++, done++) {
		if (i == got) {
			/* a string is looked at one byte further: is that its end? */
			got = piece(addr + done, n - done + is_string, sizeof(bytes));
			i = 0;
			more = got > 0;
			if (more && !rt_try_read(c, bytes, addr + done, got)) {
				if (done < n) {
					rt_snprintf(dst, size, "0x%llx", (long long)addr);
					return;
				}
				more = false;
			}
		}
		if (is_string && more)
			more = bytes[i] != 0;
		if (!more || done == n)
			break;
		len = escape_byte(dst + at, limit - 1 - at, bytes[i]);
		if (!len)
			break;
		at += len;
		if (at + 4 <= limit)
			fit = at;
	}
	if (more)
		at = fit;
	dst[at++] = '"';
	for (i = 0; more && i < 3; i++)
		dst[at++] = '.';
	dst[at] = 0;
}

/* The code point of a UTF-16 or UTF-32 string at *ADDR, which moves on; -1: a fault, -2: not one. */
static int64_t next_code_point(uint64_t *addr, unsigned unit)
{
	uint32_t high = 0, low = 0;

	if (rt_port_read(&high, *addr, unit))
		return -1;
	*addr += unit;
	if (unit == 4)
		return high > 0x10ffff || (high >= 0xd800 && high < 0xe000) ? -2 : (int64_t)high;
	if (high < 0xd800 || high >= 0xe000)
		return high;
	if (high >= 0xdc00)
		return -2;
	if (rt_port_read(&low, *addr, 2))
		return -1;
	*addr += 2;
	return low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((int64_t)(high - 0xd800) << 10 | (low - 0xdc00)) : -2;
}

static size_t put_utf8(char *dst, uint32_t ch)
{
	size_t n = ch < 0x80 ? 1 : ch < 0x800 ? 2 : ch < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; ch >>= 6)
		dst[i] = (char)(0x80 | (ch & 0x3f));
	dst[0] = (char)(n == 1 ? ch : (0xf00u >> n & 0xff) | ch);
	return n;
}

int rt_try_read_utf(struct rt_context *c, char *dst, size_t size, uint64_t addr, unsigned unit)
{
	char text[4];
	size_t at = 0, n;
	int64_t ch;

	(void)c;
	while ((ch = next_code_point(&addr, unit)) > 0) {
		n = put_utf8(text, (uint32_t)ch);
		if (n > size - 1 - at)
			break;
		for (size_t i = 0; i < n; i++)
			dst[at++] = text[i];
	}
	dst[ch < 0 ? 0 : at] = 0;
	return ch < 0 ? (int)ch : 0;
}
