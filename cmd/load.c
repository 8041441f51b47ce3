/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A module's name lies in the image, in the section that becomes its struct
 * module; a second copy of a script that runs gets another one written there.
 */
#include "cmd/load.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/sys.h"
#include "runtime/kernel/transport.h"

#define ENGINE "tapster_uprobes"

enum { MAX_COPIES = 100, NAME_AT = 24 }; /* of the name in struct module, on 64 bits */

/* ---- the image ---- */

struct section {
	char *at;
	size_t size;
};

/* The section NAME of an ELF file in memory; size 0: there is none, or the file is no ELF. */
static struct section find_section(const struct buf *image, const char *name)
{
	const Elf64_Ehdr *eh = (const void *)image->data;
	const struct section none = { NULL, 0 };
	const Elf64_Shdr *sh;

	if (image->len < sizeof(*eh) || memcmp(eh->e_ident, ELFMAG, SELFMAG) ||
	    eh->e_shoff > image->len || eh->e_shentsize != sizeof(*sh) ||
	    (image->len - eh->e_shoff) / sizeof(*sh) < eh->e_shnum || eh->e_shstrndx >= eh->e_shnum)
		return none;
	sh = (const void *)(image->data + eh->e_shoff);
	for (unsigned i = 0; i < eh->e_shnum; i++) {
		uint64_t at = sh[eh->e_shstrndx].sh_offset + sh[i].sh_name;

		if (at >= image->len || strncmp(image->data + at, name, image->len - at))
			continue;
		if (sh[i].sh_offset > image->len || sh[i].sh_size > image->len - sh[i].sh_offset)
			return none;
		return (struct section){ image->data + sh[i].sh_offset, sh[i].sh_size };
	}
	return none;
}

/* The value of KEY in .modinfo, or NULL. */
static const char *module_info(const struct buf *image, const char *key)
{
	struct section info = find_section(image, ".modinfo");
	size_t n = strlen(key);

	for (size_t at = 0; at < info.size; at += strnlen(info.at + at, info.size - at) + 1)
		if (info.size - at > n && !memcmp(info.at + at, key, n) && info.at[at + n] == '=')
			return info.at + at + n + 1;
	return NULL;
}

static char *module_name_at(const struct buf *image)
{
	struct section module = find_section(image, ".gnu.linkonce.this_module");

	return module.size >= NAME_AT + MODULE_NAME_SIZE ? module.at + NAME_AT : NULL;
}

static const char *load_error(int err)
{
	switch (err) {
	case ENOEXEC:
		return "it was built for another kernel (see dmesg)";
	case EPERM:
		return "permission denied: not root, or module loading is forbidden";
	case EKEYREJECTED:
	case ENOKEY:
		return "the kernel takes no module without a trusted signature";
	default:
		return strerror(err);
	}
}

static bool is_loaded(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", name);
	return access(path, F_OK) == 0;
}

/* ---- loading and removing ---- */

static bool read_image(const char *path, struct buf *image)
{
	struct utsname here;
	const char *vermagic;
	size_t n;
	int err;

	buf_init(image);
	err = sys_read_file(path, image);
	if (err) {
		fprintf(stderr, "ERROR: cannot read %s: %s\n", path, strerror(-err));
		return false;
	}
	vermagic = module_info(image, "vermagic");
	if (!vermagic || !module_name_at(image)) {
		fprintf(stderr, "ERROR: %s is not a kernel module\n", path);
		return false;
	}
	n = strcspn(vermagic, " ");
	if (!uname(&here) && (strlen(here.release) != n || strncmp(here.release, vermagic, n))) {
		fprintf(stderr, "ERROR: %s was built for kernel %.*s; this one is %s\n", path, (int)n,
			vermagic, here.release);
		return false;
	}
	return true;
}

bool load_module(const char *path, unsigned buffer_mb, char name[MODULE_NAME_SIZE])
{
	char parameters[64] = "", base[MODULE_NAME_SIZE];
	struct buf image;
	bool ok = false;
	int err = EEXIST;

	if (buffer_mb)
		snprintf(parameters, sizeof(parameters), "buffer_mb=%u", buffer_mb);
	if (!read_image(path, &image))
		goto out;
	memset(name, 0, MODULE_NAME_SIZE);
	snprintf(base, sizeof(base), "%.*s", MODULE_NAME_SIZE - 5, module_name_at(&image));
	snprintf(name, MODULE_NAME_SIZE, "%.*s", MODULE_NAME_SIZE - 1, module_name_at(&image));
	for (unsigned copy = 2; err == EEXIST && copy < MAX_COPIES; copy++) {
		memcpy(module_name_at(&image), name, MODULE_NAME_SIZE);
		err = syscall(SYS_init_module, image.data, image.len, parameters) ? errno : 0;
		if (err == EEXIST)
			snprintf(name, MODULE_NAME_SIZE, "%.50s_%u", base, copy);
	}
	ok = !err;
	if (!ok)
		fprintf(stderr, "ERROR: cannot load %s: %s\n", path, load_error(err));
out:
	buf_fini(&image);
	return ok;
}

/* The engine's file for the module IMAGE of PATH: the one that it names, else tapster_uprobes.ko; both
 * are beside it. */
static void find_engine(const char *path, const struct buf *image, char *engine, size_t size)
{
	const char *slash = strrchr(path, '/'), *named = module_info(image, "tapster_engine");
	int folder = slash ? (int)(slash - path + 1) : 0;

	if (named) {
		snprintf(engine, size, "%.*s%s", folder, path, named);
		if (access(engine, R_OK) == 0)
			return;
	}
	snprintf(engine, size, "%.*s" ENGINE ".ko", folder, path);
}

bool load_engine(const char *path, const char *engine)
{
	const char *depends;
	char beside[4096];
	struct buf image;
	bool ok = true;
	int err;

	if (!read_image(path, &image)) {
		buf_fini(&image);
		return false;
	}
	depends = module_info(&image, "depends");
	if (depends && strstr(depends, ENGINE) && !is_loaded(ENGINE)) {
		find_engine(path, &image, beside, sizeof(beside));
		buf_fini(&image);
		if (!engine)
			engine = beside;
		ok = read_image(engine, &image);
		err = ok && syscall(SYS_init_module, image.data, image.len, "") ? errno : 0;
		if (err && err != EEXIST) {
			fprintf(stderr, "ERROR: cannot load %s: %s\n", engine, load_error(err));
			ok = false;
		}
	}
	buf_fini(&image);
	return ok;
}

bool remove_module(const char *name)
{
	const struct timespec nap = { 0, 10000000 };

	/* somebody who looks whether it is over may have its file open */
	for (int i = 0; syscall(SYS_delete_module, name, O_NONBLOCK); i++) {
		if (errno == ENOENT && i)
			return true;
		if (errno != EWOULDBLOCK || i == 50) {
			fprintf(stderr, "ERROR: cannot remove module %s: %s\n", name,
				errno == EWOULDBLOCK ? "it is in use" : strerror(errno));
			return false;
		}
		nanosleep(&nap, NULL);
	}
	return true;
}

int lock_loading(void)
{
	int fd = open("/proc/modules", O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) && errno == EINTR)
		;
	return fd;
}

/* A script's module of which nothing more will come. */
static bool is_over(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct kernel_status s = { 0 };
	bool yes;

	if (fd < 0)
		return false;
	yes = !ioctl(fd, KERNEL_STATUS, &s) && s.is_over;
	close(fd);
	return yes;
}

static void remove_scripts(bool also_detached)
{
	const size_t prefix = strlen(KERNEL_PROC_PREFIX);
	DIR *d = opendir("/proc");
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char path[300];

		if (strncmp(entry->d_name, KERNEL_PROC_PREFIX, prefix))
			continue;
		snprintf(path, sizeof(path), "/proc/%s", entry->d_name);
		if (also_detached || is_over(path))
			syscall(SYS_delete_module, entry->d_name + prefix, O_NONBLOCK);
	}
	if (d)
		closedir(d);
	remove_engine();
}

void remove_finished(void)
{
	remove_scripts(false);
}

void remove_unused(void)
{
	remove_scripts(true);
}

void remove_engine(void)
{
	syscall(SYS_delete_module, ENGINE, O_NONBLOCK);
}
