/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening an ELF program or library: its facts, its segments, its bytes.
 * Nothing about symbols or DWARF is read here.
 */
#include "translator/dwarf/dw_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dw *dw_new(struct arena *a)
{
	struct dw *dw = ARENA_NEW(a, struct dw);

	dw->arena = a;
	elf_version(EV_CURRENT);
	return dw;
}

static void file_close(struct dw_file *f)
{
	cfi_close(f);
	debug_close(f);
	elf_close(&f->elf);
}

void dw_free(struct dw *dw)
{
	VEC_EACH(&dw->files, i)
		file_close(dw->files.at[i]);
	dw->files.n = 0;
}

bool elf_open_path(struct dw_elf *e, const char *path)
{
	e->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (e->fd < 0)
		return false;
	e->elf = elf_begin(e->fd, ELF_C_READ_MMAP, NULL);
	if (e->elf)
		return true;
	close(e->fd);
	e->fd = -1;
	return false;
}

void elf_close(struct dw_elf *e)
{
	if (e->elf)
		elf_end(e->elf);
	if (e->fd >= 0)
		close(e->fd);
	e->elf = NULL;
	e->fd = -1;
}

Elf_Scn *elf_find_section(Elf *elf, const char *name, GElf_Shdr *shdr)
{
	Elf_Scn *scn = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((scn = elf_nextscn(elf, scn))) {
		const char *found;

		if (!gelf_getshdr(scn, shdr))
			continue;
		found = elf_strptr(elf, names, shdr->sh_name);
		if (found && !strcmp(found, name))
			return scn;
	}
	return NULL;
}

Elf_Data *elf_section_data(Elf *elf, const char *name)
{
	GElf_Shdr shdr;
	Elf_Scn *scn = elf_find_section(elf, name, &shdr);
	Elf_Data *data;

	if (!scn || shdr.sh_type == SHT_NOBITS)
		return NULL;
	if ((shdr.sh_flags & SHF_COMPRESSED) && elf_compress(scn, 0, 0) < 0)
		return NULL;
	data = elf_rawdata(scn, NULL);
	return data && data->d_buf && data->d_size ? data : NULL;
}

/* A file that holds only what objcopy --only-keep-debug leaves has its code as NOBITS. */
static bool has_no_code(Elf *elf)
{
	Elf_Scn *scn = NULL;
	bool has_exec = false;

	while ((scn = elf_nextscn(elf, scn))) {
		GElf_Shdr shdr;

		if (!gelf_getshdr(scn, &shdr) || !(shdr.sh_flags & SHF_EXECINSTR))
			continue;
		if (shdr.sh_type != SHT_NOBITS)
			return false;
		has_exec = true;
	}
	return has_exec;
}

static const char *machine_text(struct arena *a, int machine)
{
	const char *name = dwelf_elf_e_machine_string(machine);

	return name ? arena_printf(a, "ELF machine %s", name)
		    : arena_printf(a, "ELF machine number %d", machine);
}

static enum dw_open_error check_header(struct arena *a, Elf *elf, GElf_Ehdr *ehdr,
				       const char **text)
{
	if (elf_kind(elf) == ELF_K_AR) {
		*text = "an archive of objects";
		return DW_NOT_ELF;
	}
	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, ehdr)) {
		*text = "no ELF header";
		return DW_NOT_ELF;
	}
	if (ehdr->e_machine != EM_X86_64 && ehdr->e_machine != EM_386) {
		*text = machine_text(a, ehdr->e_machine);
		return DW_WRONG_MACHINE;
	}
	if (ehdr->e_machine == EM_X86_64 && ehdr->e_ident[EI_CLASS] == ELFCLASS32) {
		*text = "the x32 ABI";
		return DW_WRONG_MACHINE;
	}
	switch (ehdr->e_type) {
	case ET_EXEC:
	case ET_DYN:
		break;
	case ET_REL:
		*text = "a relocatable object";
		return DW_NOT_EXECUTABLE;
	case ET_CORE:
		*text = "a core file";
		return DW_NOT_EXECUTABLE;
	default:
		*text = arena_printf(a, "ELF type %u", ehdr->e_type);
		return DW_NOT_EXECUTABLE;
	}
	if (has_no_code(elf)) {
		*text = "a separate debug file without code";
		return DW_NOT_EXECUTABLE;
	}
	return DW_OK;
}

/* PT_INTERP is a string in the file; a damaged one counts as none. */
static const char *read_interpreter(struct arena *a, Elf *elf, const GElf_Phdr *ph)
{
	size_t size;
	const char *image = elf_rawfile(elf, &size);

	if (!image || ph->p_offset >= size || ph->p_filesz > size - ph->p_offset)
		return NULL;
	return arena_strndup(a, image + ph->p_offset, strnlen(image + ph->p_offset, ph->p_filesz));
}

static void read_segments(struct dw_file *f)
{
	struct arena *a = f->dw->arena;
	size_t n;

	if (elf_getphdrnum(f->elf.elf, &n))
		n = 0;
	f->segments = ARENA_ARRAY(a, n ? n : 1, struct dw_segment);
	f->low_address = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;
		struct dw_segment *s;

		if (!gelf_getphdr(f->elf.elf, (int)i, &ph))
			continue;
		if (ph.p_type == PT_INTERP)
			f->info.interpreter = read_interpreter(a, f->elf.elf, &ph);
		if (ph.p_type == PT_DYNAMIC)
			f->info.is_dynamic = true;
		if (ph.p_type == PT_TLS && ph.p_align) {
			f->tls_address = ph.p_vaddr;
			f->tls_size = ph.p_memsz;
			f->tls_below = (ph.p_memsz + ph.p_align - 1) / ph.p_align * ph.p_align;
		}
		if (ph.p_type != PT_LOAD)
			continue;
		s = &f->segments[f->n_segments++];
		s->address = ph.p_vaddr;
		s->offset = ph.p_offset;
		s->file_size = ph.p_filesz;
		s->mem_size = ph.p_memsz;
		s->is_exec = ph.p_flags & PF_X;
		if (!s->is_exec)
			continue;
		if (s->address < f->low_address)
			f->low_address = s->address;
		if (s->address + s->file_size > f->high_address)
			f->high_address = s->address + s->file_size;
	}
}

static void read_facts(struct dw_file *f, const GElf_Ehdr *ehdr, const struct stat *st)
{
	const void *id;
	ssize_t id_size = dwelf_elf_gnu_build_id(f->elf.elf, &id);

	f->info.size = (uint64_t)st->st_size;
	f->info.mtime_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000 +
			   (uint64_t)st->st_mtim.tv_nsec;
	f->info.inode = st->st_ino;
	f->info.device = st->st_dev;
	f->info.is_32bit = ehdr->e_ident[EI_CLASS] == ELFCLASS32;
	f->info.is_pie = ehdr->e_type == ET_DYN;
	f->info.entry = ehdr->e_entry;
	if (id_size > 0) {
		f->info.build_id = arena_memdup(f->dw->arena, id, (size_t)id_size);
		f->info.build_id_size = (size_t)id_size;
	}
	read_segments(f);
	if (f->info.is_pie && f->info.is_dynamic && !f->info.interpreter)
		f->tls_below = 0; /* a library's block is anywhere */
}

static struct dw_file *find_open(struct dw *dw, const char *path)
{
	VEC_EACH(&dw->files, i)
		if (!strcmp(dw->files.at[i]->info.path, path))
			return dw->files.at[i];
	return NULL;
}

/* Returns 0 or an errno. */
static int open_regular(const char *path, struct stat *st, int *fd)
{
	int error = 0;

	/* O_NONBLOCK: a FIFO must not hang us */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0)
		return errno;
	if (fstat(*fd, st))
		error = errno;
	else if (!S_ISREG(st->st_mode))
		error = S_ISDIR(st->st_mode) ? EISDIR : EINVAL;
	if (error)
		close(*fd);
	return error;
}

static struct dw_file *no_file(const char **text, enum dw_open_error *why, int error)
{
	*why = DW_NO_FILE;
	*text = strerror(error);
	return NULL;
}

struct dw_file *dw_open(struct dw *dw, const char *path, enum dw_open_error *why,
			const char **text)
{
	char *real = realpath(path, NULL);
	struct dw_elf elf = { .fd = -1 };
	struct dw_file *f;
	struct stat st;
	GElf_Ehdr ehdr;
	int error;

	*why = DW_OK;
	*text = NULL;
	if (!real)
		return no_file(text, why, errno);
	path = arena_strdup(dw->arena, real);
	free(real);
	f = find_open(dw, path);
	if (f)
		return f;

	error = open_regular(path, &st, &elf.fd);
	if (error)
		return no_file(text, why, error);
	elf.elf = elf_begin(elf.fd, ELF_C_READ_MMAP, NULL);
	if (elf.elf) {
		*why = check_header(dw->arena, elf.elf, &ehdr, text);
	} else {
		*why = DW_NOT_ELF;
		*text = arena_strdup(dw->arena, elf_errmsg(-1));
	}
	if (*why != DW_OK) {
		elf_close(&elf);
		return NULL;
	}

	f = ARENA_NEW(dw->arena, struct dw_file);
	f->dw = dw;
	f->elf = elf;
	f->debug.fd = f->mini.fd = -1;
	f->info.path = path;
	map_init(&f->strings, dw->arena);
	map_init(&f->types, dw->arena);
	read_facts(f, &ehdr, &st);
	VEC_PUSH(dw->arena, &dw->files, f);
	return f;
}

const struct dw_info *dw_info(struct dw_file *f)
{
	return &f->info;
}

static const struct dw_segment *segment_at(const struct dw_file *f, uint64_t address)
{
	for (size_t i = 0; i < f->n_segments; i++) {
		const struct dw_segment *s = &f->segments[i];

		if (address >= s->address && address - s->address < s->file_size)
			return s;
	}
	return NULL;
}

bool dw_file_offset(struct dw_file *f, uint64_t address, uint64_t *offset)
{
	const struct dw_segment *s = segment_at(f, address);

	if (!s || !s->is_exec)
		return false;
	*offset = s->offset + (address - s->address);
	return *offset < f->info.size;
}

bool dw_address_of_offset(struct dw_file *f, uint64_t offset, uint64_t *address)
{
	for (size_t i = 0; i < f->n_segments; i++) {
		const struct dw_segment *s = &f->segments[i];

		if (!s->is_exec || offset < s->offset || offset - s->offset >= s->file_size)
			continue;
		*address = s->address + (offset - s->offset);
		return true;
	}
	return false;
}

size_t dw_read(struct dw_file *f, uint64_t address, void *buf, size_t size)
{
	const struct dw_segment *s = segment_at(f, address);
	uint64_t offset, left;
	size_t image_size;
	const char *image = elf_rawfile(f->elf.elf, &image_size);

	if (!s || !image)
		return 0;
	offset = s->offset + (address - s->address);
	left = s->file_size - (address - s->address);
	if (offset >= image_size)
		return 0;
	if (left > image_size - offset)
		left = image_size - offset;
	if (size > left)
		size = (size_t)left;
	memcpy(buf, image + offset, size);
	return size;
}
