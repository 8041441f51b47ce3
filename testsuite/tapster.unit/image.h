/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ELF files for the tests of translator/insn/, which itself reads none: bytes at a
 * link-time address, and the functions that .eh_frame tells of (also in stripped
 * files, with their sizes).
 */
#ifndef TAPSTER_TESTSUITE_IMAGE_H
#define TAPSTER_TESTSUITE_IMAGE_H

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
	uint8_t *bytes;
	size_t size;
	bool is_32bit;
	uint64_t entry;
};

struct image_function {
	uint64_t address, size;
};

static bool image_open(struct image *im, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(Elf64_Ehdr)) {
		close(fd);
		return false;
	}
	im->size = (size_t)st.st_size;
	im->bytes = mmap(NULL, im->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (im->bytes == MAP_FAILED)
		return false;
	im->is_32bit = im->bytes[EI_CLASS] == ELFCLASS32;
	im->entry = im->is_32bit ? ((Elf32_Ehdr *)im->bytes)->e_entry
				 : ((Elf64_Ehdr *)im->bytes)->e_entry;
	return true;
}

__attribute__((unused)) static void image_close(struct image *im)
{
	munmap(im->bytes, im->size);
}

static const uint8_t *image_at(const struct image *im, uint64_t address, size_t *left)
{
	unsigned n = im->is_32bit ? ((Elf32_Ehdr *)im->bytes)->e_phnum
				  : ((Elf64_Ehdr *)im->bytes)->e_phnum;

	for (unsigned i = 0; i < n; i++) {
		uint64_t type, offset, start, size;

		if (im->is_32bit) {
			const Elf32_Ehdr *e = (const Elf32_Ehdr *)im->bytes;
			const Elf32_Phdr *p = (const Elf32_Phdr *)(im->bytes + e->e_phoff) + i;

			type = p->p_type, offset = p->p_offset;
			start = p->p_vaddr, size = p->p_filesz;
		} else {
			const Elf64_Ehdr *e = (const Elf64_Ehdr *)im->bytes;
			const Elf64_Phdr *p = (const Elf64_Phdr *)(im->bytes + e->e_phoff) + i;

			type = p->p_type, offset = p->p_offset;
			start = p->p_vaddr, size = p->p_filesz;
		}
		if (type == PT_LOAD && address - start < size) {
			*left = (size_t)(size - (address - start));
			return im->bytes + offset + (address - start);
		}
	}
	return NULL;
}

/* An insn_read_fn. */
__attribute__((unused)) static size_t image_read(void *data, uint64_t address, void *buf, size_t size)
{
	size_t left;
	const uint8_t *bytes = image_at(data, address, &left);

	if (!bytes)
		return 0;
	if (size > left)
		size = left;
	memcpy(buf, bytes, size);
	return size;
}

/* Value of a function symbol; 0: none. */
__attribute__((unused)) static uint64_t image_symbol(const struct image *im, const char *name)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)im->bytes;
	const Elf32_Ehdr *e32 = (const Elf32_Ehdr *)im->bytes;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(im->bytes + e->e_shoff);
	const Elf32_Shdr *s32 = (const Elf32_Shdr *)(im->bytes + e32->e_shoff);
	unsigned n = im->is_32bit ? e32->e_shnum : e->e_shnum;

	for (unsigned i = 0; i < n; i++) {
		if (im->is_32bit && s32[i].sh_type == SHT_SYMTAB) {
			const Elf32_Sym *sym = (const Elf32_Sym *)(im->bytes + s32[i].sh_offset);
			const char *text = (const char *)im->bytes + s32[s32[i].sh_link].sh_offset;

			for (unsigned k = 0; k < s32[i].sh_size / sizeof(*sym); k++)
				if (!strcmp(text + sym[k].st_name, name))
					return sym[k].st_value;
		} else if (!im->is_32bit && s[i].sh_type == SHT_SYMTAB) {
			const Elf64_Sym *sym = (const Elf64_Sym *)(im->bytes + s[i].sh_offset);
			const char *text = (const char *)im->bytes + s[s[i].sh_link].sh_offset;

			for (unsigned k = 0; k < s[i].sh_size / sizeof(*sym); k++)
				if (!strcmp(text + sym[k].st_name, name))
					return sym[k].st_value;
		}
	}
	return 0;
}

__attribute__((unused)) static uint64_t image_leb128(const uint8_t **p)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*p)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

/* How a CIE's functions are given: the encoding of augmentation letter R (LSB, "Exception
 * Frames"), 0 where it has none. */
__attribute__((unused)) static uint8_t image_encoding(const uint8_t *cie)
{
	const uint8_t *p = cie + 9; /* length, id, version */
	const char *letters = (const char *)p;

	if (*letters++ != 'z')
		return 0;
	p += strlen((const char *)p) + 1;
	for (int skipped = 0; skipped < 4; skipped++)
		image_leb128(&p);
	for (; *letters; letters++) {
		if (*letters == 'R')
			return *p;
		if (*letters == 'L')
			p++;
		else if (*letters == 'P')
			p += 1 + ((*p & 7) == 0 || (*p & 7) == 4 ? 8 : 4);
	}
	return 0;
}

static int image_order(const void *a, const void *b)
{
	const struct image_function *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* All functions of a 64-bit file in the order of their addresses; *LIST is malloc'd. */
__attribute__((unused)) static size_t image_functions(const struct image *im,
						      struct image_function **list)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)im->bytes;
	const Elf64_Shdr *s = (const Elf64_Shdr *)(im->bytes + e->e_shoff);
	const char *names = (const char *)im->bytes + s[e->e_shstrndx].sh_offset;
	struct image_function *f = NULL;
	size_t n = 0, kept = 0;

	for (unsigned i = 0; i < e->e_shnum; i++) {
		const uint8_t *start = im->bytes + s[i].sh_offset, *p = start;

		if (strcmp(names + s[i].sh_name, ".eh_frame"))
			continue;
		f = calloc(s[i].sh_size / 16 + 1, sizeof(*f));
		while (p + 12 <= start + s[i].sh_size) {
			uint32_t length, id, size;
			int32_t distance;

			memcpy(&length, p, 4);
			memcpy(&id, p + 4, 4);
			memcpy(&distance, p + 8, 4);
			memcpy(&size, p + 12, 4);
			if (!length)
				break;
			if (id && size && image_encoding(p + 4 - id) == 0x1b) /* pcrel sdata4 */
				f[n++] = (struct image_function){
					s[i].sh_addr + (uint64_t)(p + 8 - start) +
						(uint64_t)(int64_t)distance,
					size};
			p += 4 + length;
		}
	}
	for (size_t i = 0; i < n; i++) { /* but for stubs of the procedure linkage table */
		bool is_stub = false;

		for (unsigned k = 0; k < e->e_shnum; k++)
			if (!strncmp(names + s[k].sh_name, ".plt", 4) &&
			    f[i].address - s[k].sh_addr < s[k].sh_size)
				is_stub = true;
		if (!is_stub)
			f[kept++] = f[i];
	}
	if (kept)
		qsort(f, kept, sizeof(*f), image_order);
	n = kept;
	kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!kept || f[i].address != f[kept - 1].address)
			f[kept++] = f[i];
	*list = f;
	return kept;
}

#endif
