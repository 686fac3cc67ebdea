output "alias_arn" {
  description = "ARN of the alias that the URL serves, for policies that allow callers to invoke it."
  value       = module.function.alias_arn
}

output "curl" {
  description = "A command that creates a channel. If authorization_type is AWS_IAM, the request must be signed too."
  value       = "curl --data '{\"method\": \"create_data_channel\"}' ${module.function.url}"
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = module.monitoring.dashboard_name
}

output "function_arn" {
  description = "ARN of the function."
  value       = module.function.arn
}

output "function_name" {
  description = "Name of the function."
  value       = module.function.name
}

output "function_version" {
  description = "The published version that the URL serves. To roll back, use an earlier number."
  value       = module.function.version
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = module.function.log_group_name
}

output "reserved_concurrency" {
  description = "The number of reserved instances, or -1 if only the account's limit applies."
  value       = local.reserved_concurrency
}

output "role_name" {
  description = "Name of the role that the function runs as."
  value       = module.execution_role.name
}

output "table_arn" {
  description = "ARN of the table that holds the channels."
  value       = module.channel_table.arn
}

output "table_name" {
  description = "Name of the table that holds the channels."
  value       = module.channel_table.name
}

output "url" {
  description = "The endpoint to give to clients."
  value       = module.function.url
}
