#!/bin/bash
# Level 1 for servers. Read what the role would change before you trust it: `--check` shows it.
set -euo pipefail
exec >/var/log/cis-hardening.log 2>&1
dnf -y update
dnf -y install ansible-core git
cd "$(mktemp -d)"
# A release of the role: read it, and raise it by hand.
git clone --depth 1 --branch 1.2.8 https://github.com/ansible-lockdown/AMAZON2023-CIS.git
# Amazon Linux 2023 has ansible-core 2.15, which newer collections do not work with.
ansible-galaxy collection install 'ansible.posix:<2' 'community.general:<8'
cat >site.yml <<'PLAYBOOK'
- hosts: localhost
  connection: local
  become: true
  vars:
    amzn2023cis_rule_4_6_6: false   # root of an instance has no password, and shall have none
  roles: [AMAZON2023-CIS]
PLAYBOOK
ANSIBLE_ROLES_PATH=. ansible-playbook --inventory localhost, --tags level1-server site.yml
echo cis-level-1-server >/etc/golden-ami
