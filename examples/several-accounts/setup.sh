#!/bin/bash
set -euo pipefail
dnf -y update
systemctl enable amazon-ssm-agent
