// Parameters and return values as the calling convention has them: in registers, in pairs
// of registers, on the stack; in vector registers (doubles by their bits).
// site: two_words $s->a $s->b $after
// gives: 1 2 3
// site: two_words.return $s->a $s->b $after $return->a $return->b
// gives: 1 2 3 2 1
// site: small $s->a $s->b $s->c
// gives: -1 2 -3
// site: small.return $s->a $s->c $return->a $return->b $return->c
// gives: -1 -3 -1 2 -3
// site: large $s->list[0] $s->list[5] $after &$s->list[1]
// gives: 10 15 3 !any
// site: large.return $s->list[2] $after $return->list[5]
// gives: 12 3 25
// site: many $a $b $c $d $e $f $g $h
// gives: 1 2 3 4 5 6 7 8
// site: many.return $a $f $g $h $return
// gives: 1 6 7 8 36
// site: mixed $a $x $b $y $s->d $s->n
// gives: 1 4609434218613702656 2 4612811918334230528 4615063718147915776 4
// site: mixed.return $a $b $y $s->n $return
// gives: 1 2 4612811918334230528 4 4620130267728707584
// site: real.return $x $return
// gives: 4609434218613702656 4612811918334230528
// site: wide.return $return
// gives: !unsupported
// site: nothing.return $return
// gives: !not-found
// site: truth.return $return
// gives: 1
// site: narrow.return $return
// gives: -2
#include <stdio.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

struct pair { long a, b; };
struct small { signed char a; short b; signed char c; };
struct large { long list[6]; };
struct halves { double d; int n; };
__int128 big = 5;

KEEP struct pair two_words(struct pair s, int after)
{
	printf("%ld %ld %d\n", s.a, s.b, after);
	return (struct pair){ s.b, s.a };
}

KEEP struct small small(struct small s)
{
	printf("%d %d %d\n", s.a, s.b, s.c);
	return s;
}

KEEP struct large large(struct large s, int after)
{
	printf("%ld %ld %d\n", s.list[0], s.list[5], after);
	s.list[5] += 10;
	return s;
}

KEEP int many(int a, int b, int c, int d, int e, int f, int g, int h)
{
	printf("%d %d %d %d %d %d %d %d\n", a, b, c, d, e, f, g, h);
	return a + b + c + d + e + f + g + h;
}

KEEP double mixed(int a, double x, int b, float y, struct halves s)
{
	printf("%d %f %d %f %d %f\n", a, x, b, y, s.n, s.d);
	return x + y + s.d;
}

KEEP double real(double x)
{
	printf("%f\n", x);
	return x + 1;
}

KEEP __int128 wide(void)
{
	puts("wide");
	return big + 1;
}

KEEP void nothing(void)
{
	puts("nothing");
}

KEEP _Bool truth(int x)
{
	printf("%d\n", x);
	return x > 1;
}

KEEP signed char narrow(int x)
{
	printf("%d\n", x);
	return (signed char)x;
}

int main(void)
{
	struct large l = { { 10, 11, 12, 13, 14, 15 } };

	two_words((struct pair){ 1, 2 }, 3);
	small((struct small){ -1, 2, -3 });
	large(l, 3);
	many(1, 2, 3, 4, 5, 6, 7, 8);
	mixed(1, 1.5, 2, 2.5f, (struct halves){ 3.5, 4 });
	real(1.5);
	wide();
	nothing();
	truth(2);
	narrow(254);
	return 0;
}
