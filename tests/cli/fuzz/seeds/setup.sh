#!/bin/bash
# Runs once on the base instance, as root. What it leaves on the disk becomes the golden AMI.
set -euo pipefail

dnf -y update
dnf -y install httpd
systemctl enable --now httpd
date --iso-8601=seconds > /etc/golden-ami
