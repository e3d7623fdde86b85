#!/bin/bash
# Level 1 for servers. Read what the role would change before you trust it: `--check` shows it.
set -euo pipefail
exec >/var/log/cis-hardening.log 2>&1
dnf -y update
dnf -y install ansible-core git
cd "$(mktemp -d)"
# Pin a release of the role that you have read.
git clone --depth 1 https://github.com/ansible-lockdown/AMAZON2023-CIS.git
ansible-galaxy collection install ansible.posix community.crypto community.general
cat >site.yml <<'PLAYBOOK'
- hosts: localhost
  connection: local
  become: true
  roles: [AMAZON2023-CIS]
PLAYBOOK
ANSIBLE_ROLES_PATH=. ansible-playbook --inventory localhost, --tags level1-server site.yml
echo cis-level-1-server >/etc/golden-ami
