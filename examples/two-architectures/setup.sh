#!/bin/bash
set -euo pipefail
dnf -y update
uname -m >/etc/golden-ami
