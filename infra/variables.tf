# modules/peerpost has the defaults, the rules and the longer explanations. null here takes the module's default.

variable "access_keys_parameter" {
  description = "Name of the SSM parameter with the digests of the access keys; without it everybody may open channels."
  type        = string
  default     = null
}

variable "alarm_email" {
  description = "Address that receives the alarms and the budget's warnings, once it has confirmed AWS's first message."
  type        = string
  default     = null
}

variable "alarm_topic_arns" {
  description = "ARNs of existing SNS topics that receive the alarms too."
  type        = list(string)
  default     = null
}

variable "allowed_origins" {
  description = "Origins of the pages that may call the URL from a browser."
  type        = list(string)
  default     = null
}

variable "authorization_type" {
  description = "Who may call the URL: NONE for everyone, AWS_IAM for callers that sign their requests."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
  default     = null
}

variable "environment" {
  description = "Further environment variables of the function."
  type        = map(string)
  default     = null
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the function's logs."
  type        = number
  default     = null
}

variable "max_read_units" {
  description = "DynamoDB read units that the table may spend in a second, or -1 for no cap."
  type        = number
  default     = null
}

variable "max_wait_seconds" {
  description = "The longest time in seconds for which a reply may be held; 0 turns waiting off."
  type        = number
  default     = null
}

variable "max_write_units" {
  description = "DynamoDB write units that the table may spend in a second, or -1 for no cap."
  type        = number
  default     = null
}

variable "memory_mb" {
  description = "Memory of the function in MB."
  type        = number
  default     = null
}

variable "monthly_budget_usd" {
  description = "US dollars a month, spent by the whole account, about which alarm_email is warned."
  type        = number
  default     = null
}

variable "name" {
  description = "Name of the function, and the beginning of every other name."
  type        = string
  default     = null
}

variable "package_path" {
  description = "Path of the zip with the function's code, from this folder. `make package` builds it."
  type        = string
  default     = "../build/function.zip"
}

variable "permissions_boundary" {
  description = "ARN of the IAM policy that bounds what the function's role may do."
  type        = string
  default     = null
}

variable "reserved_by_other_functions" {
  description = "Instances that other functions of the account reserve in this region."
  type        = number
  default     = null
}

variable "reserved_concurrency" {
  description = "Instances of the function that may run at once, or -1 to reserve none."
  type        = number
  default     = null
}

variable "slow_request_ms" {
  description = "Milliseconds above which the alarms for slow requests and slow DynamoDB calls start."
  type        = number
  default     = null
}

variable "snap_start" {
  description = "Whether new instances start from a snapshot."
  type        = bool
  default     = null
}

variable "stun_urls" {
  description = "STUN servers that clients get."
  type        = list(string)
  default     = null
}

variable "tags" {
  description = "Tags for every resource that can have tags."
  type        = map(string)
  default     = null
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda ends a request."
  type        = number
  default     = null
}

variable "turn_secret_parameter" {
  description = "Name of the SSM parameter with the secret of the TURN servers; needs turn_urls."
  type        = string
  default     = null
}

variable "turn_urls" {
  description = "TURN servers that clients get, with credentials for an hour."
  type        = list(string)
  default     = null
}
