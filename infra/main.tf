# The region and the credentials come from the usual AWS environment.
provider "aws" {
  default_tags {
    tags = { application = var.name }
  }
}

# The account's limit of Lambda instances that run at once.
data "aws_servicequotas_service_quota" "concurrency" {
  service_code = "lambda"
  quota_code   = "L-B99A9384"
}

locals {
  # AWS refuses a reservation that leaves less than this to the account's other functions.
  unreserved_minimum   = 100
  reservable           = data.aws_servicequotas_service_quota.concurrency.value - local.unreserved_minimum
  reserved_concurrency = var.reserved_concurrency <= local.reservable ? var.reserved_concurrency : -1
}

module "channel_table" {
  source = "./modules/channel_table"

  deletion_protection = var.deletion_protection
  name                = "${var.name}-channels"
}

module "execution_role" {
  source = "./modules/execution_role"

  log_group_arn   = module.function.log_group_arn
  name            = var.name
  parameter_names = compact([var.access_keys_parameter, var.turn_secret_parameter])
  table_arn       = module.channel_table.arn
}

module "function" {
  source = "./modules/function"

  access_keys_parameter = var.access_keys_parameter
  allowed_origins       = var.allowed_origins
  authorization_type    = var.authorization_type
  log_retention_days    = var.log_retention_days
  max_wait_seconds      = var.max_wait_seconds
  memory_mb             = var.memory_mb
  name                  = var.name
  package_path          = var.package_path
  reserved_concurrency  = local.reserved_concurrency
  role_arn              = module.execution_role.arn
  snap_start            = var.snap_start
  stun_urls             = var.stun_urls
  table_name            = module.channel_table.name
  timeout_seconds       = var.timeout_seconds
  turn_secret_parameter = var.turn_secret_parameter
  turn_urls             = var.turn_urls
}

module "monitoring" {
  source = "./modules/monitoring"

  alarm_email        = var.alarm_email
  function_name      = module.function.name
  log_group_name     = module.function.log_group_name
  memory_mb          = var.memory_mb
  monthly_budget_usd = var.monthly_budget_usd
  name               = var.name
  slow_dynamodb_ms   = var.slow_request_ms
  slow_request_ms    = var.max_wait_seconds * 1000 + var.slow_request_ms
  table_name         = module.channel_table.name
}
