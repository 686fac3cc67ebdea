terraform {
  # From 1.9 on, the validation of a variable may read other variables.
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The only major version that the tests run. README.md says how to stay on 6.x if you have deployed with it.
      version = "~> 5.100"
    }
  }
}
