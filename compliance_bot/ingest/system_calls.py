"""Forbid the system calls that a parser never needs, for good (seccomp, Linux on x86-64 and ARM64).

It closes what a network namespace and Landlock leave open: sockets in the file system, such as a database's; other
processes; and emptying, or changing the rights and owner of, files that cannot be opened. A forbidden call fails with
"Operation not permitted". Elsewhere nothing is forbidden. Not an allow list: libraries change what they call.
"""

from __future__ import annotations

import ctypes
import platform
import struct

_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2  # linux/prctl.h, linux/seccomp.h
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050001  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06  # linux/bpf_common.h
_NUMBER_AT, _MACHINE_AT = 0, 4  # struct seccomp_data
_OTHER_NUMBERING = 0x40000000  # x86-64 has a second set of numbers from here on
# Numbers of asm/unistd.h, by audit architecture (linux/audit.h). io_uring would open sockets past this filter.
_EVERYWHERE = (424, 425, 434, 438, 452)  # pidfd_send_signal io_uring_setup pidfd_open pidfd_getfd fchmodat2
_MACHINES = {
    # socket kill truncate chmod fchmod chown fchown lchown ptrace setxattr lsetxattr fsetxattr tkill fchownat fchmodat
    # utimensat process_vm_readv process_vm_writev
    "x86_64": (
        0xC000003E,
        (41, 62, 76, 90, 91, 92, 93, 94, 101, 188, 189, 190, 200, 260, 268, 280, 310, 311),
    ),
    # setxattr lsetxattr fsetxattr truncate fchmod fchmodat fchownat fchown utimensat ptrace kill tkill socket
    # process_vm_readv process_vm_writev
    "aarch64": (0xC00000B7, (5, 6, 7, 45, 52, 53, 54, 55, 88, 117, 129, 130, 198, 270, 271)),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))  # struct sock_fprog


def forbid_system_calls(libc: ctypes.CDLL) -> None:
    """Refuse the calls from now on, in threads and children too. The process must have given up new privileges."""
    if platform.machine() not in _MACHINES:
        return
    machine, numbers = _MACHINES[platform.machine()]
    code = _code(machine, (*numbers, *_EVERYWHERE))
    program = _Program(length=len(code) // 8, code=code)
    libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def _code(machine: int, numbers: tuple[int, ...]) -> bytes:
    """Return the filter: refuse another machine's calls and each of the numbers, allow the rest."""
    checks = [(_IF_AT_LEAST, _OTHER_NUMBERING), *((_IF_EQUAL, number) for number in numbers)]
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IF_EQUAL, 1, 0, machine),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    steps += [(check, len(checks) - place, 0, value) for place, (check, value) in enumerate(checks)]
    steps += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps)
