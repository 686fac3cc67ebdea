variable "access_keys_parameter" {
  description = <<-EOT
    Name of the SSM parameter with the SHA-256 digests of the access keys, without which nobody opens a channel; null lets everybody.
    Make it before, and outside of Terraform, which never reads it: docs/operations.md says how.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.access_keys_parameter == null || can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.access_keys_parameter))
    error_message = "A parameter's name has letters, digits, \"_\", \".\" and \"-\", between slashes: \"/peerpost/access-keys\"."
  }

  validation {
    condition     = var.access_keys_parameter == null || var.authorization_type == "NONE"
    error_message = "Access keys and AWS_IAM exclude each other: both are told in the Authorization header."
  }
}

variable "alarm_email" {
  description = "Address that is told of alarms and of the budget; null tells nobody. AWS sends it a message to confirm first."
  type        = string
  default     = null
}

variable "allowed_origins" {
  description = <<-EOT
    Origins that browsers may call the URL from, such as "https://call.example.org".
    The default allows every page: no cookie is ever sent, so a list keeps out other people's pages, not other people; access keys do that.
  EOT
  type        = list(string)
  default     = ["*"]

  validation {
    condition     = alltrue([for origin in var.allowed_origins : can(regex("^(\\*|https?://[^/]+)$", origin))])
    error_message = "An origin is \"*\", or a scheme and a host without a path: \"https://call.example.org\"."
  }
}

variable "authorization_type" {
  description = "Who may call the URL: NONE for everyone, AWS_IAM for callers that sign their requests; then no public permission exists."
  type        = string
  default     = "NONE"

  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.authorization_type)
    error_message = "The authorization type is NONE or AWS_IAM."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. Off, because channels live 300 s and a protected table makes destroy fail when all else is gone."
  type        = bool
  default     = false
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the function's logs. Two weeks is enough to look back at an incident."
  type        = number
  default     = 14
}

variable "max_wait_seconds" {
  description = <<-EOT
    Seconds that a client may have its reply held until the other peer has written; 0 turns that off, and clients poll.
    A held reply keeps an instance busy: docs/operations.md says what that costs.
  EOT
  type        = number
  default     = 5

  validation {
    condition     = var.max_wait_seconds >= 0
    error_message = "A wait is 0 seconds or more."
  }
}

variable "memory_mb" {
  description = <<-EOT
    Memory of the function in MB.
    A request mostly waits for DynamoDB, so at 256 MB a seventh of a processor serves it; the start has a whole one whatever the memory.
  EOT
  type        = number
  default     = 256

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "Lambda takes 128 to 10240 MB."
  }
}

variable "monthly_budget_usd" {
  description = "US dollars a month, of the whole account, at which alarm_email is warned; null makes no budget."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || var.alarm_email != null
    error_message = "A budget needs alarm_email, the address to warn."
  }
}

variable "name" {
  description = "Name of the function, its table and its role, and the beginning of every other name; two deployments in one region need two names."
  type        = string
  default     = "peerpost"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,39}$", var.name))
    error_message = "A name has 3 to 40 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "package_path" {
  description = "Path of the zip that holds the function's code, from this folder."
  type        = string
  default     = "../build/function.zip"
}

variable "reserved_concurrency" {
  description = <<-EOT
    Instances of the function that may run at once: the cap on what a flood of requests can cost, and ten times as many requests a second.
    AWS keeps 100 of an account's instances unreserved, and a new account may have only 10 in all.
    Where the account's limit leaves no room, nothing is reserved, and that limit is the cap; -1 asks for that.
  EOT
  type        = number
  default     = 20

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "Reserve at least one instance, or -1 for none; to stop the service, see docs/operations.md."
  }
}

variable "slow_request_ms" {
  description = "Milliseconds that one request in a hundred may take, beyond the longest wait, or its DynamoDB call alone, before an alarm rings. A request that finds DynamoDB healthy takes some ten."
  type        = number
  default     = 1000
}

variable "snap_start" {
  description = "Whether new instances start from a snapshot: a faster first request, for about $1 a month and $0.000035 a start at 256 MB."
  type        = bool
  default     = false
}

variable "stun_urls" {
  description = "STUN servers that peers are told of, such as \"stun:turn.example.org\"."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for url in var.stun_urls : can(regex("^stuns?:[^\\s,]+$", url))])
    error_message = "A STUN server's URL begins with \"stun:\" or \"stuns:\", and has no white space and no comma."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda ends a request. Longer than a client may wait and the function then waits for DynamoDB, so that a client is told 503 and not 502."
  type        = number
  default     = 15

  validation {
    condition     = var.timeout_seconds >= var.max_wait_seconds + 10 && var.timeout_seconds <= 900
    error_message = "The longest wait and 10 seconds for DynamoDB must fit, and Lambda takes no more than 900 seconds."
  }
}

variable "turn_secret_parameter" {
  description = "Name of the SSM parameter, a SecureString, with the secret that the TURN servers share with the function. Terraform never reads it."
  type        = string
  default     = null

  validation {
    condition     = var.turn_secret_parameter == null || can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.turn_secret_parameter))
    error_message = "A parameter's name has letters, digits, \"_\", \".\" and \"-\", between slashes: \"/peerpost/turn-secret\"."
  }

  validation {
    condition     = (var.turn_secret_parameter == null) == (length(var.turn_urls) == 0)
    error_message = "turn_secret_parameter and turn_urls need each other."
  }
}

variable "turn_urls" {
  description = "TURN servers that peers are told of, with credentials for an hour, such as \"turn:turn.example.org\" and \"turns:turn.example.org:443?transport=tcp\"."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for url in var.turn_urls : can(regex("^turns?:[^\\s,]+$", url))])
    error_message = "A TURN server's URL begins with \"turn:\" or \"turns:\", and has no white space and no comma."
  }
}
