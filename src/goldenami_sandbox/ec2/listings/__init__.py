"""Filters and pages of EC2's listings: one way for all, which botocore's own documentation drives.

moto refuses filters that AWS knows, passes over others, and leaves most listings without pages. So
it is asked for everything, and what the request wishes is taken out of that.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-pagination.html
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html
"""
