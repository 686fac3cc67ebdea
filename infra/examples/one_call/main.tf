# Peerpost as a module of your own configuration.
# From another repository the source is a Git address: "git::https://git.example.org/peerpost.git//infra/modules/peerpost?ref=v1.0.0".
# The package is not part of the source: build it with `make package` in a checkout of the same version.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

module "peerpost" {
  source = "../../modules/peerpost"

  allowed_origins = ["https://call.example.org"]
  name            = "calls"
  package_path    = "${path.module}/function.zip"
  tags            = { team = "video" }
}

output "url" {
  description = "The endpoint to give to clients."
  value       = module.peerpost.url
}
