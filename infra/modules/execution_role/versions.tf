terraform {
  # From 1.9 on, the validation of a variable may read other variables.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # Tested with 5.100.0 alone. Nobody has run 6.x: infra/README.md says what is known about it.
      version = ">= 5.100, < 7.0"
    }
  }
}
