// Values of every kind of type, at a function's entry and at its return.
// site: numbers $c $uc $s $us $i $u $l $ul $b
// gives: -1 255 -2 65534 -3 4294967293 -4 -5 1
// site: numbers.return $c $uc $s $us $i $u $l $ul $b $return
// gives: -1 255 -2 65534 -3 4294967293 -4 -5 1 -45
// site: pointers $s:s $t->value $tt->value $ip[0] $ip[2] $pp[1]:s $arr[0][1]
// gives: "hello" 17 17 10 12 "second" 8
// site: pointers.return $s:s $t->value $pp[0]:s $return:s
// gives: "hello" 17 "first" "ello"
// site: members $p->a $p->text:s $p->word:s $p->in->x $p->in->y $p->to->x $p->u $p->v $p->deep
// gives: -7 "text" "word" 21 22 31 41 42 43
// site: members $p->list[3] $p->inner[1]->y $p->inner[0]->x $p->grid[1][2] $p->next->a $p->e
// gives: 103 54 51 12 -8 2
// site: bits $p->a $p->b $p->c $p->d $p->e
// gives: 5 -3 1 -1 123456789
// site: bits.return $p->a $p->b $p->c $p->d $p->e
// gives: 5 -3 1 -1 123456789
// site: enums $c $n $t
// gives: 3 -1 2
// site: numbers @global @table[2] @shape->b->y @text:s @hidden @hidden@values.c
// gives: 42 30 7 "global text" 99 99
// site: numbers $global $table[1] $hidden @hidden@other.c @nothing
// gives: 42 20 99 !not-found !not-found
// site: members {(struct outer)$p->a} (outer_alias)$p->a (outer)$p->to->x {(const struct outer *)$p->a}
// gives: -7 -7 31 -7
// site: pointers (char*)$s[1] (int)$ip {(unsigned long)$ip} {(struct nothing)$s}
// gives: 101 10 47244640266 !not-found
// site: members $p->nothing $p->a->b $nothing $p->in $p->ld $p->text[0] $p->text->x
// gives: !bad-member !bad-member !not-found !bad-member !unsupported 116 !bad-member
// site: numbers $return $i[0] $i->x
// gives: !not-found !bad-member !bad-member
#include <stdio.h>
#include <string.h>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

struct inner { int x, y; };
enum color { RED = 1, GREEN, BLUE };
enum sign { MINUS = -1, ZERO, PLUS };
typedef enum color tint;
struct value { int value; };
struct outer {
	signed char a;
	const char *text;
	char word[8];
	struct inner in;
	struct inner *to;
	union {
		int u;
		float f;
	};
	struct {
		int v;
		struct {
			long deep;
		};
	};
	short list[4];
	struct inner inner[2];
	int grid[2][3];
	struct outer *next;
	enum color e;
	long double ld;
};
typedef struct outer outer_alias;
struct bits {
	unsigned a : 3;
	int b : 4;
	unsigned c : 1;
	long d : 40;
	unsigned e : 30;
};

volatile int global = 42;
static volatile int hidden = 99;
volatile int table[3] = { 10, 20, 30 };
volatile struct {
	int a;
	struct inner b;
} shape = { 1, { 6, 7 } };
const char text[] = "global text";

KEEP int numbers(signed char c, unsigned char uc, short s, unsigned short us, int i, unsigned u,
		 long l, unsigned long ul, _Bool b)
{
	printf("%d %u %d %u %d %u %ld %lu %d\n", c, uc, s, us, i, u, l, ul, b);
	return i - global;
}

KEEP const char *pointers(const char *s, const volatile int *const ip, char **pp, int (*arr)[2],
			  struct value *t, struct value *const *tt)
{
	printf("%s %d %s %d %d %d\n", s, ip[1], pp[0], arr[0][1], t->value, (*tt)->value);
	return s + 1;
}

KEEP void members(struct outer *p)
{
	printf("%s %d %d %d %s %d\n", p->text, p->a, hidden, shape.b.x, text, table[0]);
}

KEEP void bits(struct bits *p)
{
	printf("%d %d\n", p->a, p->b);
}

KEEP void enums(enum color c, enum sign n, tint t)
{
	printf("%d %d %d\n", c, n, t);
}

int main(void)
{
	static struct inner to = { 31, 32 };
	struct value value = { 17 }, *pointer = &value;
	int list[] = { 10, 11, 12 }, pair[2] = { 7, 8 };
	char *strings[] = { "first", "second", NULL };
	struct outer next = { .a = -8 };
	outer_alias o = {
		.a = -7, .text = "text", .word = "word", .in = { 21, 22 }, .to = &to, .u = 41,
		.v = 42, .deep = 43, .list = { 100, 101, 102, 103 }, .next = &next,
		.inner = { { 51, 52 }, { 53, 54 } }, .e = GREEN,
		.grid = { { 1, 2, 3 }, { 10, 11, 12 } },
	};
	struct bits b = { 5, -3, 1, -1, 123456789 };

	numbers(-1, 255, -2, 65534, -3, 4294967293u, -4, -5ul, 1);
	pointers("hello", list, strings, &pair, &value, &pointer);
	members(&o);
	bits(&b);
	enums(BLUE, MINUS, GREEN);
	return 0;
}
