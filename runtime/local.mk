# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two things are built from runtime/:
#   rt/libtapster_rt.a  what generated C is linked with and runs inside probed
#                       programs: freestanding, so it has flags of its own
#                       (RT_CFLAGS of configure.ac) and rules of its own;
#   libuser.a           the driver's side of the user runtime, ordinary C.
#   libdriver.a         what that and the kernel runtime's loader share.

# Headers that generated C includes; installed.
RT_INCLUDES = \
	runtime/api.def \
	runtime/api.h \
	runtime/core/core_int.h \
	runtime/kernel/compat.h \
	runtime/kernel/embedded.h \
	runtime/kernel/kernel.h \
	runtime/kernel/transport.h \
	runtime/object.h \
	runtime/output.h \
	runtime/port.h \
	runtime/site.h \
	runtime/user/embedded.h \
	runtime/user/layout.h \
	runtime/user/target.h

# In-process sources (.c and .S).  Installed too: a script with its own
# MAXSTRINGLEN has them compiled again.
# What an ordinary program (a unit test) can be linked with too: it has its own memcpy.
RT_HOSTED_SOURCES = \
	runtime/core/context.c \
	runtime/core/float.c \
	runtime/core/format.c \
	runtime/core/hist.c \
	runtime/core/ident.c \
	runtime/core/inline.c \
	runtime/core/lock.c \
	runtime/core/map.c \
	runtime/core/memory.c \
	runtime/core/print.c \
	runtime/core/regex.c \
	runtime/core/regs.c \
	runtime/core/stat.c \
	runtime/core/string.c \
	runtime/core/symbol.c \
	runtime/core/time.c \
	runtime/core/unwind.c
RT_CORE_SOURCES = $(RT_HOSTED_SOURCES) runtime/core/mem.c
RT_USER_SOURCES = \
	runtime/user/entry.S \
	runtime/user/target_context.c \
	runtime/user/target_modules.c \
	runtime/user/target_port.c \
	runtime/user/target_return.c \
	runtime/user/target_ring.c \
	runtime/user/target_safety.c \
	runtime/user/target_string.c

# What a script's kernel module is linked with besides RT_HOSTED_SOURCES; compiled by kbuild for
# each kernel, when it is first needed (translator/build_kernel.c).
RT_KERNEL_SOURCES = \
	runtime/kernel/kprobes.c \
	runtime/kernel/later.c \
	runtime/kernel/module.c \
	runtime/kernel/modules.c \
	runtime/kernel/no_sites.c \
	runtime/kernel/output.c \
	runtime/kernel/process.c \
	runtime/kernel/perf.c \
	runtime/kernel/port.c \
	runtime/kernel/procfs.c \
	runtime/kernel/rest.c \
	runtime/kernel/scope.c \
	runtime/kernel/sites.c \
	runtime/kernel/timer.c \
	runtime/kernel/tracepoints.c

# The engine: a module of its own, likewise.
RT_ENGINE_SOURCES = \
	runtime/uprobes/Kbuild \
	runtime/uprobes/engine.c \
	runtime/uprobes/hooks.c \
	runtime/uprobes/layout.c \
	runtime/uprobes/restore.c \
	runtime/uprobes/return.c \
	runtime/uprobes/sites.c \
	runtime/uprobes/space.c \
	runtime/uprobes/text.c \
	runtime/uprobes/trap.c \
	runtime/uprobes/unwind.c \
	runtime/uprobes/update.c \
	runtime/uprobes/uprobes.h \
	runtime/uprobes/uprobes_int.h

# The link script of script objects and other files beside the archive.
RT_BESIDE = \
	runtime/user/object.ld

noinst_LIBRARIES += libdriver.a
libdriver_a_SOURCES = \
	runtime/driver/daemon.c \
	runtime/driver/daemon.h \
	runtime/driver/run_options.h \
	runtime/driver/sink.c \
	runtime/driver/sink.h \
	runtime/host.c \
	runtime/host.h

noinst_LIBRARIES += libuser.a
libuser_a_SOURCES = \
	runtime/user/arm.c \
	runtime/user/arrivals.c \
	runtime/user/arrivals.h \
	runtime/user/contexts.c \
	runtime/user/driver.c \
	runtime/user/driver.h \
	runtime/user/front.c \
	runtime/user/front.h \
	runtime/user/image.c \
	runtime/user/image.h \
	runtime/user/inject.c \
	runtime/user/launch.c \
	runtime/user/leave.c \
	runtime/user/ledger.c \
	runtime/user/ledger.h \
	runtime/user/maps.c \
	runtime/user/maps.h \
	runtime/user/modules.c \
	runtime/user/place.c \
	runtime/user/reader.c \
	runtime/user/reader.h \
	runtime/user/running.c \
	runtime/user/running.h \
	runtime/user/remote.c \
	runtime/user/remote.h \
	runtime/user/rescue.c \
	runtime/user/rescue.h \
	runtime/user/space.c \
	runtime/user/space.h \
	runtime/user/space_int.h \
	runtime/user/threads.c \
	runtime/user/tracer.c \
	runtime/user/tracer.h \
	runtime/user/tracer_int.h \
	runtime/user/trap.c \
	runtime/user/watch.c

RT_SOURCES = $(RT_CORE_SOURCES) $(RT_USER_SOURCES)
RT_OBJECTS = $(patsubst %.S,rt/%.o,$(patsubst %.c,rt/%.o,$(RT_SOURCES)))
RT_COMPILE = $(CC) $(RT_CFLAGS) -Wall -Wextra -I$(top_srcdir) -MMD -MP

rt/%.o: %.c
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(RT_COMPILE) -c -o $@ $<
rt/%.o: %.S
	$(AM_V_CC)$(MKDIR_P) $(@D) && $(RT_COMPILE) -c -o $@ $<
rt/libtapster_rt.a: $(RT_OBJECTS) Makefile
	$(AM_V_AR)$(MKDIR_P) rt && rm -f $@ && $(AR) cr $@ $(RT_OBJECTS) && $(RANLIB) $@
rt/data.stamp: $(RT_BESIDE) Makefile
	$(AM_V_GEN)$(MKDIR_P) rt && for f in $(RT_BESIDE); do \
		cp $(srcdir)/$$f rt/ || exit 1; done && touch $@
-include $(RT_OBJECTS:.o=.d)

all-local: rt/libtapster_rt.a rt/data.stamp
clean-local:
	rm -rf rt

rtarchivedir = $(pkglibdir)
nodist_rtarchive_DATA = rt/libtapster_rt.a
dist_rtarchive_DATA = $(RT_BESIDE)

nobase_dist_pkgdata_DATA = $(RT_INCLUDES) $(RT_SOURCES) $(RT_KERNEL_SOURCES) $(RT_ENGINE_SOURCES)
