"""Infrastructure as code from frozen data: Terraform in HCL, CloudFormation in YAML.

`terraform` and `cloudformation` write documents of any resources; they know nothing of golden
images. The modules beside them say which resources there are.
"""
