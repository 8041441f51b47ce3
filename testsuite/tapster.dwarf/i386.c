// 32-bit code: parameters on the stack, return values in eax and edx:eax.
// configurations: -O[02] -gdwarf|-O0 debuglink|no-pie
// flags: -m32
// site: sum $a $s:s $p->a $p->b $q
// gives: 1 "text" 5 -6 -2
// site: sum.return $a $p->b $return
// gives: 1 -6 114
// site: wide.return $p->b $return
// gives: -6 21474836474
// site: copy.return $p->a $return->a $return->b
// gives: 5 6 -6
// site: main $argc $argv[1]:s
// gives: 3 "one"
#include <stdio.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

struct pair { int a; short b; };

KEEP int sum(int a, const char *s, struct pair p, long long q)
{
	puts(s);
	return a + s[0] + p.a + p.b + (int)q;
}

KEEP long long wide(struct pair *p)
{
	puts("wide");
	return ((long long)p->a << 32) + p->b;
}

KEEP struct pair copy(struct pair *p)
{
	puts("copy");
	return (struct pair){ p->a + 1, p->b };
}

int main(int argc, char **argv)
{
	struct pair p = { 5, -6 };

	printf("%d %s\n", argc, argv[0]);
	sum(1, "text", p, -2);
	wide(&p);
	copy(&p);
	return 0;
}
