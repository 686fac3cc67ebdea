output "curl" {
  description = "Creates a channel; paste it into a shell. With authorization_type AWS_IAM it must be signed too."
  value       = "curl --data '{\"method\": \"create_data_channel\"}' ${module.function.url}"
}

output "dashboard_name" {
  description = "Name of the CloudWatch dashboard."
  value       = module.monitoring.dashboard_name
}

output "function_name" {
  description = "Name of the function."
  value       = module.function.name
}

output "function_version" {
  description = "The published version that the URL serves; the one to go back to is one of those before it."
  value       = module.function.version
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = module.function.log_group_name
}

output "reserved_concurrency" {
  description = "Instances of the function that may run at once; -1 where the account's own limit is the only cap."
  value       = local.reserved_concurrency
}

output "table_name" {
  description = "Name of the table that holds the channels."
  value       = module.channel_table.name
}

output "url" {
  description = "The endpoint to give to clients."
  value       = module.function.url
}
