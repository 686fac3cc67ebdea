data "aws_region" "this" {}

# How many Lambda instances the account may run at once in this region.
data "aws_servicequotas_service_quota" "concurrency" {
  service_code = "lambda"
  quota_code   = "L-B99A9384"
}

locals {
  # IAM roles, dashboards and budgets belong to the account and not to a region.
  # Their names contain the region, so that deployments in several regions can have the same name.
  name_in_account = "${var.name}-${data.aws_region.this.id}"

  # Only the caller could set the provider's default_tags, so each resource gets its tags directly.
  tags = merge({ application = var.name }, var.tags)

  # AWS refuses a reservation that leaves less than this to functions without one.
  unreserved_minimum   = 100
  account_limit        = data.aws_servicequotas_service_quota.concurrency.value
  reservable           = local.account_limit - var.reserved_by_other_functions - local.unreserved_minimum
  reserved_concurrency = var.reserved_concurrency <= local.reservable ? var.reserved_concurrency : -1
}

# Terraform's provider cannot read the reservations of other functions, so AWS may still refuse ours. The message below says how to find the numbers.
check "the_reservation_fits" {
  assert {
    condition     = local.reserved_concurrency == var.reserved_concurrency
    error_message = <<-EOT
      No instances are reserved for ${var.name}, so only the account's own limit caps how many run at once.
      The limit is ${local.account_limit}. Other functions reserve ${var.reserved_by_other_functions} (reserved_by_other_functions), and AWS keeps ${local.unreserved_minimum} unreserved, so there is no room for ${var.reserved_concurrency}.
      `aws lambda get-account-settings` shows how many instances are unreserved. Ask AWS for a higher limit, lower reserved_concurrency, or set it to -1 if you need no reservation.
    EOT
  }
}

module "channel_table" {
  source = "../channel_table"

  deletion_protection = var.deletion_protection
  max_read_units      = var.max_read_units
  max_write_units     = var.max_write_units
  name                = "${var.name}-channels"
  tags                = local.tags
}

module "execution_role" {
  source = "../execution_role"

  log_group_arn        = module.function.log_group_arn
  name                 = local.name_in_account
  parameter_names      = compact([var.access_keys_parameter, var.turn_secret_parameter])
  permissions_boundary = var.permissions_boundary
  table_arn            = module.channel_table.arn
  tags                 = local.tags
}

module "function" {
  source = "../function"

  access_keys_parameter = var.access_keys_parameter
  allowed_origins       = var.allowed_origins
  authorization_type    = var.authorization_type
  environment           = var.environment
  log_retention_days    = var.log_retention_days
  max_ttl_seconds       = var.max_ttl_seconds
  max_wait_seconds      = var.max_wait_seconds
  memory_mb             = var.memory_mb
  name                  = var.name
  package_path          = var.package_path
  reserved_concurrency  = local.reserved_concurrency
  role_arn              = module.execution_role.arn
  snap_start            = var.snap_start
  stun_urls             = var.stun_urls
  table_name            = module.channel_table.name
  tags                  = local.tags
  timeout_seconds       = var.timeout_seconds
  turn_secret_parameter = var.turn_secret_parameter
  turn_urls             = var.turn_urls
}

module "monitoring" {
  source = "../monitoring"

  alarm_email        = var.alarm_email
  alarm_topic_arns   = var.alarm_topic_arns
  function_name      = module.function.name
  log_group_name     = module.function.log_group_name
  memory_mb          = var.memory_mb
  monthly_budget_usd = var.monthly_budget_usd
  name               = var.name
  name_in_account    = local.name_in_account
  slow_dynamodb_ms   = var.slow_request_ms
  slow_request_ms    = var.max_wait_seconds * 1000 + var.slow_request_ms
  table_name         = module.channel_table.name
  tags               = local.tags
}
