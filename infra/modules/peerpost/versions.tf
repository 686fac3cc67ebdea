terraform {
  # From 1.9 on, the validation of a variable may read other variables.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Tested only with 5.100.0. 6.x is not tested: infra/README.md says what is known about it.
      version = ">= 5.100, < 7.0"
    }
  }
}
