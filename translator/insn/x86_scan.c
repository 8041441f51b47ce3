/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jumps from one function into another: compilers don't make them, but for the
 * cold parts of functions; hand-written code does.  glibc's mempcpy jumps to
 * the second instruction of memmove, libcrypto's SHA-1 into a better SHA-1.
 *
 * For jumps with a 32-bit distance the bytes of the whole text are looked at: four
 * bytes behind what may be the opcode of a jump, and that also lead to the few
 * bytes in question, hardly ever occur by chance (one function in a thousand is
 * refused for nothing).  An address that a lea takes counts too.  A short jump comes from at most 130 bytes away, but
 * chance would find too many of them there, so those bytes are decoded, from
 * several places before, and any instruction that is seen from one counts.
 *
 * Addresses in the file's data, where the caller knows them, count as well: so entries
 * of tables of labels are known without finding the tables.
 */
#include "translator/insn/insn_int.h"

#include <string.h>

#define CHUNK 65536
#define PAGE 4096
#define TEXT_MAX (UINT64_C(1) << 30)
#define LONGEST 6 /* jcc rel32 */
#define RUN_UP 64 /* before a possible instruction, to decode up to it */
#define N_RUN_UPS 16

struct insn_text {
	insn_read_fn *read;
	void *data;
	uint64_t start, end; /* of the segment */
	uint8_t *jumped;     /* a bit per byte: target of a long jump, or a pointer */
	bool knows_pointers;
};

size_t x86_text_read(const struct insn_text *t, uint64_t address, void *buf, size_t size)
{
	return t->read(t->data, address, buf, size);
}

static void find_bounds(struct insn_text *t, uint64_t somewhere)
{
	uint8_t page[PAGE];
	uint64_t start = somewhere & ~(uint64_t)(PAGE - 1);
	uint64_t end = start;
	size_t got;

	while (start >= PAGE && end - start < TEXT_MAX && t->read(t->data, start - PAGE, page, 1))
		start -= PAGE;
	/* a segment need not begin with a page */
	for (uint64_t at = start; at > start - PAGE && at && t->read(t->data, at - 1, page, 1);)
		t->start = --at;
	if (!t->start)
		t->start = start;
	do {
		got = t->read(t->data, end, page, PAGE);
		end += got;
	} while (got == PAGE && end - start < TEXT_MAX);
	t->end = end;
}

static void set_jumped(struct insn_text *t, uint64_t target)
{
	uint64_t at = target - t->start;

	if (target >= t->start && target < t->end)
		t->jumped[at / 8] |= (uint8_t)(1u << at % 8);
}

static void scan_chunk(struct insn_text *t, uint64_t address, const uint8_t *b, size_t size)
{
	for (size_t i = 0; i + LONGEST <= size; i++) {
		size_t opcode;
		int32_t rel;

		if ((b[i] & 0xfe) == 0xe8)
			opcode = 1;
		else if (b[i] == 0x0f && (b[i + 1] & 0xf0) == 0x80)
			opcode = 2;
		else if (b[i] == 0x8d && (b[i + 1] & 0xc7) == 5)
			opcode = 2; /* lea: the address is taken, and may be jumped to */
		else
			continue;
		memcpy(&rel, b + i + opcode, 4);
		set_jumped(t, address + i + opcode + 4 + (uint64_t)(int64_t)rel);
	}
}

static void scan(struct insn_text *t)
{
	uint8_t chunk[CHUNK + LONGEST];
	size_t got;

	for (uint64_t at = t->start; at < t->end; at += CHUNK) {
		/* a jump at the very end has a few bytes that aren't code behind it */
		memset(chunk, 0, sizeof(chunk));
		got = t->read(t->data, at, chunk, sizeof(chunk) - 1);
		scan_chunk(t, at, chunk, got + 1);
	}
}

struct insn_text *insn_text_new(struct arena *a, insn_read_fn *read, void *data,
				uint64_t address)
{
	struct insn_text *t = ARENA_NEW(a, struct insn_text);

	t->read = read;
	t->data = data;
	find_bounds(t, address);
	t->jumped = arena_alloc(a, (size_t)(t->end - t->start) / 8 + 1);
	scan(t);
	return t;
}

void insn_text_add_pointer(struct insn_text *t, uint64_t address)
{
	set_jumped(t, address);
}

void insn_text_set_pointers_known(struct insn_text *t)
{
	t->knows_pointers = true;
}

bool x86_text_knows_pointers(const struct insn_text *t)
{
	return t->knows_pointers;
}

static bool is_short_jump(uint8_t opcode)
{
	return (opcode & 0xf0) == 0x70 || (opcode & 0xfc) == 0xe0 || opcode == 0xeb;
}

/* An instruction may begin at BYTES[at]: one is found there when decoding from before. */
static bool may_be_insn(const struct x86_decoder *d, const uint8_t *bytes, size_t size, size_t at)
{
	struct x86_insn insn;

	for (size_t k = 0; k < N_RUN_UPS; k++) {
		size_t i = at > RUN_UP - k ? at - (RUN_UP - k) : 0;

		while (i < at) {
			if (!x86_decode(d, bytes + i, size - i, 0, &insn))
				insn.z.length = 1;
			i += insn.z.length;
		}
		if (i == at)
			return true;
	}
	return false;
}

/* Short jumps at the addresses LOW ... HIGH - 1. */
static bool may_jump_short(const struct insn_text *t, const struct x86_decoder *d, uint64_t low,
			   uint64_t high, uint64_t from, uint64_t to)
{
	uint8_t bytes[RUN_UP + 2 * 0x100];
	uint64_t base = low > RUN_UP && low - RUN_UP >= t->start ? low - RUN_UP : t->start;
	size_t want = (size_t)(high - base) + X86_INSN_MAX;
	size_t size;

	if (low >= high)
		return false;
	size = t->read(t->data, base, bytes, want < sizeof(bytes) ? want : sizeof(bytes));
	for (uint64_t at = low; at < high && at - base + 1 < size; at++) {
		size_t i = (size_t)(at - base);
		uint64_t target = at + 2 + (uint64_t)(int64_t)(int8_t)bytes[i + 1];

		if (is_short_jump(bytes[i]) && target >= from && target < to &&
		    may_be_insn(d, bytes, size, i))
			return true;
	}
	return false;
}

bool x86_text_may_jump(const struct insn_text *t, const struct x86_decoder *d, uint64_t start,
		       uint64_t end, uint64_t from, uint64_t to)
{
	uint64_t low = from - 2 - INT8_MAX;
	uint64_t high = to - INT8_MIN;

	for (uint64_t at = from; at < to; at++)
		if (at >= t->start && at < t->end &&
		    t->jumped[(at - t->start) / 8] >> (at - t->start) % 8 & 1)
			return true;
	if (low < t->start)
		low = t->start;
	if (high > t->end)
		high = t->end;
	if (end < to)
		end = to;
	return may_jump_short(t, d, low, start, from, to) ||
	       may_jump_short(t, d, end, high, from, to);
}

/* The instruction before the padding is a jump or return, from wherever decoding begins. */
size_t x86_text_padding_before(const struct insn_text *t, const struct x86_decoder *d,
			       uint64_t address)
{
	uint8_t bytes[RUN_UP];
	size_t padding = 0, n_arrived = 0;
	struct x86_insn insn;

	if (address - t->start < RUN_UP || address > t->end ||
	    t->read(t->data, address - RUN_UP, bytes, RUN_UP) != RUN_UP)
		return 0;
	for (size_t start = 0; start < N_RUN_UPS; start++) {
		bool goes_on = true;
		size_t at = start, end = start; /* of the last instruction that isn't padding */

		while (at < RUN_UP && x86_decode(d, bytes + at, RUN_UP - at, 0, &insn)) {
			at += insn.z.length;
			if (x86_is_padding(&insn))
				continue;
			end = at;
			goes_on = !x86_never_goes_on(&insn);
		}
		if (at != RUN_UP)
			continue;
		if (goes_on || (n_arrived && padding != RUN_UP - end))
			return 0;
		padding = RUN_UP - end;
		n_arrived++;
	}
	return n_arrived >= N_RUN_UPS / 2 ? padding : 0;
}
