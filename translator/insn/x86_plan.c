/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plans a site in x86 code: which instructions are displaced, whether a jump may
 * be written over them, over padding beside the function, or only a breakpoint.
 */
#include "translator/insn/insn_int.h"

#include <string.h>

#define PADDING_MAX 64
#define ALIGNMENT 16 /* of functions, where compilers align them */

struct plan {
	const struct insn_code *code;
	uint8_t after[PADDING_MAX]; /* padding behind the function */
	size_t n_after;
	struct x86_decoder decoder;
	const struct x86_map *map; /* NULL: not needed */
	size_t at;
	struct x86_insn insns[SITE_INSNS_MAX]; /* from AT on */
	unsigned n_insns;
	unsigned cover;
};

static bool decode_at(const struct plan *p, size_t at, struct x86_insn *insn)
{
	return at < p->code->size &&
	       x86_decode(&p->decoder, p->code->bytes + at, p->code->size - at,
			  p->code->address + at, insn);
}

/* SIZE bytes are nothing but nops and int3. */
static bool is_all_padding(const struct plan *p, const uint8_t *bytes, size_t size)
{
	struct x86_insn insn;

	for (size_t i = 0; i < size; i += insn.z.length)
		if (!x86_decode(&p->decoder, bytes + i, size - i, 0, &insn) ||
		    !x86_is_padding(&insn))
			return false;
	return true;
}

/*
 * Where the caller doesn't say where the next function begins: an aligned function is
 * among aligned ones, so nothing begins before the next such address.
 */
static void find_padding(struct plan *p)
{
	const struct insn_code *code = p->code;
	uint64_t end = code->address + code->size;
	const uint8_t *after = code->bytes + code->size;

	if (!code->is_whole)
		return;
	if (code->padding_after) {
		p->n_after = code->padding_after < PADDING_MAX ? code->padding_after : PADDING_MAX;
		memcpy(p->after, after, p->n_after);
		if (!is_all_padding(p, after, code->padding_after))
			p->n_after = 0;
	} else if (code->text && code->address % ALIGNMENT == 0) {
		p->n_after = x86_text_read(code->text, end, p->after, -end % ALIGNMENT);
		if (!is_all_padding(p, p->after, p->n_after))
			p->n_after = 0;
	}
}

/*
 * Takes instructions from AT on until they cover NEED bytes, over the function's end
 * into its padding where control never gets there.  False where that isn't possible.
 */
static bool take(struct plan *p, unsigned need)
{
	const struct insn_code *code = p->code;

	p->n_insns = 0;
	p->cover = 0;
	while (p->cover < need) {
		struct x86_insn *insn = &p->insns[p->n_insns];

		if (p->at + p->cover == code->size) {
			if (!p->n_insns || !x86_never_goes_on(&p->insns[p->n_insns - 1]) ||
			    p->n_after < need - p->cover)
				return false;
			p->cover = need;
			return true;
		}
		/* behind a jump of a function whose end isn't known is perhaps another one */
		if (p->n_insns && !code->is_whole && x86_never_goes_on(insn - 1))
			return false;
		if (p->n_insns == SITE_INSNS_MAX || !decode_at(p, p->at + p->cover, insn) ||
		    x86_slot_refusal(insn, code->is_32bit))
			return false;
		p->n_insns++;
		p->cover += insn->z.length;
		if (need > 1 && x86_is_syscall(insn))
			return false;
		if ((insn->flow == X86_CALL || insn->flow == X86_CALL_INDIRECT) &&
		    p->cover < need)
			return false;
	}
	return true;
}

/* From the entry to AT the function goes straight on. */
static bool is_in_first_block(const struct plan *p)
{
	struct x86_insn insn;

	for (size_t at = 0; at < p->at; at += insn.z.length)
		if (!decode_at(p, at, &insn) || insn.flow != X86_NEXT)
			return false;
	return true;
}

/*
 * Something may land behind the cover's first byte.  In the middle of a function that makes
 * calls, exception landing pads are entries too, which only the caller knows.  In the
 * first block there are none: landing pads find the exception in a register, which isn't
 * there when the function has just been entered.
 */
static const char *why_entered(const struct plan *p)
{
	if (p->code->is_fragment)
		return "the function around the address isn't known";
	if (x86_map_has_calls(p->map) && !p->code->has_all_entries && !is_in_first_block(p))
		return "exception landing pads of the function aren't known";
	return x86_map_why_entered(p->map, p->at + 1, p->at + p->cover);
}

/* A jump may be written HOP bytes from the site, where padding was found. */
static bool may_hop(const struct plan *p, int64_t hop)
{
	uint64_t to = p->code->address + p->at + (uint64_t)hop;

	return hop >= INT8_MIN + X86_SHORT_JUMP_SIZE && hop <= INT8_MAX &&
	       !x86_text_may_jump(p->code->text, &p->decoder, to, to, to, to + X86_JUMP_SIZE);
}

/* Finds padding for a 5-byte jump that a 2-byte jump at the site reaches. */
static bool find_hop(const struct plan *p, struct site_recipe *out)
{
	const struct insn_code *code = p->code;
	int64_t after = (int64_t)(code->size - p->at);
	int64_t before = -(int64_t)p->at - X86_JUMP_SIZE;

	if (p->n_after >= X86_JUMP_SIZE && !x86_map_runs_out(p->map) && may_hop(p, after)) {
		out->hop = (int8_t)after;
		memcpy(out->hop_orig, p->after, X86_JUMP_SIZE);
		return true;
	}
	if (x86_text_padding_before(code->text, &p->decoder, code->address) >= X86_JUMP_SIZE &&
	    may_hop(p, before)) {
		out->hop = (int8_t)before;
		return x86_text_read(code->text, code->address - X86_JUMP_SIZE, out->hop_orig,
				     X86_JUMP_SIZE) == X86_JUMP_SIZE;
	}
	return false;
}

static bool plan_jump(struct plan *p, struct site_recipe *out, const char **why)
{
	find_padding(p);
	if (take(p, X86_JUMP_SIZE)) {
		*why = why_entered(p);
		if (!*why)
			return true;
	} else {
		*why = "the instructions there leave no room for a jump";
	}
	if (!take(p, X86_SHORT_JUMP_SIZE) || why_entered(p))
		return false;
	if (!find_hop(p, out))
		return false;
	*why = NULL;
	return true;
}

static bool fill(const struct plan *p, struct site_recipe *out)
{
	struct x86_slot slot;
	unsigned offset = 0;
	size_t from_code; /* the rest is padding */

	out->cover = (uint8_t)p->cover;
	from_code = p->code->size - p->at < p->cover ? p->code->size - p->at : p->cover;
	memcpy(out->orig, p->code->bytes + p->at, from_code);
	memcpy(out->orig + from_code, p->after, p->cover - from_code);
	x86_slot_init(&slot, out, p->code->is_32bit);
	for (unsigned i = 0; i < p->n_insns; i++) {
		x86_slot_add(&slot, &p->insns[i], offset);
		offset += p->insns[i].z.length;
	}
	return x86_slot_close(&slot, p->cover);
}

static void clear(const struct plan *p, struct site_recipe *out)
{
	uint64_t offset = out->offset;
	uint32_t file = out->file;

	memset(out, 0, sizeof(*out));
	out->offset = offset;
	out->file = file;
	out->address = p->code->address + p->at;
}

/* Every arithmetic flag is written from AT on before one is read, in a straight line. */
static bool are_flags_dead(const struct plan *p)
{
	const ZydisAccessedFlagsMask all = ZYDIS_CPUFLAG_CF | ZYDIS_CPUFLAG_PF | ZYDIS_CPUFLAG_AF |
					   ZYDIS_CPUFLAG_ZF | ZYDIS_CPUFLAG_SF | ZYDIS_CPUFLAG_OF;
	ZydisAccessedFlagsMask live = all;
	struct x86_insn insn;

	for (size_t at = p->at; live; at += insn.z.length) {
		const ZydisAccessedFlags *f;

		if (!decode_at(p, at, &insn) || insn.flow != X86_NEXT || x86_is_syscall(&insn))
			return false;
		f = insn.z.cpu_flags;
		if (f && f->tested & live)
			return false;
		switch (insn.z.mnemonic) {
		case ZYDIS_MNEMONIC_ADD:
		case ZYDIS_MNEMONIC_SUB:
		case ZYDIS_MNEMONIC_CMP:
		case ZYDIS_MNEMONIC_NEG:
		case ZYDIS_MNEMONIC_AND:
		case ZYDIS_MNEMONIC_OR:
		case ZYDIS_MNEMONIC_XOR:
		case ZYDIS_MNEMONIC_TEST:
		case ZYDIS_MNEMONIC_INC:
		case ZYDIS_MNEMONIC_DEC:
		case ZYDIS_MNEMONIC_COMISS:
		case ZYDIS_MNEMONIC_COMISD:
		case ZYDIS_MNEMONIC_UCOMISS:
		case ZYDIS_MNEMONIC_UCOMISD:
			/* others (shifts, repeated string operations) may write none */
			live &= ~(f->modified | f->set_0 | f->set_1 | f->undefined);
			break;
		default:
			break;
		}
	}
	return true;
}

static uint32_t site_flags(const struct plan *p)
{
	uint32_t flags = 0;
	bool is_middle = p->at || p->code->is_fragment;

	if (p->code->is_32bit)
		flags |= SITE_32BIT;
	if (x86_is_syscall(&p->insns[0]))
		flags |= SITE_SYSCALL;
	if (!is_middle)
		flags |= SITE_ENTRY;
	if (is_middle || (p->map && x86_map_may_jump_to(p->map, 0))) {
		if (!p->code->is_32bit)
			flags |= SITE_RED_ZONE;
		if (!are_flags_dead(p))
			flags |= SITE_FLAGS_LIVE;
	}
	return flags;
}

/* An instruction near AT that can be displaced alone, first behind it, then before. */
static uint64_t find_nearest(const struct plan *p)
{
	uint64_t before = 0;
	struct x86_insn insn;

	for (size_t at = 0; at < p->code->size; at += insn.z.length) {
		if (!decode_at(p, at, &insn))
			break;
		if (at == p->at || x86_slot_refusal(&insn, p->code->is_32bit))
			continue;
		if (at > p->at)
			return insn.address;
		before = insn.address;
	}
	return before;
}

static bool refuse(const struct plan *p, const char *why_not, const char **why,
		   uint64_t *nearest)
{
	*why = why_not;
	*nearest = find_nearest(p);
	return false;
}

static bool plan(struct arena *a, struct plan *p, enum insn_purpose purpose,
		 struct site_recipe *out, const char **why, uint64_t *nearest)
{
	const struct insn_code *code = p->code;
	struct x86_insn first;
	const char *refusal;
	size_t start;

	clear(p, out);
	if (!decode_at(p, p->at, &first))
		return refuse(p, "there is no instruction at this address", why, nearest);
	if (purpose == INSN_JUMP_IF_POSSIBLE || p->at)
		p->map = x86_map_new(a, &p->decoder, code);
	if (p->map && x86_map_is_inside(p->map, p->at, &start)) {
		*why = "the address is in the middle of an instruction";
		*nearest = code->address + start;
		return false;
	}
	refusal = x86_slot_refusal(&first, code->is_32bit);
	if (refusal)
		return refuse(p, refusal, why, nearest);
	if (purpose == INSN_JUMP_IF_POSSIBLE && !code->is_32bit && plan_jump(p, out, why))
		out->flags |= SITE_JUMP_OK;
	else if (!take(p, 1))
		return refuse(p, "the instruction can't be displaced", why, nearest);
	out->flags |= site_flags(p);
	if (!fill(p, out))
		return refuse(p, "the instruction's replacement is too long", why, nearest);
	return true;
}

bool insn_plan(struct arena *a, const struct insn_code *code, size_t at,
	       enum insn_purpose purpose, struct site_recipe *out, const char **why,
	       uint64_t *nearest)
{
	struct arena_mark mark = arena_mark(a);
	struct plan p = {.code = code, .at = at};
	bool ok;

	*why = NULL;
	*nearest = 0;
	x86_decoder_init(&p.decoder, code->is_32bit);
	ok = plan(a, &p, purpose, out, why, nearest);
	arena_reset(a, mark);
	return ok;
}
