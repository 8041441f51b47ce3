/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Globals that a script writes but never reads are printed when it ends, as if
 * it had had an end probe for each.
 */
#ifndef TAPSTER_TRANSLATOR_UNREAD_H
#define TAPSTER_TRANSLATOR_UNREAD_H

struct session;
struct var;
struct probe;

/* Adds an end probe, behind all others, that prints V; typed, ready to be lowered. */
struct probe *unread_add_probe(struct session *s, struct var *v);

#endif
