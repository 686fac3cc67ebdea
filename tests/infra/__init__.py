"""Tests of infra/: checks of the configuration, and deployments by real Terraform to a stand-in for AWS."""
