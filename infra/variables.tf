# modules/peerpost has the defaults, the validation rules and the longer explanations. null means the module's default.

variable "access_keys_parameter" {
  description = "Name of the SSM parameter with the digests of the access keys. Without it, anybody may open channels."
  type        = string
  default     = null
}

variable "alarm_email" {
  description = "E-mail address for alarms and budget warnings. Alarms arrive only after somebody has followed the link in AWS's first message."
  type        = string
  default     = null
}

variable "alarm_topic_arns" {
  description = "ARNs of existing SNS topics that also receive the alarms."
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
  description = "Additional environment variables for the function, such as AWS_CA_BUNDLE."
  type        = map(string)
  default     = null
}

variable "log_retention_days" {
  description = "How many days CloudWatch keeps the function's logs."
  type        = number
  default     = null
}

variable "max_read_units" {
  description = "DynamoDB read units that the table may spend in a second, or -1 for no cap."
  type        = number
  default     = null
}

variable "max_ttl_seconds" {
  description = "The longest life in seconds that a client may request for a channel. 300, the usual life, turns long-lived channels off."
  type        = number
  default     = null
}

variable "max_wait_seconds" {
  description = "The longest time in seconds for which a reply may be held; 0 turns waiting off. More than 5 needs a longer timeout_seconds."
  type        = number
  default     = null
}

variable "max_write_units" {
  description = "DynamoDB write units that the table may spend in a second, or -1 for no cap."
  type        = number
  default     = null
}

variable "memory_mb" {
  description = "The function's memory in MB, which also determines its share of a CPU."
  type        = number
  default     = null
}

variable "monthly_budget_usd" {
  description = "Monthly spending of the whole account in US dollars at which AWS sends a warning; needs alarm_email."
  type        = number
  default     = null
}

variable "name" {
  description = "Name of the function, and prefix of all other names."
  type        = string
  default     = null
}

variable "package_path" {
  description = "Path of the zip with the function's code, relative to this folder. `make package` builds it."
  type        = string
  default     = "../build/function.zip"
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary for the function's role."
  type        = string
  default     = null
}

variable "reserved_by_other_functions" {
  description = "Instances that other functions in the account reserve in this region."
  type        = number
  default     = null
}

variable "reserved_concurrency" {
  description = "How many instances of the function may run at once, or -1 to reserve none. The URL accepts ten times as many requests a second."
  type        = number
  default     = null
}

variable "slow_request_ms" {
  description = "How many milliseconds a DynamoDB call may take before an alarm starts. A request may take max_wait_seconds longer."
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
  description = "Tags for every resource that can have tags, in addition to the tag \"application\"."
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
  description = "TURN servers that clients get, with credentials that are valid for an hour."
  type        = list(string)
  default     = null
}
