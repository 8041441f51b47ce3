/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Throws and catches, with things to be destroyed on the way; says how often. */
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

static long destroyed;

struct guard {
	~guard()
	{
		destroyed++;
	}
};

__attribute__((noinline)) static int pick(int x)
{
	guard g;

	if (x % 3 == 0)
		throw std::runtime_error("no " + std::to_string(x));
	return x % 10;
}

__attribute__((noinline)) static int sum(int x)
{
	guard g;
	int total = 0;

	for (int i = x; i < x + 3; i++) {
		try {
			total += pick(i);
		} catch (std::runtime_error &e) {
			total += e.what()[0] == 'n';
		}
	}
	return total;
}

int main()
{
	std::map<std::string, int> sums;
	long total = 0;

	for (int i = 0; i < 1000; i++)
		sums["k" + std::to_string(i % 7)] += sum(i);
	for (auto &s : sums)
		total += s.second;
	std::printf("%ld %ld\n", total, destroyed);
	return 0;
}
