/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of the probed thread, from the innermost on, for backtraces.
 *
 * The call frame information is that of the running program itself: the
 * .eh_frame that the dynamic loader has mapped with it, found by way of the
 * program header and the sorted table of .eh_frame_hdr, as an unwinder of
 * exceptions would.  So frames of every module are known, whether it has
 * symbols or frame pointers or not, and nothing has to be prepared.  The format
 * is that of the LSB ("Exception Frames") and DWARF 5 section 6.4; registers have
 * the numbers of the psABI.
 *
 * All is read by the fault-free copies of the port, nothing is trusted, every
 * loop is bounded: frames end where something makes no sense.
 *
 * Where there is no such information: a signal's frame is known by the code
 * that it returns to; the first frame of a function's entry by the calling
 * convention; what is in no module (code made at run time) may have frame
 * pointers, which are believed when they lead upwards.
 */
#include "runtime/core/core_int.h"

enum {
	REG_BX = 3, REG_BP = 6, REG_SP = 7, REG_IP = 16,
	MAX_PHDRS = 32,
	MAX_KEPT = 4,          /* nested DW_CFA_remember_state */
	MAX_OPS = 2000,        /* instructions of a frame's description */
	MAX_EXPR = 64,         /* operations of an expression */
	EXPR_DEPTH = 8,
	MAX_FRAME = 1 << 18,   /* bytes that a frame pointer is believed to skip */
};

/* ---- reading ---- */

struct cursor {
	uint64_t at, end; /* of what is not in BYTES yet */
	unsigned pos, n;
	bool is_bad;
	uint8_t bytes[32];
};

static void cursor_set(struct cursor *k, uint64_t at, uint64_t end)
{
	k->at = at;
	k->end = end;
	k->pos = k->n = 0;
	k->is_bad = false;
}

static uint64_t cursor_tell(const struct cursor *k)
{
	return k->at - (k->n - k->pos);
}

static bool cursor_more(const struct cursor *k)
{
	return !k->is_bad && (k->pos < k->n || k->at < k->end);
}

static uint8_t take_byte(struct cursor *k)
{
	if (k->pos == k->n) {
		uint64_t left = k->end - k->at;

		k->pos = 0;
		k->n = left < sizeof(k->bytes) ? (unsigned)left : (unsigned)sizeof(k->bytes);
		if (k->is_bad || k->at >= k->end || rt_port_read(k->bytes, k->at, k->n)) {
			k->is_bad = true;
			k->n = 0;
			return 0;
		}
		k->at += k->n;
	}
	return k->bytes[k->pos++];
}

static uint64_t take(struct cursor *k, unsigned size)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < size; i++)
		v |= (uint64_t)take_byte(k) << (8 * i);
	return v;
}

static uint64_t take_signed(struct cursor *k, unsigned size)
{
	unsigned unused = 64 - 8 * size;

	return (uint64_t)((int64_t)(take(k, size) << unused) >> unused);
}

static uint64_t take_leb(struct cursor *k, bool is_signed)
{
	uint64_t v = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = take_byte(k);
		if (shift < 64)
			v |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while ((byte & 0x80) && !k->is_bad);
	if (is_signed && shift < 64 && (byte & 0x40))
		v |= ~0ull << shift;
	return v;
}

static void skip(struct cursor *k, uint64_t n)
{
	uint64_t to = cursor_tell(k) + n;

	if (n > k->end - cursor_tell(k))
		k->is_bad = true;
	else
		cursor_set(k, to, k->end);
}

/* DW_EH_PE_ encodings, as compilers use them: absolute or relative to the place. */
static uint64_t take_encoded(struct cursor *k, uint8_t encoding, bool is_length)
{
	uint64_t here = cursor_tell(k), v;

	switch (encoding & 0x0f) {
	case 0x3: v = take(k, 4); break;
	case 0xb: v = is_length ? take(k, 4) : take_signed(k, 4); break;
	case 0x0:
	case 0x4:
	case 0xc: v = take(k, 8); break;
	default: k->is_bad = true; return 0;
	}
	if (is_length || !(encoding & 0x70))
		return v;
	if ((encoding & 0x70) != 0x10)
		k->is_bad = true;
	return v + here;
}

static bool read_word(uint64_t at, uint64_t *v)
{
	return rt_port_read(v, at, 8) == 0;
}

/* ---- from an address to its description ---- */

/* The parts of ELF (gABI, chapter 5) that lead there. */
struct elf_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};
enum { SEGMENT_LOAD = 1, SEGMENT_EH_FRAME = 0x6474e550 };

/* Address of the module's .eh_frame_hdr; 0: none. */
static uint64_t find_table(uint64_t start)
{
	struct elf_header h;
	struct elf_segment s;
	uint64_t low = 0, table = 0;
	bool has_low = false;

	if (rt_port_read(&h, start, sizeof(h)) || h.ident[0] != 0x7f || h.ident[1] != 'E' ||
	    h.ident[2] != 'L' || h.ident[3] != 'F' || h.ident[4] != 2 || h.phentsize != sizeof(s))
		return 0;
	for (unsigned i = 0; i < h.phnum && i < MAX_PHDRS; i++) {
		if (rt_port_read(&s, start + h.phoff + i * sizeof(s), sizeof(s)))
			return 0;
		if (s.type == SEGMENT_LOAD && !has_low) {
			low = s.vaddr - s.offset;
			has_low = true;
		} else if (s.type == SEGMENT_EH_FRAME) {
			table = s.vaddr;
		}
	}
	return table ? start - low + table : 0;
}

/* Address of the FDE whose code is the last one that begins at PC or before; 0: none. */
static uint64_t find_fde(uint64_t table, uint64_t pc)
{
	struct {
		uint8_t version, frame_encoding, count_encoding, table_encoding;
		int32_t frame;
		uint32_t count;
	} h;
	struct {
		int32_t start, fde;
	} row;
	uint32_t low = 0, high;

	/* the one form that linkers write: sdata4 relative, udata4, sdata4 relative to the table */
	if (rt_port_read(&h, table, sizeof(h)) || h.version != 1 || h.frame_encoding != 0x1b ||
	    h.count_encoding != 0x03 || h.table_encoding != 0x3b)
		return 0;
	for (high = h.count; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (rt_port_read(&row, table + sizeof(h) + 8 * (uint64_t)middle, sizeof(row)))
			return 0;
		if (table + (uint64_t)(int64_t)row.start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || rt_port_read(&row, table + sizeof(h) + 8 * (uint64_t)(low - 1), sizeof(row)))
		return 0;
	return table + (uint64_t)(int64_t)row.fde;
}

struct description {
	uint64_t start;     /* of the code */
	uint64_t code_align;
	int64_t data_align;
	uint64_t origin;    /* what expressions are kept relative to */
	uint64_t common, common_end, own, own_end; /* the instructions */
	uint8_t encoding;
	bool has_augmentation, is_signal;
};

static bool read_cie(struct description *d, struct cursor *k, uint64_t at)
{
	char letters[8];
	unsigned n = 0;
	uint64_t length;
	uint8_t version;

	cursor_set(k, at, at + 4);
	length = take(k, 4);
	if (k->is_bad || length < 8 || length >= 0xfffffff0)
		return false;
	cursor_set(k, at + 4, at + 4 + length);
	d->origin = at;
	d->common_end = at + 4 + length;
	if (take(k, 4)) /* a CIE's id is 0 */
		return false;
	version = take_byte(k);
	do {
		letters[n] = (char)take_byte(k);
	} while (letters[n] && ++n < sizeof(letters));
	if (n == sizeof(letters) || (version != 1 && version != 3 && version != 4))
		return false;
	if (version == 4)
		skip(k, 2); /* sizes of addresses and segments */
	d->code_align = take_leb(k, false);
	d->data_align = (int64_t)take_leb(k, true);
	if ((version == 1 ? take_byte(k) : take_leb(k, false)) != REG_IP)
		return false;
	d->has_augmentation = letters[0] == 'z';
	if (d->has_augmentation) {
		uint64_t end = take_leb(k, false);

		end += cursor_tell(k);
		for (unsigned i = 1; letters[i]; i++) {
			if (letters[i] == 'R')
				d->encoding = take_byte(k);
			else if (letters[i] == 'L')
				skip(k, 1);
			else if (letters[i] == 'P')
				take_encoded(k, take_byte(k) & 0x0f, true);
			else if (letters[i] == 'S')
				d->is_signal = true;
		}
		d->common = end;
	} else {
		if (letters[0])
			return false;
		d->common = cursor_tell(k);
	}
	return !k->is_bad && d->common <= d->common_end;
}

/* The description of the code at PC, of the module that begins at START. */
static bool describe(struct rt_unwind *u, struct description *d, struct cursor *k, uint64_t start, uint64_t pc)
{
	uint64_t length, id, size, at;

	*d = (struct description){ 0 };
	if (u->module != start) {
		u->module = start;
		u->table = find_table(start);
	}
	at = u->table ? find_fde(u->table, pc) : 0;
	if (!at)
		return false;
	cursor_set(k, at, at + 8);
	length = take(k, 4);
	id = take(k, 4);
	if (k->is_bad || length < 8 || length >= 0xfffffff0 || !id || !read_cie(d, k, at + 4 - id))
		return false;
	cursor_set(k, at + 8, at + 4 + length);
	d->start = take_encoded(k, d->encoding, false);
	size = take_encoded(k, d->encoding, true);
	if (pc - d->start >= size)
		return false;
	if (d->has_augmentation)
		skip(k, take_leb(k, false));
	d->own = cursor_tell(k);
	d->own_end = at + 4 + length;
	return !k->is_bad;
}

/* ---- the description, carried out up to an address ---- */

enum rule { RULE_DEFAULT, RULE_UNDEFINED, RULE_SAME, RULE_AT, RULE_IS, RULE_REGISTER, RULE_AT_EXPR, RULE_IS_EXPR };

/* How to find the caller's registers: relative to the CFA, or an expression (its address). */
struct rules {
	uint8_t kind[RT_UNWIND_REGS]; /* enum rule */
	uint8_t cfa_reg;
	bool cfa_is_expr;
	int32_t at[RT_UNWIND_REGS];   /* offset, register, or expression relative to the origin */
	int64_t cfa_at;
};

struct program {
	const struct description *d;
	uint64_t pc;
	struct rules now, initial, kept[MAX_KEPT];
	unsigned n_kept;
};

static void set_rule(struct program *p, uint64_t reg, enum rule kind, int64_t at)
{
	if (reg < RT_UNWIND_REGS) {
		p->now.kind[reg] = (uint8_t)kind;
		p->now.at[reg] = (int32_t)at;
	}
}

/* An expression at the cursor: its place relative to the origin; moves behind it. */
static int64_t take_block(struct program *p, struct cursor *k)
{
	uint64_t here = cursor_tell(k);

	skip(k, take_leb(k, false));
	return (int64_t)(here - p->d->origin);
}

/* The instructions whose operand is in the opcode, and the three most frequent others. */
static bool run_extended(struct program *p, struct cursor *k, uint8_t op)
{
	const struct description *d = p->d;
	uint64_t reg;

	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x05: /* offset_extended */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_AT, (int64_t)take_leb(k, false) * d->data_align);
		return true;
	case 0x06: /* restore_extended */
		reg = take_leb(k, false);
		if (reg < RT_UNWIND_REGS)
			set_rule(p, reg, p->initial.kind[reg], p->initial.at[reg]);
		return true;
	case 0x07: /* undefined */
		set_rule(p, take_leb(k, false), RULE_UNDEFINED, 0);
		return true;
	case 0x08: /* same_value */
		set_rule(p, take_leb(k, false), RULE_SAME, 0);
		return true;
	case 0x09: /* register */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_REGISTER, (int64_t)take_leb(k, false));
		return true;
	case 0x0a: /* remember_state */
		if (p->n_kept == MAX_KEPT)
			return false;
		p->kept[p->n_kept++] = p->now;
		return true;
	case 0x0b: /* restore_state */
		if (!p->n_kept)
			return false;
		p->now = p->kept[--p->n_kept];
		return true;
	case 0x0c: /* def_cfa */
		p->now.cfa_reg = (uint8_t)take_leb(k, false);
		p->now.cfa_at = (int64_t)take_leb(k, false);
		p->now.cfa_is_expr = false;
		return true;
	case 0x0d: /* def_cfa_register */
		p->now.cfa_reg = (uint8_t)take_leb(k, false);
		return true;
	case 0x0e: /* def_cfa_offset */
		p->now.cfa_at = (int64_t)take_leb(k, false);
		return true;
	case 0x0f: /* def_cfa_expression */
		p->now.cfa_at = take_block(p, k);
		p->now.cfa_is_expr = true;
		return true;
	case 0x10: /* expression */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_AT_EXPR, take_block(p, k));
		return true;
	case 0x11: /* offset_extended_sf */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_AT, (int64_t)take_leb(k, true) * d->data_align);
		return true;
	case 0x12: /* def_cfa_sf */
		p->now.cfa_reg = (uint8_t)take_leb(k, false);
		p->now.cfa_at = (int64_t)take_leb(k, true) * d->data_align;
		p->now.cfa_is_expr = false;
		return true;
	case 0x13: /* def_cfa_offset_sf */
		p->now.cfa_at = (int64_t)take_leb(k, true) * d->data_align;
		return true;
	case 0x14: /* val_offset */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_IS, (int64_t)take_leb(k, false) * d->data_align);
		return true;
	case 0x15: /* val_offset_sf */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_IS, (int64_t)take_leb(k, true) * d->data_align);
		return true;
	case 0x16: /* val_expression */
		reg = take_leb(k, false);
		set_rule(p, reg, RULE_IS_EXPR, take_block(p, k));
		return true;
	case 0x2e: /* GNU_args_size */
		take_leb(k, false);
		return true;
	}
	return false;
}

/* The instructions up to END, or to that one which is for addresses behind PC. */
static bool run(struct program *p, struct cursor *k, uint64_t begin, uint64_t end)
{
	uint64_t here = p->d->start;

	cursor_set(k, begin, end);
	for (unsigned n = 0; n < MAX_OPS && cursor_more(k); n++) {
		uint8_t op = take_byte(k), low = op & 0x3f;
		uint64_t by = 0;

		if (op >> 6 == 1) { /* advance_loc */
			by = low;
		} else if (op >> 6 == 2) { /* offset */
			set_rule(p, low, RULE_AT, (int64_t)take_leb(k, false) * p->d->data_align);
		} else if (op >> 6 == 3) { /* restore */
			if (low < RT_UNWIND_REGS)
				set_rule(p, low, p->initial.kind[low], p->initial.at[low]);
		} else if (op == 0x01) { /* set_loc */
			here = take_encoded(k, p->d->encoding, false);
		} else if (op >= 0x02 && op <= 0x04) { /* advance_loc1, 2, 4 */
			by = take(k, 1u << (op - 2));
		} else if (!run_extended(p, k, op)) {
			return false;
		}
		here += by * p->d->code_align;
		if (here > p->pc)
			return !k->is_bad;
	}
	return !k->is_bad;
}

/* ---- expressions ---- */

struct stack {
	uint64_t v[EXPR_DEPTH];
	unsigned n;
	bool is_bad;
};

static uint64_t pop(struct stack *s)
{
	if (!s->n) {
		s->is_bad = true;
		return 0;
	}
	return s->v[--s->n];
}

static void push(struct stack *s, uint64_t v)
{
	if (s->n == EXPR_DEPTH)
		s->is_bad = true;
	else
		s->v[s->n++] = v;
}

static void binary(struct stack *s, uint8_t op)
{
	uint64_t b = pop(s), a = pop(s);
	int64_t sa = (int64_t)a, sb = (int64_t)b;

	switch (op) {
	case 0x1a: push(s, a & b); break;
	case 0x1c: push(s, a - b); break;
	case 0x1e: push(s, a * b); break;
	case 0x21: push(s, a | b); break;
	case 0x22: push(s, a + b); break;
	case 0x24: push(s, b < 64 ? a << b : 0); break;
	case 0x25: push(s, b < 64 ? a >> b : 0); break;
	case 0x26: push(s, (uint64_t)(sa >> (b < 64 ? b : 63))); break;
	case 0x27: push(s, a ^ b); break;
	case 0x29: push(s, a == b); break;
	case 0x2a: push(s, sa >= sb); break;
	case 0x2b: push(s, sa > sb); break;
	case 0x2c: push(s, sa <= sb); break;
	case 0x2d: push(s, sa < sb); break;
	case 0x2e: push(s, a != b); break;
	default: s->is_bad = true;
	}
}

static bool has_register(const struct rt_unwind *u, uint64_t reg)
{
	return reg < RT_UNWIND_REGS && (u->known >> reg & 1);
}

static void run_operation(const struct rt_unwind *u, struct stack *s, struct cursor *k, uint8_t op)
{
	uint64_t a, b;

	if (op >= 0x30 && op <= 0x4f) { /* lit */
		push(s, op - 0x30u);
		return;
	}
	if (op >= 0x70 && op <= 0x8f) { /* breg */
		if (!has_register(u, op - 0x70u))
			s->is_bad = true;
		else
			push(s, u->reg[op - 0x70] + take_leb(k, true));
		return;
	}
	switch (op) {
	case 0x06: /* deref */
		if (!read_word(pop(s), &a))
			s->is_bad = true;
		else
			push(s, a);
		return;
	case 0x08: push(s, take(k, 1)); return;
	case 0x09: push(s, take_signed(k, 1)); return;
	case 0x0a: push(s, take(k, 2)); return;
	case 0x0b: push(s, take_signed(k, 2)); return;
	case 0x0c: push(s, take(k, 4)); return;
	case 0x0d: push(s, take_signed(k, 4)); return;
	case 0x0e:
	case 0x0f: push(s, take(k, 8)); return;
	case 0x10: push(s, take_leb(k, false)); return;
	case 0x11: push(s, take_leb(k, true)); return;
	case 0x12: /* dup */
		a = pop(s);
		push(s, a);
		push(s, a);
		return;
	case 0x13: /* drop */
		pop(s);
		return;
	case 0x16: /* swap */
		b = pop(s);
		a = pop(s);
		push(s, b);
		push(s, a);
		return;
	case 0x1f: push(s, 0 - pop(s)); return;
	case 0x20: push(s, ~pop(s)); return;
	case 0x23: push(s, pop(s) + take_leb(k, false)); return;
	case 0x96: return; /* nop */
	default: binary(s, op);
	}
}

/* The expression (its length stands before it) at AT, with FIRST on the stack if there is one. */
static bool evaluate(const struct rt_unwind *u, struct cursor *k, uint64_t at, const uint64_t *first, uint64_t *v)
{
	struct stack s = { .n = 0 };
	uint64_t length;

	cursor_set(k, at, at + 16);
	length = take_leb(k, false);
	cursor_set(k, cursor_tell(k), cursor_tell(k) + length);
	if (first)
		push(&s, *first);
	for (unsigned n = 0; n < MAX_EXPR && cursor_more(k); n++)
		run_operation(u, &s, k, take_byte(k));
	*v = pop(&s);
	return !s.is_bad && !k->is_bad;
}

/* ---- one frame ---- */

/* The caller's register REG; false: not known. */
static bool restore(const struct rt_unwind *u, const struct program *p, struct cursor *k, unsigned reg, uint64_t cfa,
		    uint64_t *v)
{
	int64_t at = p->now.at[reg];

	switch ((enum rule)p->now.kind[reg]) {
	case RULE_UNDEFINED:
		return false;
	case RULE_DEFAULT: /* psABI 3.2.1: which registers a function leaves as they are */
		if (reg == REG_SP)
			*v = cfa;
		else if (reg == REG_BX || reg == REG_BP || (reg >= 12 && reg <= 15))
			*v = u->reg[reg];
		else
			return false;
		return reg == REG_SP || has_register(u, reg);
	case RULE_SAME:
		*v = u->reg[reg];
		return has_register(u, reg);
	case RULE_AT:
		return read_word(cfa + (uint64_t)at, v);
	case RULE_IS:
		*v = cfa + (uint64_t)at;
		return true;
	case RULE_REGISTER:
		if (!has_register(u, (uint64_t)at))
			return false;
		*v = u->reg[at];
		return true;
	case RULE_AT_EXPR:
		return evaluate(u, k, p->d->origin + (uint64_t)at, &cfa, v) && read_word(*v, v);
	case RULE_IS_EXPR:
		return evaluate(u, k, p->d->origin + (uint64_t)at, &cfa, v);
	}
	return false;
}

/* Goes to the caller by the description of the code. */
static bool step_described(struct rt_context *c, struct rt_unwind *u, const struct description *d, struct cursor *k)
{
	struct program p = { .d = d, .pc = u->reg[REG_IP] - !u->is_exact };
	uint64_t cfa, known = 0, reg[RT_UNWIND_REGS] = { 0 };

	if (!run(&p, k, d->common, d->common_end))
		return false;
	p.initial = p.now;
	if (!run(&p, k, d->own, d->own_end))
		return false;
	if (p.now.cfa_is_expr) {
		if (!evaluate(u, k, d->origin + (uint64_t)p.now.cfa_at, NULL, &cfa))
			return false;
	} else {
		if (!has_register(u, p.now.cfa_reg))
			return false;
		cfa = u->reg[p.now.cfa_reg] + (uint64_t)p.now.cfa_at;
	}
	for (unsigned i = 0; i < RT_UNWIND_REGS; i++)
		if (restore(u, &p, k, i, cfa, &reg[i]))
			known |= 1ull << i;
	if (!(known >> REG_IP & 1))
		return false;
	if (p.now.kind[REG_IP] == RULE_AT)
		reg[REG_IP] = rt_port_return_address(c, cfa + (uint64_t)(int64_t)p.now.at[REG_IP], reg[REG_IP]);
	if (!d->is_signal && reg[REG_SP] <= u->reg[REG_SP]) /* nor a frame that is its own caller */
		return false;
	for (unsigned i = 0; i < RT_UNWIND_REGS; i++)
		u->reg[i] = reg[i];
	u->known = known;
	u->is_exact = d->is_signal;
	return true;
}

/* The kernel's signal frame, when a signal handler returns to IP: mov $15, %eax or %rax (the
 * number of rt_sigreturn), syscall.  The registers lie in the ucontext at SP. */
static bool step_signal(struct rt_unwind *u)
{
	static const uint8_t by_rax[] = { 0x48, 0xc7, 0xc0, 15, 0, 0, 0, 0x0f, 5 };
	static const uint8_t by_eax[] = { 0xb8, 15, 0, 0, 0, 0x0f, 5 };
	/* struct sigcontext: r8 to r15, di, si, bp, bx, dx, ax, cx, sp, ip */
	static const uint8_t order[] = { 8, 9, 10, 11, 12, 13, 14, 15, 5, 4, 6, 3, 1, 0, 2, 7, 16 };
	uint64_t saved[RT_UNWIND_REGS];
	uint8_t code[9];

	if (rt_port_read(code, u->reg[REG_IP], sizeof(code)) ||
	    (__builtin_memcmp(code, by_rax, sizeof(by_rax)) && __builtin_memcmp(code, by_eax, sizeof(by_eax))) ||
	    rt_port_read(saved, u->reg[REG_SP] + 40, sizeof(saved)))
		return false;
	for (unsigned i = 0; i < RT_UNWIND_REGS; i++)
		u->reg[order[i]] = saved[i];
	u->known = (1ull << RT_UNWIND_REGS) - 1;
	u->is_exact = true;
	return true;
}

/* Goes to the caller whose frame ends at CFA, of which the return address is all that is known
 * and, when HAS_BP, the frame pointer below it. */
static bool step_plain(struct rt_context *c, struct rt_unwind *u, uint64_t cfa, bool has_bp)
{
	uint64_t ip, bp = u->reg[REG_BP];

	if (!read_word(cfa - 8, &ip) || (has_bp && !read_word(cfa - 16, &bp)))
		return false;
	u->reg[REG_IP] = rt_port_return_address(c, cfa - 8, ip);
	u->reg[REG_SP] = cfa;
	u->reg[REG_BP] = bp;
	u->known &= 1ull << REG_IP | 1ull << REG_SP | 1ull << REG_BP;
	u->is_exact = false;
	return true;
}

bool rt_unwind_next(struct rt_context *c, struct rt_unwind *u)
{
	uint64_t pc = u->reg[REG_IP] - !u->is_exact, bp = u->reg[REG_BP], sp = u->reg[REG_SP];
	bool at_entry = u->at_entry, done;
	struct rt_module m;
	struct description d;
	struct cursor k;

	if (!u->reg[REG_IP])
		return false;
	u->at_entry = false;
	if (rt_port_module(c, pc, &m) && describe(u, &d, &k, m.start, pc))
		done = step_described(c, u, &d, &k);
	else if (at_entry)
		done = step_plain(c, u, sp + 8, false);
	else
		done = step_signal(u) || ((u->known >> REG_BP & 1) && bp >= sp && bp - sp < MAX_FRAME &&
					  !(bp & 7) && step_plain(c, u, bp + 16, true) &&
					  rt_port_module(c, u->reg[REG_IP], &m));
	if (!done)
		u->reg[REG_IP] = 0;
	else
		u->reg[REG_IP] = rt_port_real_ip(c, u->reg[REG_IP]);
	return u->reg[REG_IP] != 0;
}

bool rt_unwind_first(struct rt_context *c, struct rt_unwind *u)
{
	const struct script_probe *p = &script_probes[c->probe];

	*u = (struct rt_unwind){ .is_exact = true, .known = (1ull << RT_UNWIND_REGS) - 1 };
	if (!rt_user_mode(c))
		return false;
	for (unsigned i = 0; i < RT_UNWIND_REGS; i++)
		u->reg[i] = *rt_reg_at(c->regs, i);
	if (c->is_32bit) { /* its registers have other numbers */
		u->known = 1ull << REG_IP;
		return true;
	}
	u->at_entry = !c->is_return && (p->kind == PROBE_SITE || p->kind == PROBE_RETURN) &&
		      (script_sites[p->arg].flags & SITE_ENTRY);
	return true;
}

void rt_unwind_from(struct rt_unwind *u, uint64_t ip, uint64_t sp, uint64_t bp)
{
	*u = (struct rt_unwind){ .is_exact = true, .known = 1ull << REG_IP | 1ull << REG_SP | 1ull << REG_BP };
	u->reg[REG_IP] = ip;
	u->reg[REG_SP] = sp;
	u->reg[REG_BP] = bp;
}

uint64_t rt_unwind_ip(const struct rt_unwind *u)
{
	return u->reg[REG_IP];
}

uint64_t rt_unwind_place(const struct rt_unwind *u)
{
	return u->reg[REG_IP] - !u->is_exact;
}
