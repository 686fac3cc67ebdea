variable "alarm_email" {
  description = "Address that receives the alarms and the budget's warnings, or null for none."
  type        = string
}

variable "alarm_topic_arns" {
  description = "ARNs of further SNS topics that receive the alarms."
  type        = list(string)
}

variable "function_name" {
  description = "Name of the function to watch."
  type        = string
}

variable "log_group_name" {
  description = "Name of the log group that has a line for each request."
  type        = string
}

variable "memory_mb" {
  description = "Memory of the function in MB, for the estimate of its cost."
  type        = number
}

variable "monthly_budget_usd" {
  description = "US dollars a month at which the budget warns, or null for no budget."
  type        = number
}

variable "name" {
  description = "Name that the alarms and the topic begin with, and the namespace of the metrics."
  type        = string
}

variable "name_in_account" {
  description = "Name of the dashboard and beginning of the budget's name, which all regions of the account share."
  type        = string
}

variable "slow_dynamodb_ms" {
  description = "Milliseconds that one DynamoDB call in a hundred may take before the alarm starts."
  type        = number
}

variable "slow_request_ms" {
  description = "Milliseconds that one request in a hundred may take before the alarm starts."
  type        = number
}

variable "table_name" {
  description = "Name of the table to watch."
  type        = string
}

variable "tags" {
  description = "Tags of the alarms, the topic and the budget."
  type        = map(string)
}
