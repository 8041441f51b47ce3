/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the branches of a function go: the proof behind jump entries, which
 * write over several instructions and so must not be jumped into.
 *
 * Of a whole function every instruction is decoded one after the other; of one
 * whose extent isn't known, what can be reached from its start.  Seen are
 *
 *  - relative jumps, branches, loops and calls, also those of parts that the
 *    compiler put elsewhere (NAME.cold): jumps out of the function are followed;
 *  - addresses of labels that the function takes (lea, absolute immediates);
 *  - jump tables.  An indirect jump is one of three things.  Through a plain
 *    pointer (jmp *mem without an index, or a register loaded from one) it is a
 *    tail call.  Through base + entry (gcc, clang: movslq table; add; jmp) or an
 *    indexed table of addresses, the table's address stands in the function, since
 *    only the function itself knows it; so every address outside the function that
 *    it mentions is tried as a table of both kinds (the distances being from the table
 *    or from a label that it mentions), and entries are taken for as long as they
 *    look like code nearby.  That finds too many targets rather than
 *    too few.  If no table comes to light the jump is not understood.  Where nothing
 *    near the jump sets its register, tables are tried but not asked for;
 *  - entries that the caller names;
 *  - jumps from any other function of the file (x86_scan.c).
 *
 * Whatever isn't understood leaves a reason, and the function no jump entries.
 *
 * Tables of addresses needn't be found when the caller has told of all addresses in the
 * file's data.  When it hasn't, one shape is taken on trust: what is loaded from memory
 * without an index is a pointer to a function, not a label of a threaded interpreter that
 * got its labels' addresses from static data only.
 */
#include "translator/insn/insn_int.h"

#include <string.h>

#include "base/log.h"
#include "base/vec.h"

enum {
	MARK_START = 1,  /* an instruction begins here */
	MARK_INSIDE = 2, /* ... and covers this byte */
	MARK_JUMP = 4,   /* jumped to: branch or jump table */
	MARK_OTHER = 8,  /* called, address taken, or an entry */
	MARK_TAIL = 16   /* an indirect jump through a pointer begins here */
};

/* How far code outside of the function is followed.  What jumps out and doesn't come
 * back within that many instructions is a tail call; a conditional branch may be, too,
 * but here more is read before giving up. */
#define OUTSIDE_JUMP_MAX 500
#define OUTSIDE_BRANCH_MAX 4000
/* Instructions of a function whose extent isn't known. */
#define REACHABLE_MAX 40000

#define TABLE_ENTRIES_MAX 16384
#define LABELS_MAX 64
#define NEARBY 0x1000000 /* of a function: parts of it are not farther away */
#define HISTORY 12       /* instructions before an indirect jump that explain it */
#define WINDOW 256

struct todo {
	uint64_t address;
	bool is_branch; /* conditional */
	bool is_guess;  /* may be no code at all */
};

typedef VEC(uint64_t) address_vec;

struct x86_map {
	struct arena *arena;
	const struct x86_decoder *decoder;
	const struct insn_code *code;
	uint8_t *marks; /* of each byte */
	const char *unknown;
	bool has_calls;
	bool runs_out;          /* over the end of the whole function */
	bool tries_tables;      /* an indirect jump perhaps goes through a table */
	bool wants_short_table; /* it certainly does, of distances */
	bool wants_long_table;  /* ... of addresses */
	bool found_short, found_long;
	size_t n_reached;
	VEC(struct todo) todo;
	address_vec bases;      /* addresses outside that the function mentions */
	address_vec labels;     /* ... and inside */
	size_t n_tried;         /* of BASES */
	uint64_t *seen;         /* open addressing, 0 is free */
	size_t n_seen, seen_size;
	struct x86_insn history[HISTORY];
	unsigned n_history;
	uint8_t window[WINDOW]; /* of code elsewhere */
	uint64_t window_address;
	size_t window_size;
};

static bool is_in(const struct x86_map *m, uint64_t address)
{
	return address - m->code->address < m->code->size;
}

static bool is_nearby(const struct x86_map *m, uint64_t address)
{
	return address - (m->code->address - NEARBY) < 2 * (uint64_t)NEARBY + m->code->size;
}

/* Not in the function, though its extent is known. */
static bool is_elsewhere(const struct x86_map *m, uint64_t address)
{
	return m->code->is_whole && !is_in(m, address);
}

static void give_up(struct x86_map *m, const char *why)
{
	if (!m->unknown)
		m->unknown = why;
}

static void mark(struct x86_map *m, uint64_t address, unsigned bit)
{
	if (is_in(m, address))
		m->marks[address - m->code->address] |= (uint8_t)bit;
}

/* Bytes at an address of the function or elsewhere in the file; NULL: not readable. */
static const uint8_t *fetch(struct x86_map *m, uint64_t address, size_t *size)
{
	const struct insn_code *code = m->code;

	if (is_in(m, address)) {
		*size = code->size - (size_t)(address - code->address);
		if (*size >= X86_INSN_MAX || code->is_whole || !code->text)
			return code->bytes + (address - code->address);
	}
	if (!code->text)
		return NULL;
	if (address - m->window_address >= m->window_size ||
	    m->window_address + m->window_size - address < X86_INSN_MAX) {
		m->window_address = address;
		m->window_size = x86_text_read(code->text, address, m->window, WINDOW);
		if (!m->window_size)
			return NULL;
	}
	*size = (size_t)(m->window_address + m->window_size - address);
	return m->window + (address - m->window_address);
}

/* Remembers an address outside of the function; false: it was there already. */
static bool see_outside(struct x86_map *m, uint64_t address)
{
	size_t i;

	if (m->n_seen * 2 >= m->seen_size) {
		uint64_t *old = m->seen;
		size_t old_size = m->seen_size;

		m->seen_size = old_size ? old_size * 2 : 256;
		m->seen = ARENA_ARRAY(m->arena, m->seen_size, uint64_t);
		m->n_seen = 0;
		for (size_t k = 0; k < old_size; k++)
			if (old[k])
				see_outside(m, old[k]);
	}
	i = (size_t)(address * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (m->seen_size - 1);
	while (m->seen[i]) {
		if (m->seen[i] == address)
			return false;
		i = (i + 1) & (m->seen_size - 1);
	}
	m->seen[i] = address;
	m->n_seen++;
	return true;
}

static void add_new(struct x86_map *m, address_vec *set, uint64_t address)
{
	VEC_EACH(set, i)
		if (set->at[i] == address)
			return;
	VEC_PUSH(m->arena, set, address);
}

/* An address that the function mentions but doesn't jump to: a label or, elsewhere,
 * perhaps a jump table. */
static void mention(struct x86_map *m, uint64_t address)
{
	if (is_in(m, address)) {
		mark(m, address, MARK_OTHER);
		if (m->labels.n < LABELS_MAX)
			add_new(m, &m->labels, address);
	} else if (address) {
		add_new(m, &m->bases, address);
	}
}

static void note_operands(struct x86_map *m, const struct x86_insn *insn)
{
	const ZydisDecodedInstruction *z = &insn->z;
	uint64_t address;

	if (x86_is_rip_relative(insn, &address)) {
		if (z->mnemonic == ZYDIS_MNEMONIC_LEA)
			mention(m, address);
		return;
	}
	/* non-PIC code: an absolute table(,%index,8), or mov $label */
	if (z->raw.disp.size == 32 && z->attributes & ZYDIS_ATTRIB_HAS_SIB &&
	    z->raw.modrm.mod == 0 && z->raw.sib.base == 5)
		mention(m, (uint64_t)z->raw.disp.value);
	if (z->mnemonic == ZYDIS_MNEMONIC_MOV && z->raw.imm[0].size >= 32)
		mention(m, z->raw.imm[0].value.u);
}

enum indirect { INDIRECT_POINTER, INDIRECT_OFFSETS, INDIRECT_ADDRESSES, INDIRECT_UNKNOWN };

static bool has_index(const ZydisDecodedOperand *op)
{
	return op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->mem.index != ZYDIS_REGISTER_NONE;
}

/* What INSN, which writes REG, says about a jump through REG. */
static enum indirect explain(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *ops)
{
	if (z->mnemonic == ZYDIS_MNEMONIC_ADD || z->mnemonic == ZYDIS_MNEMONIC_SUB)
		return INDIRECT_OFFSETS;
	if (z->mnemonic == ZYDIS_MNEMONIC_LEA && has_index(&ops[1]))
		return INDIRECT_OFFSETS;
	for (unsigned i = 0; i < z->operand_count_visible; i++)
		if (has_index(&ops[i]))
			return INDIRECT_ADDRESSES;
	return INDIRECT_POINTER;
}

static enum indirect classify(struct x86_map *m, const struct x86_insn *jump)
{
	ZydisMachineMode mode = m->decoder->z.machine_mode;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	ZydisRegister reg;

	if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&m->decoder->z, jump->bytes, jump->z.length, &z,
						 ops)))
		BUG("an instruction decodes only once");
	if (ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER)
		return has_index(&ops[0]) ? INDIRECT_ADDRESSES : INDIRECT_POINTER;
	reg = ZydisRegisterGetLargestEnclosing(mode, ops[0].reg.value);
	for (unsigned k = 1; k <= m->n_history && k <= HISTORY; k++) {
		const struct x86_insn *before = &m->history[(m->n_history - k) % HISTORY];

		if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&m->decoder->z, before->bytes,
							 before->z.length, &z, ops)))
			BUG("an instruction decodes only once");
		for (unsigned i = 0; i < z.operand_count; i++)
			if (ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
			    ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
			    ZydisRegisterGetLargestEnclosing(mode, ops[i].reg.value) == reg)
				return explain(&z, ops);
	}
	return INDIRECT_UNKNOWN;
}

static void note_target(struct x86_map *m, uint64_t target, bool is_branch)
{
	mark(m, target, MARK_JUMP);
	VEC_PUSH(m->arena, &m->todo, ((struct todo){.address = target, .is_branch = is_branch}));
}

/* Takes in what INSN says; false when control doesn't go on behind it. */
static bool note(struct x86_map *m, const struct x86_insn *insn)
{
	bool goes_on = false;

	switch (insn->flow) {
	case X86_CALL:
		mark(m, insn->target, MARK_OTHER);
		m->has_calls = true;
		goes_on = true;
		break;
	case X86_CALL_INDIRECT:
		m->has_calls = true;
		goes_on = true;
		break;
	case X86_NEXT:
		goes_on = insn->z.mnemonic != ZYDIS_MNEMONIC_INT3;
		break;
	case X86_BRANCH:
		note_target(m, insn->target, true);
		goes_on = true;
		break;
	case X86_JUMP:
		note_target(m, insn->target, false);
		break;
	case X86_JUMP_INDIRECT:
		if (is_elsewhere(m, insn->address))
			break; /* a tail call's own switch */
		switch (classify(m, insn)) {
		case INDIRECT_ADDRESSES:
			m->wants_long_table = m->tries_tables = true;
			break;
		case INDIRECT_OFFSETS:
			m->wants_short_table = m->tries_tables = true;
			break;
		case INDIRECT_UNKNOWN:
			m->tries_tables = true;
			/* fall through */
		case INDIRECT_POINTER:
			mark(m, insn->address, MARK_TAIL);
			break;
		}
		break;
	case X86_RET:
	case X86_FAR:
	case X86_STOP:
		break;
	}
	if (!is_elsewhere(m, insn->address))
		note_operands(m, insn);
	m->history[m->n_history++ % HISTORY] = *insn;
	return goes_on;
}

static void mark_insn(struct x86_map *m, const struct x86_insn *insn)
{
	mark(m, insn->address, MARK_START);
	for (unsigned i = 1; i < insn->z.length; i++)
		mark(m, insn->address + i, MARK_INSIDE);
}

/*
 * Bytes from OFFSET on are not all instructions.  Whatever could be read as a relative
 * jump at any offset then counts as one.
 */
static void note_data(struct x86_map *m, size_t offset)
{
	const struct insn_code *code = m->code;

	for (size_t i = offset; i + 1 < code->size; i++) {
		const uint8_t *b = code->bytes + i;
		uint64_t behind = code->address + i;
		int32_t rel;

		if ((b[0] & 0xf0) == 0x70 || (b[0] & 0xfc) == 0xe0 || b[0] == 0xeb)
			mark(m, behind + 2 + (uint64_t)(int64_t)(int8_t)b[1], MARK_JUMP);
		if (i + 4 < code->size && (b[0] == 0xe8 || b[0] == 0xe9)) {
			memcpy(&rel, b + 1, 4);
			mark(m, behind + 5 + (uint64_t)(int64_t)rel, MARK_JUMP);
		}
		if (i + 5 < code->size && b[0] == 0x0f && (b[1] & 0xf0) == 0x80) {
			memcpy(&rel, b + 2, 4);
			mark(m, behind + 6 + (uint64_t)(int64_t)rel, MARK_JUMP);
		}
	}
}

static void sweep(struct x86_map *m)
{
	const struct insn_code *code = m->code;
	struct x86_insn insn;
	bool has_data = false;

	for (size_t at = 0; at < code->size;) {
		if (!x86_decode(m->decoder, code->bytes + at, code->size - at, code->address + at,
				&insn)) {
			if (!has_data)
				note_data(m, at);
			has_data = true;
			at++;
			continue;
		}
		mark_insn(m, &insn);
		/* a call at the very end doesn't return */
		m->runs_out = note(m, &insn) && insn.flow != X86_CALL &&
			      insn.flow != X86_CALL_INDIRECT;
		at += insn.z.length;
	}
}

/* Follows the code from TODO until it has all been seen. */
static void walk(struct x86_map *m, struct todo todo)
{
	uint64_t address = todo.address;
	size_t budget = todo.is_branch ? OUTSIDE_BRANCH_MAX : OUTSIDE_JUMP_MAX;
	struct x86_insn insn;
	const uint8_t *bytes;
	size_t size;

	m->n_history = 0;
	for (;;) {
		if (is_in(m, address)) {
			if (m->marks[address - m->code->address] & MARK_START)
				return;
		} else if (!see_outside(m, address)) {
			return;
		}
		bytes = fetch(m, address, &size);
		if (!bytes)
			return;
		if (!x86_decode(m->decoder, bytes, size, address, &insn)) {
			if (!todo.is_guess && is_in(m, address))
				give_up(m, "not all of the function could be decoded");
			return;
		}
		if (m->code->is_whole) {
			if (!is_in(m, address) && m->n_seen > budget) {
				/* Jumps back are found by x86_text_may_jump, but not told
				 * from tail calls where they go to the entry. */
				if (todo.is_branch)
					mark(m, m->code->address, MARK_JUMP);
				return;
			}
		} else if (m->n_reached++ > REACHABLE_MAX) {
			give_up(m, "the function's end isn't known and it is too large to be followed");
			return;
		}
		mark_insn(m, &insn);
		if (!note(m, &insn))
			return;
		if (insn.flow == X86_CALL || insn.flow == X86_CALL_INDIRECT)
			todo.is_guess = true; /* it may not return */
		address += insn.z.length;
	}
}

static void drain(struct x86_map *m)
{
	while (m->todo.n && !m->unknown)
		walk(m, m->todo.at[--m->todo.n]);
}

/*
 * Reads a table at ADDRESS: of 32-bit distances from BASE or, with BASE 0, of addresses.
 * True when it looked like one of this function's.  (The first entries may be for the
 * cold part of the function.)
 */
static bool try_table(struct x86_map *m, uint64_t address, uint64_t base)
{
	const struct insn_code *code = m->code;
	bool is_ours = false;

	for (unsigned i = 0; i < TABLE_ENTRIES_MAX; i++) {
		uint64_t target;
		int32_t distance;

		if (base) {
			if (x86_text_read(code->text, address + i * 4, &distance, 4) != 4)
				break;
			target = base + (uint64_t)(int64_t)distance;
		} else if (x86_text_read(code->text, address + i * 8, &target, 8) != 8) {
			break;
		}
		if (!is_nearby(m, target))
			break;
		is_ours |= !code->is_whole || is_in(m, target);
		mark(m, target, MARK_JUMP);
		if (!code->is_whole)
			VEC_PUSH(m->arena, &m->todo,
				 ((struct todo){.address = target, .is_guess = true}));
	}
	return is_ours;
}

static void try_tables(struct x86_map *m)
{
	while (m->tries_tables && m->n_tried < m->bases.n && !m->unknown) {
		uint64_t table = m->bases.at[m->n_tried++];

		m->found_long |= try_table(m, table, 0);
		m->found_short |= try_table(m, table, table);
		VEC_EACH(&m->labels, i) /* of C's labels as values: &&x - &&y */
			m->found_short |= try_table(m, table, m->labels.at[i]);
		drain(m);
	}
	if (m->wants_short_table && m->labels.n == LABELS_MAX)
		m->found_short = false; /* there may be more */
	if (m->wants_long_table && x86_text_knows_pointers(m->code->text) && m->code->is_whole)
		m->found_long = true;
	if ((m->wants_short_table && !m->found_short) || (m->wants_long_table && !m->found_long))
		give_up(m, "the function has an indirect jump whose targets aren't known");
}

struct x86_map *x86_map_new(struct arena *a, const struct x86_decoder *d,
			    const struct insn_code *code)
{
	struct x86_map *m = ARENA_NEW(a, struct x86_map);

	m->arena = a;
	m->decoder = d;
	m->code = code;
	m->marks = arena_alloc(a, code->size + 1);
	for (size_t i = 0; i < code->n_entries; i++)
		mark(m, code->entries[i], MARK_OTHER);
	if (code->is_whole)
		sweep(m);
	else
		VEC_PUSH(a, &m->todo, ((struct todo){.address = code->address}));
	if (code->text) {
		drain(m);
		try_tables(m);
	} else {
		give_up(m, "the rest of the file's code isn't known");
	}
	return m;
}

bool x86_map_is_inside(const struct x86_map *m, size_t offset, size_t *start)
{
	if (offset >= m->code->size || (m->marks[offset] & ~MARK_INSIDE) ||
	    !(m->marks[offset] & MARK_INSIDE))
		return false;
	while (offset && !(m->marks[offset] & MARK_START))
		offset--;
	*start = offset;
	return true;
}

const char *x86_map_why_entered(const struct x86_map *m, size_t from, size_t to)
{
	const struct insn_code *code = m->code;

	if (m->unknown)
		return m->unknown;
	for (size_t i = from; i < to && i < m->code->size; i++) {
		if (m->marks[i] & MARK_JUMP)
			return "the function jumps into the bytes that a jump would cover";
		if (m->marks[i] & MARK_OTHER)
			return "the bytes that a jump would cover are entered from elsewhere";
	}
	if (x86_text_may_jump(code->text, m->decoder, code->address,
			      code->address + (code->is_whole ? code->size : 0),
			      code->address + from, code->address + to))
		return "another function jumps into the bytes that a jump would cover";
	return NULL;
}

bool x86_map_may_jump_to(const struct x86_map *m, size_t offset)
{
	return m->unknown || (m->marks[offset] & MARK_JUMP);
}

bool x86_map_runs_out(const struct x86_map *m)
{
	return m->runs_out;
}

bool x86_map_is_tail_jump(const struct x86_map *m, size_t offset)
{
	return m->marks[offset] & MARK_TAIL;
}

bool x86_map_has_calls(const struct x86_map *m)
{
	return m->has_calls;
}
