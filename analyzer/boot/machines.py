# SPDX-License-Identifier: GPL-2.0-only
"""The machines that QEMU plays, and what they are built with: facts of compilers and of QEMU."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from typing import Final

from ..errors import UsageError


@dataclass(frozen=True, slots=True)
class Machine:
    """One kind of machine that a kernel can be built for and started on.

    `arch` is the folder below arch/, `target` what make is asked for, `image` what it makes
    (relative to the build folder), `packages` the Debian packages of compiler and emulator.
    """

    name: str
    arch: str
    cross: str
    target: str
    image: str
    emulator: tuple[str, ...]
    console: str
    packages: tuple[str, str]
    init_flags: tuple[str, ...] = ()
    uname: str = ""

    @property
    def prefix(self) -> str:
        """What compilers are called before `gcc`; nothing if this is such a machine."""
        return "" if platform.machine() == (self.uname or self.name) else self.cross

    @property
    def compiler(self) -> str:
        """The C compiler."""
        return f"{self.prefix}gcc"


MACHINES: Final = (
    Machine(
        "x86_64", "x86", "x86_64-linux-gnu-", "bzImage", "arch/x86/boot/bzImage",
        ("qemu-system-x86_64", "-M", "q35", "-cpu", "max"), "ttyS0",
        ("gcc-x86-64-linux-gnu", "qemu-system-x86"),
    ),
    Machine(
        "arm64", "arm64", "aarch64-linux-gnu-", "Image", "arch/arm64/boot/Image",
        ("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a72"), "ttyAMA0",
        ("gcc-aarch64-linux-gnu", "qemu-system-arm"), uname="aarch64",
    ),
    Machine(
        "riscv64", "riscv", "riscv64-linux-gnu-", "Image", "arch/riscv/boot/Image",
        ("qemu-system-riscv64", "-M", "virt"), "ttyS0 earlycon=uart8250,mmio,0x10000000",
        ("gcc-riscv64-linux-gnu", "qemu-system-misc"),
    ),
    Machine(
        "ppc64le", "powerpc", "powerpc64le-linux-gnu-", "vmlinux", "vmlinux",
        ("qemu-system-ppc64", "-M",
         "pseries,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off",
         "-cpu", "POWER9", "-vga", "none"), "hvc0",
        ("gcc-powerpc64le-linux-gnu", "qemu-system-ppc"),
        ("-mno-vsx", "-mno-altivec"),  # neither is switched on in this kernel
    ),
    Machine(
        "s390x", "s390", "s390x-linux-gnu-", "bzImage", "arch/s390/boot/bzImage",
        ("qemu-system-s390x", "-M", "s390-ccw-virtio", "-cpu", "max"), "ttysclp0",
        ("gcc-s390x-linux-gnu", "qemu-system-misc"),
    ),
)  # fmt: skip
"""In the order of the help. A new one needs a row here, a fragment in kernel_stubs/boot/, and a
block in its entry.h."""


def find_machine(name: str) -> Machine:
    """The machine of that name, or of that architecture. Raises UsageError, listing them."""
    for machine in MACHINES:
        if name in (machine.name, machine.arch, machine.uname):
            return machine
    known = ", ".join(machine.name for machine in MACHINES)
    raise UsageError(f"no machine '{name}' to boot; there are: {known}")
