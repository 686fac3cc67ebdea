output "alarm_names" {
  description = "Names of the alarms."
  value = [
    aws_cloudwatch_metric_alarm.slow_dynamodb.alarm_name,
    aws_cloudwatch_metric_alarm.slow.alarm_name,
    aws_cloudwatch_metric_alarm.table_throttles.alarm_name,
    aws_cloudwatch_metric_alarm.throttles.alarm_name,
    aws_cloudwatch_metric_alarm.url_5xx.alarm_name,
  ]
}

output "dashboard_name" {
  description = "Name of the dashboard."
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}
