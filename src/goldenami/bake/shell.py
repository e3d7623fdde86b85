"""What runs as shell on an instance, the same text with both bakers: SSM's, or Packer's script.

Each is a subshell, so that it can stand between others in one script, also under ``sh -e``.
https://docs.cloud-init.io/en/latest/reference/cli.html#status
https://docs.cloud-init.io/en/latest/explanation/failure_states.html
"""

import shlex
from collections.abc import Mapping, Sequence

from goldenami.spec.gates import ValidationStep

TAIL_LINES = 20
"""Of the log of the user data, if it fails."""
_CLEANED_MARK = "/run/goldenami-cleaned"
"""Is in no image, since /run is in memory, and tells a bake that goes on after its clean-up."""
RETRY_S = 10
"""Between two attempts of a step."""

# `cloud-init status --wait` ends with 1 if it failed, and with 2 (from 23.4 on) if it went on after
# an error or a deprecation; before 17.2 there is no --wait, but a file at the end. What cloud-init
# was told not to do, it has not done. The words come by printf.
_WAIT = r"""(
code=0
if [ -e {cleaned} ]; then
  printf 'the user data was through before the clean-up\n'
elif ! command -v cloud-init >/dev/null 2>&1; then
  printf 'there is no cloud-init here, so that nothing tells when the user data is through\n'
elif cloud-init status --help 2>/dev/null | grep -q -e --wait; then
  state=$(timeout {timeout_s} cloud-init status --wait 2>&1) || code=$?
  case "$state" in *disabled*) code=3 ;; esac
else
  finished={lib}/instance/boot-finished
  timeout {timeout_s} sh -c 'until [ -e "$0" ]; do sleep 2; done' $finished || code=$?
  if [ $code = 0 ] && ! grep -q '"errors": \[\]' {lib}/data/result.json; then code=1; fi
fi
case $code in
  0) ;;
  2) printf 'cloud-init is through, with recoverable errors:\n'
     cloud-init status --long 2>&1 | grep -v '^ *$' | head -n {lines} ;;
  3) printf 'cloud-init is disabled here: the user data was not carried out\n' ;;
  124) printf 'cloud-init is not through after {timeout_s} s:\n' ;;
  *) printf 'cloud-init failed:\n' ;;
esac
case $code in
  0 | 2) code=0 ;;
  3) ;;
  *) tail -n {lines} {log} 2>/dev/null || true ;;
esac
exit $code
)"""


def wait_for_user_data(timeout_s: int, root: str = "") -> str:
    """Return what waits until the user data is through, and fails if that failed or is late.

    Then it prints the end of the user data's own output.

    Args:
        timeout_s: the deadline.
        root: what stands before every path.
    """
    values = {
        "{timeout_s}": str(timeout_s),
        "{lines}": str(TAIL_LINES),
        "{cleaned}": f"{root}{_CLEANED_MARK}",
        "{lib}": f"{root}/var/lib/cloud",
        "{log}": f"{root}/var/log/cloud-init-output.log",
    }
    return _filled(_WAIT, values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with its placeholders replaced: the shell has braces of its own."""
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def script(commands: Sequence[str]) -> str:
    """Return a shell script of commands, of which the first that fails ends it; empty if none."""
    return "\n".join(("#!/bin/sh -e", *commands, "")) if commands else ""


def attempts(step: ValidationStep) -> str:
    """Return a step as a command that is tried so often, each time with its own deadline."""
    if step.retry == 1 and not step.timeout_s:
        return step.run
    command = f"sh -ec {shlex.quote(step.run)}"
    if step.timeout_s:
        command = f"timeout {step.timeout_s:.0f} {command}"
    return (
        f"(\nattempt=1\nuntil {command}; do code=$?\n"
        f"[ $attempt -lt {step.retry} ] || exit $code\n"
        f"attempt=$((attempt + 1)); sleep {RETRY_S}\ndone\n)"
    )


# New host keys are made at boot by cloud-init, or by units of sshd: without either, nobody would
# get in any more. journald has its files mapped, and would die of cutting them.
_CLEAN_UP = r"""(
set -e
: >{mark}
if ls {root}/etc/ssh/ssh_host_* >/dev/null 2>&1; then
  if ! command -v cloud-init >/dev/null && ! systemctl cat sshd-keygen.target >/dev/null 2>&1; then
    printf 'nothing here makes new SSH host keys at boot: neither cloud-init nor sshd-keygen\n'
    (exit 1)
  fi
  rm -f {root}/etc/ssh/ssh_host_*
fi
rm -f {of_root}/.ssh/authorized_keys {root}/home/*/.ssh/authorized_keys
rm -f {of_root}/.*_history {root}/home/*/.*_history
if command -v cloud-init >/dev/null && cloud-init clean --help >/dev/null 2>&1; then
  cloud-init clean --logs
else
  rm -rf {root}/var/lib/cloud/instance {root}/var/lib/cloud/instances {root}/var/lib/cloud/sem
fi
rm -rf {root}/var/log/journal/*
find {root}/var/log -xdev -type f -exec truncate -s 0 {} +
if [ -e {root}/etc/machine-id ]; then truncate -s 0 {root}/etc/machine-id; fi
if [ ! -L {root}/var/lib/dbus/machine-id ]; then rm -f {root}/var/lib/dbus/machine-id; fi
rm -f {root}/var/lib/systemd/random-seed
find {root}/tmp {root}/var/tmp -xdev -mindepth 1 -maxdepth 1 -exec rm -rf {} +
sync
)"""
CLEANED = (
    "SSH host keys, authorized_keys, shell histories, logs, the machine id, cloud-init's state, "
    "temporary files"
)


def clean_up(root: str = "") -> str:
    """Return what removes `CLEANED`, which no two instances of an image may share.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/building-shared-amis.html
    https://systemd.io/BUILDING_IMAGES/

    Args:
        root: what stands before every path.
    """
    values = {"{mark}": f"{root}{_CLEANED_MARK}", "{of_root}": f"{root}/root", "{root}": root}
    return _filled(_CLEAN_UP, values)
