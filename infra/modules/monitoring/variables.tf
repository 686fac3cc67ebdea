variable "alarm_email" {
  description = "Address that is told of alarms and of the budget, or null for nobody."
  type        = string
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
  description = "Name that the alarms, the topic, the dashboard and the budget begin with."
  type        = string
}

variable "slow_dynamodb_ms" {
  description = "Milliseconds that one DynamoDB call in a hundred may take before the alarm rings."
  type        = number
}

variable "slow_request_ms" {
  description = "Milliseconds that one request in a hundred may take before the alarm rings."
  type        = number
}

variable "table_name" {
  description = "Name of the table to watch."
  type        = string
}
