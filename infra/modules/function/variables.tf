variable "access_keys_parameter" {
  description = "Name of the SSM parameter with the digests of the access keys, or null if anybody may open channels."
  type        = string
}

variable "allowed_origins" {
  description = "Origins of the pages that may call the URL from a browser."
  type        = list(string)
}

variable "authorization_type" {
  description = "Who may call the URL: NONE for everyone, AWS_IAM for callers that sign their requests."
  type        = string
}

variable "environment" {
  description = "Additional environment variables for the function."
  type        = map(string)
}

variable "log_retention_days" {
  description = "How many days CloudWatch keeps the function's logs."
  type        = number
}

variable "max_ttl_seconds" {
  description = "The longest life in seconds that a client may request for a channel. 300 is the usual life."
  type        = number
}

variable "max_wait_seconds" {
  description = "The longest time in seconds for which a reply may be held, or 0 to hold no replies."
  type        = number
}

variable "memory_mb" {
  description = "The function's memory in MB, which also determines its share of a CPU."
  type        = number
}

variable "name" {
  description = "Name of the function."
  type        = string
}

variable "package_path" {
  description = "Path of the zip that holds the function's code."
  type        = string
}

variable "reserved_concurrency" {
  description = "Instances of the function that may run at once, or -1 for as many as the account allows."
  type        = number
}

variable "role_arn" {
  description = "ARN of the role that the function runs as."
  type        = string
}

variable "snap_start" {
  description = "Whether new instances start from a snapshot of the initialised function."
  type        = bool
}

variable "stun_urls" {
  description = "STUN servers that clients get."
  type        = list(string)
}

variable "table_name" {
  description = "Name of the table that holds the channels."
  type        = string
}

variable "tags" {
  description = "Tags of the function, its log group and its stack."
  type        = map(string)
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda ends a request."
  type        = number
}

variable "turn_secret_parameter" {
  description = "Name of the SSM parameter with the secret that the TURN servers share with the function, or null if there are none."
  type        = string
}

variable "turn_urls" {
  description = "TURN servers that clients get."
  type        = list(string)
}
