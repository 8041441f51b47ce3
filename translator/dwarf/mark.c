/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Static marks: the notes that the macros of sys/sdt.h leave in .note.stapsdt.  A
 * note holds three addresses (the mark; where .stapsdt.base was when the note was
 * made, so that prelinking can be allowed for; a semaphore or 0) and three strings.
 */
#include "translator/dwarf/dw_int.h"

#include <string.h>

enum { NT_STAPSDT = 3 };

/* The NUL-terminated string at *AT, which moves behind it; NULL where it runs out of the note. */
static const char *take_string(const char *data, size_t size, size_t *at)
{
	const char *text = data + *at;
	const char *end = *at < size ? memchr(text, '\0', size - *at) : NULL;

	if (!end)
		return NULL;
	*at += (size_t)(end - text) + 1;
	return text;
}

static bool take_address(const struct dw_file *f, const char *data, size_t size, size_t *at,
			 uint64_t *out)
{
	size_t width = f->info.is_32bit ? 4 : 8;

	*out = 0;
	if (size - *at < width)
		return false;
	memcpy(out, data + *at, width); /* ours is a little-endian machine, like its programs */
	*at += width;
	return true;
}

static bool read_note(struct dw_file *f, const char *data, size_t size, uint64_t base,
		      struct dw_mark *m)
{
	uint64_t noted_base;
	size_t at = 0;

	if (!take_address(f, data, size, &at, &m->address) ||
	    !take_address(f, data, size, &at, &noted_base) ||
	    !take_address(f, data, size, &at, &m->semaphore))
		return false;
	m->provider = take_string(data, size, &at);
	m->name = m->provider ? take_string(data, size, &at) : NULL;
	m->arguments = m->name ? take_string(data, size, &at) : NULL;
	if (!m->arguments)
		return false;
	if (base && noted_base) {
		m->address += base - noted_base;
		m->semaphore += m->semaphore ? base - noted_base : 0;
	}
	return true;
}

size_t dw_marks(struct dw_file *f, dw_mark_vec *out)
{
	struct arena *a = f->dw->arena;
	Elf_Data *data = elf_section_data(f->elf.elf, ".note.stapsdt");
	GElf_Shdr shdr;
	uint64_t base = elf_find_section(f->elf.elf, ".stapsdt.base", &shdr) ? shdr.sh_addr : 0;
	size_t at = 0, next, name_at, desc_at, before = out->n;
	GElf_Nhdr note;

	for (; data && (next = gelf_getnote(data, at, &note, &name_at, &desc_at)) > 0; at = next) {
		const char *bytes = data->d_buf;
		struct dw_mark m = { 0 };

		if (note.n_type != NT_STAPSDT || note.n_namesz != sizeof("stapsdt") ||
		    memcmp(bytes + name_at, "stapsdt", sizeof("stapsdt")) ||
		    !read_note(f, bytes + desc_at, note.n_descsz, base, &m))
			continue;
		m.provider = arena_strdup(a, m.provider);
		m.name = arena_strdup(a, m.name);
		m.arguments = arena_strdup(a, m.arguments);
		VEC_PUSH(a, out, m);
	}
	return out->n - before;
}
