output "alias_arn" {
  description = "ARN of the alias that the URL serves."
  value       = aws_lambda_alias.live.arn
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "log_group_arn" {
  description = "ARN of the function's log group."
  value       = aws_cloudwatch_log_group.this.arn
}

output "log_group_name" {
  description = "Name of the function's log group."
  value       = aws_cloudwatch_log_group.this.name
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "url" {
  description = "The function URL."
  value       = aws_lambda_function_url.this.function_url
}

output "version" {
  description = "The published version that the alias and the URL serve."
  value       = aws_lambda_alias.live.function_version
}
