variable "alarm_email" {
  description = "E-mail address that receives alarms and budget warnings, or null for none."
  type        = string
}

variable "alarm_topic_arns" {
  description = "ARNs of additional SNS topics that receive the alarms."
  type        = list(string)
}

variable "function_name" {
  description = "Name of the function to watch."
  type        = string
}

variable "log_group_name" {
  description = "Name of the log group to which the function logs its requests."
  type        = string
}

variable "memory_mb" {
  description = "The function's memory in MB, used to estimate its cost."
  type        = number
}

variable "monthly_budget_usd" {
  description = "Monthly spending in US dollars at which AWS sends a warning, or null for no budget."
  type        = number
}

variable "name" {
  description = "Prefix of the names of the alarms and the topic, and the namespace of the metrics."
  type        = string
}

variable "name_in_account" {
  description = "Name of the dashboard and prefix of the budget's name. It must be unique in the account, because dashboards and budgets belong to the account and not to a region."
  type        = string
}

variable "slow_dynamodb_ms" {
  description = "Limit in milliseconds: the alarm starts if one DynamoDB call in a hundred takes longer."
  type        = number
}

variable "slow_request_ms" {
  description = "Limit in milliseconds: the alarm starts if one request in a hundred takes longer."
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
