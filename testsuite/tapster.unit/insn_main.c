/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() is found without symbols: programs are linked in every way that the
 * compilers of this machine know, and what insn_find_main says is compared with the
 * symbol table.
 */
#include "translator/insn/insn.h"

#include "testsuite/tapster.unit/image.h"
#include "testsuite/tapster.unit/unit.h"

static const char program[] =
	"#include <stdio.h>\n"
	"int main(int argc, char **argv) { puts(argv[0]); return argc - 1; }\n";

static const char tail_call[] =
	"int f(int, char **);\n"
	"int main(int argc, char **argv) { return f(argc, argv); }\n"
	"__attribute__((noinline, noclone)) int f(int argc, char **argv)\n"
	"{ __asm__(\"\"); return argc + !argv; }\n";

static char directory[] = "/tmp/insn_main_XXXXXX";

static bool run(const char *compiler, const char *options)
{
	char command[512];

	snprintf(command, sizeof(command), "%s %s -o %s/program %s/main.c >/dev/null 2>&1", compiler,
		 options, directory, directory);
	return !system(command);
}

static void write_source(const char *text)
{
	char path[64];
	FILE *f;

	if (!mkdtemp(directory))
		strcpy(directory, "/tmp");
	snprintf(path, sizeof(path), "%s/main.c", directory);
	f = fopen(path, "w");
	if (!CHECK(f))
		return;
	fputs(text, f);
	fclose(f);
}

static void remove_files(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/main.c", directory);
	unlink(path);
	snprintf(path, sizeof(path), "%s/program", directory);
	unlink(path);
	rmdir(directory);
	strcpy(directory + strlen(directory) - 6, "XXXXXX");
}

static void check_program(const char *compiler, const char *options)
{
	struct image im;
	char path[64];
	uint64_t want, got;

	snprintf(path, sizeof(path), "%s/program", directory);
	if (!CHECK(image_open(&im, path)))
		return;
	want = image_symbol(&im, "main");
	got = insn_find_main(image_read, &im, im.entry, im.is_32bit);
	if (!CHECK(want && got == want))
		printf("%s %s: %#llx, main is %#llx\n", compiler, options, (unsigned long long)got,
		       (unsigned long long)want);
	image_close(&im);
}

static void every_way(const char *compiler, const char *text)
{
	static const char *const options[] = {
		"",
		"-O2",
		"-fcf-protection=full",
		"-no-pie -fno-pie",
		"-static -no-pie -fno-pie",
		"-static-pie -fPIE",
		"-pie -fPIE -O2 -Wl,-z,now",
		"-fuse-ld=gold",
		"-fuse-ld=lld",
		"-fuse-ld=gold -no-pie -fno-pie",
	};
	unsigned n = 0;

	write_source(text);
	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
		if (!run(compiler, options[i]))
			continue;
		check_program(compiler, options[i]);
		n++;
	}
	if (!n)
		printf("skipped %s: %s doesn't work here\n", unit_name, compiler);
	else
		printf("%s: %u kinds of programs\n", compiler, n);
	remove_files();
}

static void gcc(void)
{
	every_way("gcc", program);
}

static void clang(void)
{
	every_way("clang", program);
}

static void musl(void)
{
	every_way("musl-gcc", program);
}

static void gcc_32(void)
{
	every_way("gcc -m32", program);
}

static void main_that_jumps_away(void)
{
	every_way("gcc -O2", tail_call);
	every_way("gcc -m32 -O2", tail_call);
}

/* Entry code as older C libraries have it, with __libc_csu_init and __libc_csu_fini. */
static size_t read_bytes(void *data, uint64_t address, void *buf, size_t size)
{
	if (address < 0x401000 || address >= 0x401200)
		return 0;
	if (size > 0x401200 - address)
		size = 0x401200 - address;
	memcpy(buf, (uint8_t *)data + (address - 0x401000), size);
	return size;
}

static void old_glibc(void)
{
	static const uint8_t start[] = {
		0x31, 0xed, 0x49, 0x89, 0xd1, 0x5e, 0x48, 0x89, 0xe2, 0x48, 0x83, 0xe4, 0xf0,
		0x50, 0x54,
		0x49, 0xc7, 0xc0, 0x60, 0x11, 0x40, 0x00, /* mov $__libc_csu_fini, %r8 */
		0x48, 0xc7, 0xc1, 0x00, 0x11, 0x40, 0x00, /* mov $__libc_csu_init, %rcx */
		0x48, 0xc7, 0xc7, 0x80, 0x10, 0x40, 0x00, /* mov $main, %rdi */
		0xe8, 0xd7, 0x00, 0x00, 0x00, 0xf4};      /* call __libc_start_main@plt; hlt */
	static const uint8_t start_32[] = {
		0x31, 0xed, 0x5e, 0x89, 0xe1, 0x83, 0xe4, 0xf0, 0x50, 0x54, 0x52,
		0x68, 0x60, 0x11, 0x40, 0x00, /* push $__libc_csu_fini */
		0x68, 0x00, 0x11, 0x40, 0x00, /* push $__libc_csu_init */
		0x51, 0x56,
		0x68, 0x80, 0x10, 0x40, 0x00, /* push $main */
		0xe8, 0xd7, 0x00, 0x00, 0x00, 0xf4};
	uint8_t bytes[0x200];

	memset(bytes, 0x90, sizeof(bytes));
	memcpy(bytes, start, sizeof(start));
	CHECK_INT(insn_find_main(read_bytes, bytes, 0x401000, false), 0x401080);
	memset(bytes, 0x90, sizeof(bytes));
	memcpy(bytes, start_32, sizeof(start_32));
	CHECK_INT(insn_find_main(read_bytes, bytes, 0x401000, true), 0x401080);
}

static void no_main(void)
{
	uint8_t bytes[0x200];
	uint32_t x = 1;

	memset(bytes, 0x90, sizeof(bytes));
	CHECK_INT(insn_find_main(read_bytes, bytes, 0x401000, false), 0);
	CHECK_INT(insn_find_main(read_bytes, bytes, 0x4011ff, false), 0);
	CHECK_INT(insn_find_main(read_bytes, bytes, 0x500000, false), 0);
	for (unsigned i = 0; i < 200; i++) { /* anything may stand there */
		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
		insn_find_main(read_bytes, bytes, 0x401000, i & 1);
	}
	memset(bytes, 0, sizeof(bytes)); /* a function that calls itself */
	memcpy(bytes, "\xe8\xfb\xff\xff\xff", 5);
	CHECK_INT(insn_find_main(read_bytes, bytes, 0x401000, false), 0);
}

UNIT_MAIN(TEST(gcc), TEST(clang), TEST(musl), TEST(gcc_32), TEST(main_that_jumps_away),
	  TEST(old_glibc), TEST(no_main))
