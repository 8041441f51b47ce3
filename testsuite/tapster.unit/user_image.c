/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects that are none must be refused with a reason, never mapped. */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/user/image.h"
#include "testsuite/tapster.unit/unit.h"

static int open_bytes(const void *bytes, size_t n, const char **why)
{
	char path[64];
	struct image im;
	int fd = memfd_create("object", 0);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int err = image_open(&im, path, 1 << 20, 2, why);
	if (!err)
		image_close(&im);
	close(fd);
	return err;
}

/* An ELF file with one segment of the COUNT bytes at CONTENT. */
static size_t make_elf(char *file, const void *content, size_t count, uint32_t type)
{
	Elf64_Ehdr eh = { .e_type = ET_DYN, .e_machine = EM_X86_64, .e_phoff = sizeof eh,
			  .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1 };
	Elf64_Phdr ph = { .p_type = type, .p_offset = 4096, .p_filesz = count, .p_memsz = count };
	memcpy(eh.e_ident, ELFMAG, SELFMAG);
	eh.e_ident[EI_CLASS] = ELFCLASS64;
	memset(file, 0, 4096);
	memcpy(file, &eh, sizeof eh);
	memcpy(file + sizeof eh, &ph, sizeof ph);
	memcpy(file + 4096, content, count);
	return 4096 + count;
}

static void not_there(void)
{
	struct image im;
	const char *why;
	CHECK_INT(image_open(&im, "/nonexistent/object.so", 1 << 20, 2, &why), -ENOENT);
}

static void not_elf(void)
{
	const char *why = NULL;
	CHECK_INT(open_bytes("#!/bin/sh\n", 10, &why), -ENOEXEC);
	CHECK_STR(why, "it is not an x86-64 object file");
}

static void ordinary_library(void)
{
	static char file[8192];
	const char *why = NULL;
	size_t n = make_elf(file, "x", 1, PT_DYNAMIC);
	CHECK_INT(open_bytes(file, n, &why), -ENOEXEC);
	CHECK_STR(why, "it was not linked by object.ld");
}

static void cut_short(void)
{
	static char file[8192];
	const char *why = NULL;
	size_t n = make_elf(file, "some bytes", 10, PT_LOAD);
	CHECK_INT(open_bytes(file, n - 5, &why), -ENOEXEC);
	CHECK_STR(why, "it is cut short");
}

static void other_version(void)
{
	static char file[8192];
	struct user_header h = { .magic = USER_MAGIC, .abi = USER_ABI + 1, .size = sizeof h };
	const char *why = NULL;
	size_t n = make_elf(file, &h, sizeof h, PT_LOAD);
	CHECK_INT(open_bytes(file, n, &why), -ENOEXEC);
	CHECK_STR(why, "it was made by another version of tapster");
}

UNIT_MAIN(TEST(not_there), TEST(not_elf), TEST(ordinary_library), TEST(cut_short),
	  TEST(other_version))
