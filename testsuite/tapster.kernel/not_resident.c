/*
 * not_resident FILE: has strings in pages that it has never touched, or no more, and
 * gives them to take(), which doesn't touch them either; give() returns one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAGES = 4 };

struct pair {
	const char *first, *second;
};

static size_t page;
static int calls;

__attribute__((noinline)) void take(const char *p)
{
	__asm__ volatile("" : : "r"(p));
	calls++;
}

__attribute__((noinline)) void take_pair(const struct pair *p)
{
	__asm__ volatile("" : : "r"(p));
	calls++;
}

__attribute__((noinline)) const char *give(const char *p)
{
	__asm__ volatile("" : "+r"(p));
	return p;
}

static char *map(const char *path)
{
	int fd = open(path, O_RDONLY);
	char *at = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	close(fd);
	if (at == MAP_FAILED)
		exit(1);
	return at;
}

/* "page 0" at the start of the first page and so on; and a text over the end of the second. */
static void make_file(const char *path)
{
	char *text = calloc(PAGES, page);
	FILE *f = fopen(path, "w");

	for (int i = 0; i < PAGES; i++)
		sprintf(text + (size_t)i * page, "page %d", i);
	strcpy(text + 2 * page - 8, "over the end");
	fwrite(text, page, PAGES, f);
	fclose(f);
	free(text);
}

int main(int argc, char **argv)
{
	char *at, *one;
	struct pair *pair;

	page = (size_t)sysconf(_SC_PAGESIZE);
	if (argc < 2)
		return 1;
	make_file(argv[1]);
	at = map(argv[1]);
	take(at); /* never touched */
	take(at); /* it is there now */
	take(map(argv[1]) + 2 * page - 8);
	at = map(argv[1]);
	if (at[0] == 'p')
		madvise(at, PAGES * page, MADV_DONTNEED);
	take(at);
	take((const char *)16); /* nobody's */
	at = map(argv[1]);
	give(at);
	give((const char *)16);
	one = map(argv[1]);
	pair = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pair->first = one;
	pair->second = map(argv[1]) + 3 * page;
	take_pair(pair);
	return calls == 6 ? 0 : 1;
}
