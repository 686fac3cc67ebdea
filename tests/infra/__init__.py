"""The deployment: infra/ checked, and brought to life by real Terraform against a stand-in for AWS on this machine."""
