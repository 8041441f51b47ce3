/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "runtime/user/maps.h"
#include "testsuite/tapster.unit/unit.h"

/* A process like most: a program with its heap, libraries, a stack. */
static struct mapping typical[] = {
	{ .start = 0x555555554000, .end = 0x555555558000, .path = "/bin/x" },
	{ .start = 0x555555559000, .end = 0x55555557a000, .path = "[heap]" },
	{ .start = 0x7ffff7c00000, .end = 0x7ffff7e00000, .path = "/lib/libc.so" },
	{ .start = 0x7ffff7e10000, .end = 0x7ffff7e20000, .path = "/lib/ld.so" },
	{ .start = 0x7ffffffde000, .end = 0x7ffffffff000, .path = "[stack]" },
};
static const struct maps process = { .at = typical, .n = 5 };

static void below_the_program(void)
{
	CHECK_INT(maps_gap(&process, 0x555555555000, 0x555555556000, 0x1000, 0), 0x555555553000);
}

static void between_libraries(void)
{
	/* top end of the range below the lowest one first, then the hole further up */
	CHECK_INT(maps_gap(&process, 0x7ffff7c10000, 0x7ffff7c20000, 0x1000, 0), 0x7ffff7bff000);
	CHECK_INT(maps_gap(&process, 0x7ffff7e11000, 0x7ffff7e12000, 0x1000, 0), 0x7ffff7e0f000);
	CHECK_INT(maps_gap(&process, 0x7ffff7e11000, 0x7ffff7e12000, 0x1000, 1), 0x7ffff7bff000);
}

static void low_program(void)
{
	static struct mapping low[] = {
		{ .start = 0x400000, .end = 0x402000, .path = "/bin/x" },
		{ .start = 0x403000, .end = 0x424000, .path = "[heap]" },
	};
	const struct maps m = { .at = low, .n = 2 };
	CHECK_INT(maps_gap(&m, 0x401000, 0x401000, 0x2000, 0), 0x3fe000);
	/* larger than what is below: far above, clear of the heap, in reach */
	uint64_t at = maps_gap(&m, 0x401000, 0x401000, 0x800000, 0);
	CHECK(at > 0x40000000 && at + 0x800000 <= 0x401000 + (1ULL << 31));
}

static void out_of_reach(void)
{
	static struct mapping full[] = {
		{ .start = 0x10000, .end = 0x100000000, .path = "" },
		{ .start = 0x100000000, .end = 0x100001000, .path = "/bin/x" },
		{ .start = 0x100001000, .end = 0x200000000, .path = "" },
	};
	const struct maps m = { .at = full, .n = 3 };
	CHECK_INT(maps_gap(&m, 0x100000100, 0x100000200, 0x1000, 0), 0);
}

static void ourselves(void)
{
	struct maps m;
	uint64_t pid = 0;
	static int here;
	if (!CHECK_INT(maps_read(&m, getpid()), 0))
		return;
	const struct mapping *text = maps_find(&m, (uint64_t)(uintptr_t)ourselves);
	const struct mapping *data = maps_find(&m, (uint64_t)(uintptr_t)&here);
	CHECK(text && text->is_exec && !text->is_write && strstr(text->path, "user_maps"));
	CHECK(data && !data->is_exec && data->is_write);
	CHECK(!maps_find(&m, 8));
	maps_free(&m);
	CHECK_INT(maps_auxv(getpid(), AT_PAGESZ), getpagesize());
	CHECK_INT(maps_auxv(getpid(), AT_ENTRY), getauxval(AT_ENTRY));
	CHECK_INT(maps_status(getpid(), "Pid", 10, &pid, 1), 1);
	CHECK_INT(pid, getpid());
	CHECK_INT(maps_status(getpid(), "NoSuchField", 10, &pid, 1), 0);
	CHECK(maps_read(&m, -1) < 0);
}

UNIT_MAIN(TEST(below_the_program), TEST(between_libraries), TEST(low_program), TEST(out_of_reach),
	  TEST(ourselves))
