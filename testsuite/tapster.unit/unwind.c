/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Extents and landing pads from .eh_frame: those of C++ libraries and programs make
 * sense, every pad being an instruction of its function, but not of its first block
 * (which insn_plan relies on).
 */
#include "translator/dwarf/dw.h"
#include "translator/insn/insn_int.h"

#include <stdlib.h>

#include "testsuite/tapster.unit/image.h"
#include "testsuite/tapster.unit/unit.h"

static size_t n_functions, n_tables, n_pads;

static bool is_possible(struct dw_file *f, const struct dw_unwind *u, uint64_t pad,
			const uint8_t *bytes)
{
	struct dw_func func;
	/* a part that the compiler put elsewhere has no symbol here, and begins anywhere */
	bool is_first_block = dw_func_at(f, u->start, &func) && func.address == u->start;
	struct x86_decoder d;
	struct x86_insn insn;
	size_t at = 0;

	x86_decoder_init(&d, dw_info(f)->is_32bit);
	while (at < pad - u->start &&
	       x86_decode(&d, bytes + at, (size_t)u->size - at, u->start + at, &insn)) {
		at += insn.z.length;
		is_first_block &= insn.flow == X86_NEXT;
	}
	return at == pad - u->start && !is_first_block;
}

static void check_function(struct dw_file *f, const struct dw_unwind *u)
{
	struct arena *a = arena_new("function");
	uint8_t *bytes = arena_alloc(a, (size_t)u->size);
	dw_address_vec pads = {0};

	n_functions++;
	n_tables += u->lsda != 0;
	CHECK(dw_read(f, u->start, bytes, (size_t)u->size) == u->size);
	CHECK(dw_landing_pads(f, u, a, &pads));
	n_pads += pads.n;
	VEC_EACH(&pads, i)
		if (!CHECK(pads.at[i] - u->start < u->size &&
			   is_possible(f, u, pads.at[i], bytes)))
			printf("%#llx of %#llx\n", (unsigned long long)pads.at[i],
			       (unsigned long long)u->start);
	arena_free(a);
}

static void check_file(const char *path)
{
	struct arena *a = arena_new("file");
	struct dw *dw = dw_new(a);
	struct image_function *functions;
	enum dw_open_error why;
	const char *text;
	struct dw_file *f = dw_open(dw, path, &why, &text);
	struct dw_unwind u;
	struct image im;
	size_t n;

	if (f && image_open(&im, path)) {
		n = image_functions(&im, &functions);
		for (size_t i = 0; i < n; i++) {
			if (!CHECK(dw_unwind_at(f, functions[i].address, &u)))
				continue;
			CHECK(u.start == functions[i].address && u.size == functions[i].size);
			check_function(f, &u);
			CHECK(dw_unwind_at(f, u.start + u.size - 1, &u) &&
			      u.start == functions[i].address);
		}
		free(functions);
		image_close(&im);
	}
	dw_free(dw);
	arena_free(a);
}

static void landing_pads(void)
{
	check_file("/lib/x86_64-linux-gnu/libstdc++.so.6");
	check_file("/lib/x86_64-linux-gnu/libc.so.6");
	check_file("/usr/bin/stap");
	printf("%zu functions, %zu with tables, %zu landing pads\n", n_functions, n_tables, n_pads);
	CHECK(n_tables > 100 && n_pads > 100);
}

UNIT_MAIN(TEST(landing_pads))
