/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 100 C++ exceptions, each through a frame with a clean-up that calls hit(). */
#include <stdexcept>

extern "C" {

__attribute__((noinline)) int hit(int i)
{
	__asm__ volatile("" : "+r"(i) : : "memory");
	return i;
}

__attribute__((noinline)) int thrower(int i)
{
	if (i == 0)
		throw std::runtime_error("thrown");
	int r = thrower(i - 1);
	__asm__ volatile("" : "+r"(r) : : "memory");
	return r;
}

struct cleaner {
	~cleaner() { hit(3); }
};

__attribute__((noinline)) int cleanup(int i)
{
	cleaner c;
	return thrower(i) + 1;
}

__attribute__((noinline)) int catcher(int i)
{
	int r;
	try {
		r = cleanup(i);
	} catch (std::exception &) {
		r = -1;
	}
	__asm__ volatile("" : "+r"(r) : : "memory");
	return r;
}
}

int main()
{
	int sum = 0;
	for (int i = 0; i < 100; i++)
		sum += catcher(5);
	return sum != -100;
}
