/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What .eh_frame tells of functions, also in stripped files: where they begin and end,
 * and the landing pads that exceptions enter them by (LSB, "Exception Frames"; the
 * tables of landing pads are those of the Itanium C++ ABI, as GCC and LLVM write them).
 */
#include "translator/dwarf/dw_int.h"

#include <stdlib.h>
#include <string.h>

enum {
	ENC_OMIT = 0xff,
	ENC_FORMAT = 0x0f,
	ENC_RELATION = 0x70,
	ENC_PCREL = 0x10,
	LSDA_MAX = 1 << 16
};

/* Bytes being read; what goes wrong leaves is_bad. */
struct cursor {
	const uint8_t *p, *end;
	uint64_t address; /* of P */
	bool is_32bit, is_bad;
};

static uint64_t take(struct cursor *c, size_t size, bool is_signed)
{
	uint64_t value = 0;

	if ((size_t)(c->end - c->p) < size) {
		c->is_bad = true;
		c->p = c->end;
		return 0;
	}
	memcpy(&value, c->p, size);
	c->p += size;
	c->address += size;
	if (is_signed && size < 8 && value >> (size * 8 - 1))
		value |= ~UINT64_C(0) << size * 8;
	return value;
}

static uint64_t take_leb128(struct cursor *c, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = (uint8_t)take(c, 1, false);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && byte & 0x40)
		value |= ~UINT64_C(0) << shift;
	return value;
}

/* A pointer in one of the DW_EH_PE_ encodings; lengths ignore what it is relative to. */
static uint64_t take_encoded(struct cursor *c, uint8_t encoding, bool is_length)
{
	uint64_t here = c->address, value;

	switch (encoding & ENC_FORMAT) {
	case 0x0:
		value = take(c, c->is_32bit ? 4 : 8, false);
		break;
	case 0x1:
		value = take_leb128(c, false);
		break;
	case 0x2:
		value = take(c, 2, false);
		break;
	case 0x3:
		value = take(c, 4, false);
		break;
	case 0x9:
		value = take_leb128(c, true);
		break;
	case 0xa:
		value = take(c, 2, !is_length);
		break;
	case 0xb:
		value = take(c, 4, !is_length);
		break;
	case 0x4:
	case 0xc:
		value = take(c, 8, false);
		break;
	default:
		c->is_bad = true;
		return 0;
	}
	if (is_length || !value)
		return value;
	if ((encoding & ENC_RELATION) == ENC_PCREL)
		value += here;
	else if (encoding & ENC_RELATION)
		c->is_bad = true;
	return c->is_32bit ? value & UINT32_MAX : value;
}

struct cie {
	uint8_t encoding, lsda_encoding;
	bool has_augmentation;
};

/* The CIE at C. */
static bool read_cie(struct cursor c, struct cie *out)
{
	const char *letters;
	uint8_t version;

	*out = (struct cie){ .lsda_encoding = ENC_OMIT };
	take(&c, 8, false); /* length, id */
	version = (uint8_t)take(&c, 1, false);
	letters = (const char *)c.p;
	while (take(&c, 1, false))
		;
	if (c.is_bad)
		return false;
	if (*letters != 'z')
		return !*letters;
	out->has_augmentation = true;
	take_leb128(&c, false); /* alignment factors, register of the return address */
	take_leb128(&c, true);
	if (version == 1)
		take(&c, 1, false);
	else
		take_leb128(&c, false);
	take_leb128(&c, false);
	while (*++letters) {
		switch (*letters) {
		case 'R':
			out->encoding = (uint8_t)take(&c, 1, false);
			break;
		case 'L':
			out->lsda_encoding = (uint8_t)take(&c, 1, false);
			break;
		case 'P':
			/* may be relative to what we don't follow; only its size matters */
			take_encoded(&c, (uint8_t)take(&c, 1, false) & ENC_FORMAT, true);
			break;
		case 'S':
		case 'B':
			break;
		default:
			return false;
		}
	}
	return !c.is_bad;
}

static int by_start(const void *a, const void *b)
{
	const struct dw_unwind *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

static void read_fde(struct dw_file *f, struct cursor c, const struct cie *cie)
{
	struct dw_unwind u = { 0 };

	u.start = take_encoded(&c, cie->encoding, false);
	u.size = take_encoded(&c, cie->encoding, true);
	if (cie->has_augmentation && take_leb128(&c, false) && cie->lsda_encoding != ENC_OMIT)
		u.lsda = take_encoded(&c, cie->lsda_encoding, false);
	if (!c.is_bad && u.size)
		VEC_PUSH(f->dw->arena, &f->unwind, u);
}

static void read_eh_frame(struct dw_file *f)
{
	GElf_Shdr shdr;
	Elf_Data *data = elf_section_data(f->elf.elf, ".eh_frame");
	struct cursor all;

	if (f->has_read_unwind)
		return;
	f->has_read_unwind = true;
	if (!data || !elf_find_section(f->elf.elf, ".eh_frame", &shdr))
		return;
	all = (struct cursor){ .p = data->d_buf, .end = (uint8_t *)data->d_buf + data->d_size,
			       .address = shdr.sh_addr, .is_32bit = f->info.is_32bit };
	while (all.end - all.p >= 8) {
		struct cursor c = all, at_cie = all;
		uint64_t length = take(&c, 4, false), id;
		struct cie cie;

		if (!length || length >= 0xfffffff0 || length > (uint64_t)(c.end - c.p))
			return;
		c.end = c.p + length;
		all.p = c.end;
		all.address += 4 + length;
		id = take(&c, 4, false);
		/* an FDE's id is the distance back to its CIE */
		if (!id || id > (uint64_t)(c.p - 4 - (uint8_t *)data->d_buf))
			continue;
		at_cie.p = c.p - 4 - id;
		at_cie.address = c.address - 4 - id;
		if (read_cie(at_cie, &cie))
			read_fde(f, c, &cie);
	}
}

bool dw_unwind_at(struct dw_file *f, uint64_t address, struct dw_unwind *out)
{
	size_t low = 0, high;

	if (!f->has_read_unwind) {
		read_eh_frame(f);
		if (f->unwind.n)
			qsort(f->unwind.at, f->unwind.n, sizeof(*f->unwind.at), by_start);
	}
	high = f->unwind.n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->unwind.at[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || address - f->unwind.at[low - 1].start >= f->unwind.at[low - 1].size)
		return false;
	*out = f->unwind.at[low - 1];
	return true;
}

bool dw_landing_pads(struct dw_file *f, const struct dw_unwind *u, struct arena *a,
		     dw_address_vec *out)
{
	uint8_t *bytes;
	struct cursor c;
	uint64_t base = u->start, length;
	uint8_t encoding;

	if (!u->lsda)
		return true;
	bytes = arena_alloc(a, LSDA_MAX);
	c = (struct cursor){ .p = bytes, .address = u->lsda, .is_32bit = f->info.is_32bit };
	c.end = bytes + dw_read(f, u->lsda, bytes, LSDA_MAX);
	encoding = (uint8_t)take(&c, 1, false);
	if (encoding != ENC_OMIT)
		base = take_encoded(&c, encoding, false);
	encoding = (uint8_t)take(&c, 1, false);
	if (encoding != ENC_OMIT)
		take_leb128(&c, false); /* distance of the table of types */
	encoding = (uint8_t)take(&c, 1, false);
	length = take_leb128(&c, false);
	if (c.is_bad || length > (uint64_t)(c.end - c.p))
		return false;
	c.end = c.p + length;
	while (c.p < c.end) {
		uint64_t pad;

		take_encoded(&c, encoding, true);
		take_encoded(&c, encoding, true);
		pad = take_encoded(&c, encoding, true);
		take_leb128(&c, false);
		if (pad && !c.is_bad)
			VEC_PUSH(a, out, base + pad);
	}
	return !c.is_bad;
}
