// C++: qualified names, methods, references, base classes, overloads, linkage names.
// site: outer::Counter::add $this->total $this->name:s $by
// gives: 5 "counter" 3
// site: add $by
// gives: 3
// site: *::add $by
// gives: 3
// site: outer::tw* $n
// gives: 21
// site: outer::twice $n
// gives: 21
// site: _ZN5outer5twiceEi.return $n $return
// gives: 21 42
// site: by_reference $c->total $c->name:s $n
// gives: 8 "counter" 7
// site: by_reference.return $c->total $n $return
// gives: 8 7 15
// site: derived $d->own $d->total $d->name:s
// gives: 6 5 "base"
// site: overloaded $x
// gives: 1 / 2
// site: Local::method $this->x
// gives: 9
// site: by_reference (outer::Counter)&$c->total {(class outer::Counter)&$c->total}
// gives: 8 8
// site: overloaded @outer::Counter::made @made @other::made @outer::none
// gives: 77 77 !not-found !not-found / 77 77 !not-found !not-found
// site: by_value.return $o->x $n $return
// gives: 12 13 25
// site: by_value $o->x $n
// gives: 12 13
#include <cstdio>

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

namespace outer {
class Counter {
public:
	int total;
	const char *name;
	Counter(int t, const char *n) : total(t), name(n) {}
	KEEP int add(int by);
	static volatile int made;
};

volatile int Counter::made = 77;

KEEP int Counter::add(int by)
{
	std::printf("%d %s\n", by, name);
	return total += by;
}

KEEP int twice(int n)
{
	std::printf("%d\n", n);
	return 2 * n;
}
}

class Derived : public outer::Counter {
public:
	long own;
	Derived() : Counter(5, "base"), own(6) {}
};

KEEP int by_reference(outer::Counter &c, const int &n)
{
	std::printf("%d %d\n", c.total, n);
	return c.total + n;
}

KEEP void derived(Derived *d)
{
	std::printf("%ld %d\n", d->own, d->total);
}

KEEP void overloaded(int x)
{
	std::printf("%d\n", x);
}

KEEP void overloaded(long x)
{
	std::printf("%ld\n", x);
}

struct Local {
	int x;
	KEEP int method()
	{
		std::printf("%d\n", x);
		return x;
	}
};

struct Owner {
	int x;
	Owner(int n) : x(n) {}
	Owner(const Owner &o) : x(o.x) {}
	~Owner() { std::printf("%d\n", x); }
};

KEEP int by_value(Owner o, int n)
{
	std::printf("%d %d\n", o.x, n);
	return o.x + n;
}

int main()
{
	Owner owner(12);

	outer::Counter c(5, "counter");
	Derived d;
	Local l = { 9 };

	c.add(3);
	outer::twice(21);
	by_reference(c, 7);
	derived(&d);
	by_value(owner, 13);
	overloaded(1);
	overloaded(2L);
	return l.method() - 9;
}
