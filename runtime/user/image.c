/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "runtime/user/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif

enum { MAX_CONTEXTS = 2048, PAGE = 4096 };

static uint64_t round_up(uint64_t n, uint64_t to)
{
	return (n + to - 1) / to * to;
}

/* The object's bytes at their addresses in the memfd. */
static int copy_segments(struct image *im, const char *file, size_t size, uint64_t *end,
			 const char **why)
{
	const Elf64_Ehdr *eh = (const void *)file;
	if (size < sizeof *eh || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0 ||
	    eh->e_ident[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64 ||
	    eh->e_phentsize != sizeof(Elf64_Phdr) ||
	    eh->e_phoff + (uint64_t)eh->e_phnum * sizeof(Elf64_Phdr) > size) {
		*why = "it is not an x86-64 object file";
		return -ENOEXEC;
	}
	const Elf64_Phdr *ph = (const void *)(file + eh->e_phoff);
	*end = 0;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_DYNAMIC) {
			*why = "it was not linked by object.ld";
			return -ENOEXEC;
		}
		if (ph[i].p_type != PT_LOAD)
			continue;
		if (ph[i].p_offset + ph[i].p_filesz > size) {
			*why = "it is cut short";
			return -ENOEXEC;
		}
		uint64_t at = ph[i].p_vaddr + ph[i].p_memsz;
		if (at > *end)
			*end = at;
		if (pwrite(im->fd, file + ph[i].p_offset, ph[i].p_filesz,
			   (off_t)ph[i].p_vaddr) != (ssize_t)ph[i].p_filesz)
			return -errno;
	}
	*end = round_up(*end, PAGE);
	return 0;
}

static int check_header(const struct image *im, uint64_t end, const char **why)
{
	const struct user_header *h = im->header;
	*why = "it was made by another version of tapster";
	if (h->magic != USER_MAGIC || h->abi != USER_ABI || h->size != sizeof *h)
		return -ENOEXEC;
	const struct script_info *info = image_at(im, h->info);
	if (info->abi != SCRIPT_ABI)
		return -ENOEXEC;
	*why = "it is damaged";
	if ((uint64_t)(uint32_t)h->end > end || h->text_end % PAGE || h->process % PAGE ||
	    h->process_end % PAGE || h->data % PAGE || info->n_files > USER_FILES_MAX)
		return -ENOEXEC;
	*why = NULL;
	return 0;
}

/* Where claims, contexts and rings will be, in a scratch session: the object's own is
 * not writable yet. */
static uint64_t lay_out(struct user_session *s, const struct script_info *info, uint64_t end,
			uint64_t context_size, uint64_t ring_bytes, unsigned n_rings)
{
	uint64_t ring = 65536;
	while (ring * 2 * n_rings <= ring_bytes)
		ring *= 2;
	s->n_contexts = MAX_CONTEXTS;
	s->n_rings = n_rings;
	s->ring_size = (uint32_t)ring;
	s->return_stride = (uint32_t)round_up(sizeof(struct user_return) + info->entry_size, 8);
	s->returns_at = round_up(USER_CONTEXT_RT + context_size, 64);
	s->stack_at = round_up(s->returns_at + (uint64_t)USER_RETURNS_MAX * s->return_stride, 64);
	s->context_stride = (uint32_t)round_up(s->stack_at + USER_STACK_SIZE, PAGE);
	s->first_return = end;
	s->next_return = s->first_return + info->n_sites * sizeof(uint32_t);
	s->claims = round_up(s->next_return + info->n_probes * sizeof(uint32_t), PAGE);
	s->contexts = round_up(s->claims + MAX_CONTEXTS * sizeof(union user_claim), PAGE);
	s->rings = s->contexts + (uint64_t)MAX_CONTEXTS * s->context_stride;
	return round_up(s->rings + n_rings * (sizeof(struct user_ring) + ring), PAGE);
}

static int map_all(struct image *im)
{
	const struct user_header *h = im->header;
	char *at = mmap(NULL, im->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, im->fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	size_t text = (size_t)h->text_end, process = (size_t)h->process;
	size_t process_size = (size_t)(h->process_end - h->process);
	im->base = at;
	if (mmap(at, text, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, im->fd, 0) == MAP_FAILED ||
	    mmap(at + process, process_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, im->fd,
		 (off_t)process) == MAP_FAILED)
		return -errno;
	return 0;
}

/* Chains the return probes of each site, in the order of the script. */
static void link_returns(struct image *im)
{
	uint32_t *first = image_at(im, (int64_t)im->session->first_return);
	uint32_t *next = image_at(im, (int64_t)im->session->next_return);
	for (uint32_t s = 0; s < im->info->n_sites; s++)
		first[s] = USER_NO_PROBE;
	for (uint32_t p = im->info->n_probes; p-- > 0;) {
		const struct script_probe *probe = &im->probes[p];
		next[p] = USER_NO_PROBE;
		if (probe->kind != PROBE_RETURN || (uint64_t)probe->arg >= im->info->n_sites)
			continue;
		next[p] = first[probe->arg];
		first[probe->arg] = p;
	}
}

int image_open(struct image *im, const char *path, uint64_t ring_bytes, unsigned n_rings,
	       const char **why)
{
	memset(im, 0, sizeof *im);
	*why = NULL;
	im->fd = -1;
	int err = 0, file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (file < 0)
		return -errno;
	if (fstat(file, &st) < 0)
		err = -errno;
	char *bytes = MAP_FAILED;
	if (!err) {
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, file, 0);
		err = bytes == MAP_FAILED ? -errno : 0;
	}
	close(file);
	if (err)
		return err;

	im->fd = memfd_create("tapster", MFD_CLOEXEC | MFD_EXEC);
	if (im->fd < 0 && errno == EINVAL) /* before Linux 6.3 */
		im->fd = memfd_create("tapster", MFD_CLOEXEC);
	uint64_t end = 0;
	err = im->fd < 0 ? -errno : copy_segments(im, bytes, (size_t)st.st_size, &end, why);
	munmap(bytes, (size_t)st.st_size);
	if (!err && ftruncate(im->fd, (off_t)end) < 0)
		err = -errno;

	/* A first look at the header and, by the object's own word, at the size of a context. */
	struct user_session session = { 0 };
	if (!err) {
		im->base = mmap(NULL, end, PROT_READ | PROT_EXEC, MAP_PRIVATE, im->fd, 0);
		im->header = (const void *)im->base;
		err = im->base == MAP_FAILED ? -errno : check_header(im, end, why);
	}
	if (!err) {
		size_t (*context_size)(void) =
			(size_t (*)(void))(uintptr_t)image_at(im, im->header->context_size);
		const struct script_info *info = image_at(im, im->header->info);
		im->size = lay_out(&session, info, end, context_size(), ring_bytes, n_rings);
		char *old = im->base;
		if (ftruncate(im->fd, (off_t)im->size) < 0)
			err = -errno;
		else
			err = map_all(im);
		munmap(old, end);
	}
	if (err) {
		im->base = NULL;
		image_close(im);
		return err;
	}
	const struct user_header *h = im->header = (const void *)im->base;
	im->info = image_at(im, h->info);
	im->strings = image_at(im, h->strings);
	im->files = image_at(im, h->files);
	im->sites = image_at(im, h->sites);
	im->probes = image_at(im, h->probes);
	im->globals = image_at(im, h->globals);
	im->process = image_at(im, h->process);
	im->session = image_at(im, h->session);
	im->rt = image_at(im, h->rt_session);
	*im->session = session;
	link_returns(im);
	return 0;
}

void image_close(struct image *im)
{
	if (im->base)
		munmap(im->base, im->size);
	if (im->fd >= 0)
		close(im->fd);
	im->base = NULL;
	im->fd = -1;
}
