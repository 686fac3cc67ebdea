# This root module only declares the provider, and passes every variable on to the module.
# The provider reads the region and the credentials from the environment, as the AWS command-line tools do.
provider "aws" {}

module "peerpost" {
  source = "./modules/peerpost"

  access_keys_parameter       = var.access_keys_parameter
  alarm_email                 = var.alarm_email
  alarm_topic_arns            = var.alarm_topic_arns
  allowed_origins             = var.allowed_origins
  authorization_type          = var.authorization_type
  deletion_protection         = var.deletion_protection
  environment                 = var.environment
  log_retention_days          = var.log_retention_days
  max_read_units              = var.max_read_units
  max_ttl_seconds             = var.max_ttl_seconds
  max_wait_seconds            = var.max_wait_seconds
  max_write_units             = var.max_write_units
  memory_mb                   = var.memory_mb
  monthly_budget_usd          = var.monthly_budget_usd
  name                        = var.name
  package_path                = var.package_path
  permissions_boundary        = var.permissions_boundary
  reserved_by_other_functions = var.reserved_by_other_functions
  reserved_concurrency        = var.reserved_concurrency
  slow_request_ms             = var.slow_request_ms
  snap_start                  = var.snap_start
  stun_urls                   = var.stun_urls
  tags                        = var.tags
  timeout_seconds             = var.timeout_seconds
  turn_secret_parameter       = var.turn_secret_parameter
  turn_urls                   = var.turn_urls
}

# Earlier releases had these modules in the root.
# Without these blocks Terraform would destroy such a deployment and make another, with another URL.
moved {
  from = module.channel_table
  to   = module.peerpost.module.channel_table
}

moved {
  from = module.execution_role
  to   = module.peerpost.module.execution_role
}

moved {
  from = module.function
  to   = module.peerpost.module.function
}

moved {
  from = module.monitoring
  to   = module.peerpost.module.monitoring
}
