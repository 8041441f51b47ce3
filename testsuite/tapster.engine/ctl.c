// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs in the virtual machine:
 *	ctl add CLIENT PATH RECIPES FIRST_TAG IS_RETURN   sites of a file that plan wrote
 *	ctl arm CLIENT, ctl disarm CLIENT
 *	ctl bytes PID PATH      compares the program's text in memory with the file
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine_test.h"

static int send_command(const struct test_command *cmd)
{
	int fd = open("/proc/tapster_engine", O_WRONLY);

	if (fd < 0 || write(fd, cmd, sizeof(*cmd)) != sizeof(*cmd)) {
		perror("ctl");
		return 1;
	}
	close(fd);
	return 0;
}

static int add(char **argv)
{
	struct test_command cmd = {.op = TEST_ADD, .client = (uint32_t)atoi(argv[0]),
				   .tag = (uint32_t)atoi(argv[3]),
				   .is_return = (uint32_t)atoi(argv[4])};
	FILE *f = fopen(argv[2], "r");

	if (!f)
		return 1;
	snprintf(cmd.path, sizeof(cmd.path), "%s", argv[1]);
	for (; fread(&cmd.recipe, sizeof(cmd.recipe), 1, f) == 1; cmd.tag++)
		if (send_command(&cmd))
			return 1;
	fclose(f);
	return 0;
}

static long compare(int mem, int file, unsigned long start, unsigned long size,
		    unsigned long offset)
{
	static unsigned char a[4096], b[4096];
	long differing = 0;

	for (unsigned long at = 0; at < size; at += 4096) {
		ssize_t n = pread(file, b, 4096, (off_t)(offset + at));

		if (pread(mem, a, 4096, (off_t)(start + at)) != 4096)
			continue;
		for (ssize_t i = 0; i < n; i++)
			differing += a[i] != b[i];
	}
	return differing;
}

static int bytes(const char *pid, const char *path)
{
	char name[64], line[512];
	long differing = 0;
	FILE *maps;
	int mem, file = open(path, O_RDONLY);

	snprintf(name, sizeof(name), "/proc/%s/maps", pid);
	maps = fopen(name, "r");
	snprintf(name, sizeof(name), "/proc/%s/mem", pid);
	mem = open(name, O_RDONLY);
	if (!maps || mem < 0 || file < 0)
		return 2;
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end, offset;
		char mode[8];

		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, mode, &offset) == 4 &&
		    mode[2] == 'x' && strlen(line) > strlen(path) &&
		    strcmp(line + strlen(line) - strlen(path), path) == 0)
			differing += compare(mem, file, start, end - start, offset);
	}
	printf("%ld\n", differing);
	return 0;
}

int main(int argc, char **argv)
{
	struct test_command cmd = {0};

	if (argc == 7 && strcmp(argv[1], "add") == 0)
		return add(argv + 2);
	if (argc == 4 && strcmp(argv[1], "bytes") == 0)
		return bytes(argv[2], argv[3]);
	if (argc != 3)
		return 2;
	cmd.op = strcmp(argv[1], "arm") == 0 ? TEST_ARM : TEST_DISARM;
	cmd.client = (uint32_t)atoi(argv[2]);
	return send_command(&cmd);
}
