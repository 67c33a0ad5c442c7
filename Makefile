# SPDX-License-Identifier: GPL-2.0-only
#
# make                    module for the running kernel, and blksnapctl
# make KVER=6.1.0-56-amd64, make KDIR=/path/to/headers     for another kernel
# make modules | cli      only one of them
# make install            blksnapctl (PREFIX, DESTDIR); the module is installed
#                         by "make modules_install" or by DKMS
# make check              everything that can be tested, in virtual machines
# make check-debug        the tests on kernels that look for bugs; takes hours
# make demo [K=6.1]       a snapshot of a live system, shown in a machine
# make unit | lint | fuzz without virtual machines
# make selftest           do the checks of sources, and the machines' harness,
#                         find what they are there for?
# make mutants [K=6.1]    do the tests fail with modules that lack a protection?
# make torture MINUTES=30 [SEED=1] [K=6.1]     chance: stacks, doors, faults
# make bench [K=6.1]      how fast, beside what the kernel itself has: writes
#                         doc/performance.md; takes many hours
# make vm-test T=01-module [K=6.1]
#                         K, or KERNEL, may be 7.3-debug or 7.3-race, see
#                         tests/vm/kernels

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
K ?= $(KERNEL)
VM_KERNEL = $(if $(K),-k $(K))

all: modules cli

modules modules_install:
	$(MAKE) -C $(KDIR) M=$(CURDIR) $@

cli:
	$(MAKE) -C tools/blksnapctl

install uninstall:
	$(MAKE) -C tools/blksnapctl $@

clean:
	test ! -e $(KDIR)/Makefile || $(MAKE) -C $(KDIR) M=$(CURDIR) $@
	$(MAKE) -C tools/blksnapctl $@
	$(MAKE) -C tests/unit $@
	$(MAKE) -C tests/fuzz $@
	$(MAKE) -C tests/oracle $@

check:
	tests/vm/check

check-debug:
	tests/vm/check-debug

demo:
	tests/vm/prepare $(VM_KERNEL)
	tests/vm/build $(VM_KERNEL)
	tests/vm/demo $(VM_KERNEL)

unit:
	$(MAKE) -C tests/unit check

lint:
	tests/lint/run

fuzz:
	$(MAKE) -C tests/fuzz check

selftest:
	tests/vm/prepare $(VM_KERNEL)
	tests/lint/selftest
	tests/vm/selftest $(VM_KERNEL)

bench:
	tests/vm/prepare $(VM_KERNEL)
	tests/vm/build $(VM_KERNEL)
	tests/vm/bench $(VM_KERNEL)
	tests/vm/report

mutants:
	tests/vm/prepare $(VM_KERNEL)
	tests/vm/build $(VM_KERNEL)
	tests/vm/mutation $(VM_KERNEL) $(M)

MINUTES ?= 5
SEED ?=
torture:
	tests/vm/prepare $(VM_KERNEL)
	tests/vm/build $(VM_KERNEL)
	BLKSNAP_MINUTES=$(MINUTES) BLKSNAP_SEED=$(SEED) tests/vm/run -v $(VM_KERNEL) \
		-t $$(($(MINUTES) * 60 + 300)) 60-torture

vm-test:
	$(if $(T),,$(error which test? make vm-test T=01-module))
	tests/vm/prepare $(VM_KERNEL)
	tests/vm/build $(VM_KERNEL) $(if $(findstring planted,$(T)),-p)
	tests/vm/run $(VM_KERNEL) $(T)

.DEFAULT_GOAL := all
.PHONY: all modules modules_install cli install uninstall clean
.PHONY: check check-debug demo bench unit lint fuzz selftest mutants torture vm-test
