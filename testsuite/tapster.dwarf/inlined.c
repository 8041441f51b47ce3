// Inlined instances, aliases, clones, indirect functions, cold parts.
// site: always.inline $x
// gives: 3 / 4 / 5
// why: always inlined everywhere
// why: chosen indirect function
// why[gdwarf]: printf defined in another object
// site: alias $x
// gives: 6
// site: original $x
// gives: 6
// site: orig* $x
// gives: 6
// site[-O2]: with_cold.return $x $return
// gives: 1 2
// site: hot_and_cold* $x
// gives: 1
// site: local $used $unused
// gives: 9 8|!no-location
// site: local.return $used $unused
// gives: 9 8|!no-location
#include <stdio.h>
#include <stdlib.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

static inline __attribute__((always_inline)) int always(int x)
{
	printf("always %d\n", x);
	return x + 1;
}

KEEP int original(int x)
{
	printf("original %d\n", x);
	return x;
}
int alias(int x) __attribute__((alias("original")));

static int one(void) { return 1; }
static int (*resolve(void))(void) { return one; }
int chosen(void) __attribute__((ifunc("resolve")));

__attribute__((cold, noinline, noreturn)) void fail(const char *why)
{
	fprintf(stderr, "%s\n", why);
	exit(1);
}

KEEP int with_cold(int x)
{
	if (__builtin_expect(x > 100, 0)) {
		fprintf(stderr, "x is %d\n", x);
		fail("large");
	}
	return x + 1;
}

KEEP int hot_and_cold(int x)
{
	if (__builtin_expect(x > 200, 0))
		fail("large");
	return printf("%d\n", x);
}

static __attribute__((noinline)) int local(int unused, int used, int *seventh)
{
	*seventh = printf("%d\n", used);
	return 0;
}

int main(int argc, char **argv)
{
	int printed;

	(void)argv;
	local(8, argc + 6, &printed);
	always(argc);
	always(4);
	always(5);
	alias(6);
	with_cold(1);
	hot_and_cold(1);
	return chosen() - 1;
}
