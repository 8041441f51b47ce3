/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of addresses of the probed process.  The port tells which file is
 * mapped there, and where; the symbols of the files that matter are tables of
 * the script (object.h), sorted by address.
 */
#include "runtime/core/core_int.h"

/* The table of a file, or NULL. */
static const struct script_symtab *table_of(uint32_t file)
{
	for (uint32_t i = 0; i < script_info.n_symtabs; i++)
		if (script_symtabs[i].file == file)
			return &script_symtabs[i];
	return NULL;
}

/* The symbol whose code is at ADDRESS, or NULL; *OFFSET from its start, *SIZE of it. */
static const struct script_symbol *find(const struct script_symtab *t, uint64_t address, uint64_t *offset,
					uint64_t *size)
{
	const struct script_symbol *s = (const struct script_symbol *)script_symbols + t->first;
	uint32_t low = 0, high = t->n;
	uint64_t at = address - t->low;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s[middle].at <= at)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	s += low - 1;
	*offset = at - s->at;
	*size = low < t->n ? s[1].at - s->at : s->size ? s->size : t->size - s->at; /* shown up to the next one */
	return *offset < (s->size ? s->size : *size) ? s : NULL;
}

const char *rt_source(struct rt_context *c, uint64_t pc, int64_t *line)
{
	const struct script_line *l = (const struct script_line *)script_lines;
	const struct script_symtab *t = NULL;
	uint32_t low = 0, high;
	struct rt_module m;

	if (rt_port_module(c, pc, &m) && m.file != RT_NO_FILE)
		t = table_of(m.file);
	if (!t)
		return NULL;
	l += t->first_line;
	for (high = t->n_lines; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (l[middle].at <= pc - m.start)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || !l[low - 1].line)
		return NULL;
	*line = l[low - 1].line;
	return script_symbol_names + l[low - 1].path;
}

struct place {
	struct rt_module module;
	bool is_mapped;
	const char *name; /* NULL: no symbol */
	uint64_t offset, size;
};

/* PC is looked up; offsets are those of ADDRESS, which is PC or just behind it. */
static void look(struct rt_context *c, uint64_t address, uint64_t pc, struct place *p)
{
	const struct script_symtab *t;
	const struct script_symbol *s = NULL;

	*p = (struct place){ .offset = 0 };
	p->is_mapped = rt_port_module(c, pc, &p->module);
	if (!p->is_mapped)
		return;
	t = p->module.file == RT_NO_FILE ? NULL : table_of(p->module.file);
	if (t)
		s = find(t, pc - p->module.start + t->low, &p->offset, &p->size);
	if (s) {
		p->name = script_symbol_names + s->name;
		p->offset += address - pc;
	} else {
		p->offset = address - p->module.start;
		p->size = p->module.size;
	}
}

static const char *base_name(const char *path)
{
	const char *base = path;

	for (; *path; path++)
		if (*path == '/' && path[1])
			base = path + 1;
	return base;
}

size_t rt_symbol(struct rt_context *c, char *dst, size_t size, uint64_t address, uint64_t pc, uint32_t style)
{
	bool is_line = style == RT_SYMBOL_LINE || style == RT_SYMBOL_SOURCE;
	const char *source;
	struct place p;
	int64_t line;
	size_t n = 0;

	look(c, address, pc, &p);
	if (is_line || !p.name)
		n = (size_t)rt_snprintf(dst, size, "0x%llx%s", (long long)address, p.name ? " : " : "");
	if (p.name)
		n += rt_str_copy(dst + n, size - n, p.name);
	if (p.name && style != RT_SYMBOL_NAME)
		n += (size_t)rt_snprintf(dst + n, size - n, "+0x%llx", (long long)p.offset);
	if (p.name && (style == RT_SYMBOL_DATA || is_line))
		n += (size_t)rt_snprintf(dst + n, size - n, "/0x%llx", (long long)p.size);
	source = style == RT_SYMBOL_SOURCE ? rt_source(c, pc, &line) : NULL;
	if (source)
		n += (size_t)rt_snprintf(dst + n, size - n, " at %s:%lld", source, (long long)line);
	if (!p.is_mapped || style == RT_SYMBOL_NAME || style == RT_SYMBOL_BRIEF)
		return n;
	n += (size_t)rt_snprintf(dst + n, size - n, " [%s",
				 style == RT_SYMBOL_SIMPLE ? base_name(p.module.path) : p.module.path);
	if (!p.name)
		n += (size_t)rt_snprintf(dst + n, size - n, "+0x%llx", (long long)p.offset);
	if (!p.name && (style == RT_SYMBOL_DATA || is_line))
		n += (size_t)rt_snprintf(dst + n, size - n, "/0x%llx", (long long)p.size);
	n += rt_str_copy(dst + n, size - n, "]");
	return n;
}

void rt_print_symbol(struct rt_context *c, uint64_t address, uint64_t pc, uint32_t style)
{
	char text[440];
	size_t n = 0;

	if (style == RT_SYMBOL_LINE || style == RT_SYMBOL_SOURCE)
		text[n++] = ' ';
	n += rt_symbol(c, text + n, sizeof(text) - 1 - n, address, pc, style);
	text[n++] = '\n';
	rt_print_lit(c, text, n);
}

bool rt_module_name(struct rt_context *c, char *dst, size_t size, uint64_t address)
{
	struct rt_module m;

	dst[0] = 0;
	if (!rt_port_module(c, address, &m))
		return false;
	rt_str_copy(dst, size, m.path);
	return true;
}

uint64_t rt_module_start(struct rt_context *c, uint64_t address)
{
	struct rt_module m;

	return rt_port_module(c, address, &m) ? m.start : 0;
}

bool rt_module_build_id(struct rt_context *c, char *dst, size_t size, uint64_t address)
{
	struct rt_module m;
	const struct script_file *f;

	dst[0] = 0;
	if (!rt_port_module(c, address, &m) || m.file == RT_NO_FILE)
		return false;
	f = &script_files[m.file];
	for (uint32_t i = 0, n = 0; i < f->build_id_size && i < sizeof(f->build_id); i++)
		n += (uint32_t)rt_snprintf(dst + n, size - n, "%02x", f->build_id[i]);
	return f->build_id_size != 0;
}
