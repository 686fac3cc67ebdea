variable "access_keys_parameter" {
  description = <<-EOT
    Name of the SSM parameter with the SHA-256 digests of the access keys. Only clients with one of these keys may then open channels; with null, anybody may.
    Create the parameter before you set this, and outside of Terraform, which never reads it: docs/operations.md explains how.
  EOT
  type        = string
  default     = null

  validation {
    condition     = var.access_keys_parameter == null || can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.access_keys_parameter))
    error_message = "A parameter's name consists of letters, digits, \"_\", \".\" and \"-\", with single slashes between its parts, such as \"/peerpost/access-keys\"."
  }

  validation {
    condition     = var.access_keys_parameter == null || !can(regex("^(?i)/?(aws|ssm)", var.access_keys_parameter))
    error_message = "SSM does not allow parameter names that begin with \"aws\" or \"ssm\"."
  }

  validation {
    condition     = var.access_keys_parameter == null || var.authorization_type == "NONE"
    error_message = "Access keys and AWS_IAM exclude each other: both use the Authorization header."
  }
}

variable "alarm_email" {
  description = "E-mail address for alarms and budget warnings, or null for none. Alarms arrive only after somebody has followed the link in AWS's first message."
  type        = string
  default     = null

  validation {
    condition     = var.alarm_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s.]+$", var.alarm_email))
    error_message = "alarm_email must be an e-mail address such as \"operator@example.org\", or null for none."
  }
}

variable "alarm_topic_arns" {
  description = "ARNs of existing SNS topics that also receive the alarms, such as the topic of your on-call service."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.alarm_topic_arns : can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", arn))])
    error_message = "The ARN of an SNS topic looks like \"arn:aws:sns:eu-central-1:123456789012:on-call\"."
  }
}

variable "allowed_origins" {
  description = <<-EOT
    Origins of the pages that may call the URL from a browser, such as "https://call.example.org".
    The default allows every page. A list keeps out other people's pages, but not other people, who need no browser to call the URL. To keep people out, use access keys.
  EOT
  type        = list(string)
  default     = ["*"]
  nullable    = false

  # What a browser can send as Origin: "null", or a scheme, a host and perhaps a port, all in lower case (RFC 6454, section 6.2).
  validation {
    condition = alltrue([
      for origin in var.allowed_origins :
      can(regex("^(\\*|null|[a-z][a-z0-9+.-]*://([a-z0-9_-]+(\\.[a-z0-9_-]+)*|\\[[0-9a-f:]+\\])(:[1-9][0-9]{0,4})?)$", origin))
    ])
    error_message = <<-EOT
      Each origin must be "*", "null", or exactly what a browser sends: scheme and host in lower case, without a path and without a pattern.
      Examples: "https://call.example.org", "http://localhost:5173", "capacitor://localhost".
    EOT
  }

  validation {
    condition     = !anytrue([for origin in var.allowed_origins : can(regex("^(http://.*:80|https://.*:443)$", origin))])
    error_message = "A browser leaves out the default port of http and https: write \"https://call.example.org\", without \":443\"."
  }

  validation {
    condition     = alltrue([for origin in var.allowed_origins : length(origin) <= 253])
    error_message = "A function URL accepts origins of at most 253 characters."
  }
}

variable "authorization_type" {
  description = "Who may call the URL: NONE for everyone, AWS_IAM for callers that sign their requests with AWS credentials and have permission to invoke the function."
  type        = string
  default     = "NONE"
  nullable    = false

  validation {
    condition     = contains(["AWS_IAM", "NONE"], var.authorization_type)
    error_message = "The authorization type is NONE or AWS_IAM."
  }
}

variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table. Off by default: channels live 300 s, or for max_ttl_seconds at most, and with a protected table `terraform destroy` fails after everything else is gone."
  type        = bool
  default     = false
  nullable    = false
}

variable "environment" {
  description = <<-EOT
    Additional environment variables for the function, such as AWS_CA_BUNDLE, the path of a file with other root certificates.
    Do not put secrets here: they would be in Terraform's state, and everybody who may read the function's configuration could see them.
  EOT
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Za-z][A-Za-z0-9_]+$", name))])
    error_message = "The name of an environment variable must begin with a letter, and contain only letters, digits and \"_\"."
  }

  validation {
    condition = length(setintersection(keys(var.environment), [
      "ACCESS_KEYS_PARAMETER", "MAX_TTL_SECONDS", "MAX_WAIT_SECONDS", "STUN_URLS", "TABLE_NAME", "TURN_SECRET_PARAMETER", "TURN_URLS",
    ])) == 0
    error_message = "The module itself sets ACCESS_KEYS_PARAMETER, MAX_TTL_SECONDS, MAX_WAIT_SECONDS, STUN_URLS, TABLE_NAME, TURN_SECRET_PARAMETER and TURN_URLS. Use its variables instead, such as max_wait_seconds."
  }

  validation {
    condition = length(setintersection(keys(var.environment), [
      "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_REGION", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
      "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT",
    ])) == 0
    error_message = "Lambda reserves names such as AWS_REGION and AWS_ACCESS_KEY_ID, and sets them itself."
  }
}

variable "log_retention_days" {
  description = "How many days CloudWatch keeps the function's logs. Two weeks are enough to look back at an incident."
  type        = number
  default     = 14
  nullable    = false
}

variable "max_read_units" {
  description = <<-EOT
    DynamoDB read units that the table may spend in a second, which caps what reads can cost. Requests beyond the cap get a 503. -1 removes the cap.
    1,000 units a second cost at most $10.80 a day, plus about $32 for traffic to the internet. The traffic can cost six times as much if every character needs an escape in JSON.
  EOT
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.max_read_units == -1 || (var.max_read_units >= 100 && floor(var.max_read_units) == var.max_read_units)
    error_message = "max_read_units must be a whole number of at least 100, because one read of a full channel takes that many, or -1 for no cap."
  }
}

variable "max_ttl_seconds" {
  description = <<-EOT
    The longest life in seconds that a client may request for a channel. 300, the usual life, turns long-lived channels off.
    The content of a long-lived channel is stored for as long as the channel lives. It includes IP addresses, unless the clients seal it.
  EOT
  type        = number
  default     = 86400
  nullable    = false

  validation {
    condition     = var.max_ttl_seconds >= 300 && floor(var.max_ttl_seconds) == var.max_ttl_seconds
    error_message = "max_ttl_seconds must be a whole number of at least 300, because every channel may live that many seconds."
  }
}

variable "max_wait_seconds" {
  description = <<-EOT
    The longest time in seconds for which the function may hold a reply until the other peer has written; 0 turns waiting off, so that clients poll.
    A held reply keeps an instance busy: docs/operations.md explains what that costs.
  EOT
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.max_wait_seconds >= 0
    error_message = "max_wait_seconds must be 0 or more."
  }
}

variable "max_write_units" {
  description = <<-EOT
    DynamoDB write units that the table may spend in a second, which caps what writes can cost. Requests beyond the cap get a 503. -1 removes the cap.
    1,000 units a second cost at most $54 a day. A connection takes 5 units, or 28 with audio and video. A write to a full channel takes 397, even if it is refused.
  EOT
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.max_write_units == -1 || (var.max_write_units >= 400 && floor(var.max_write_units) == var.max_write_units)
    error_message = "max_write_units must be a whole number of at least 400, because one write to a full channel takes almost that many, or -1 for no cap."
  }
}

variable "memory_mb" {
  description = <<-EOT
    The function's memory in MB, which also determines its share of a CPU.
    256 MB come with a seventh of a CPU, which is enough, because a request mostly waits for DynamoDB. While an instance starts, it gets a whole CPU at any memory size.
  EOT
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb must be between 128 and 10240, which are Lambda's limits."
  }
}

variable "monthly_budget_usd" {
  description = "Monthly spending of the whole account in US dollars at which AWS sends a warning to alarm_email; null creates no budget."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "monthly_budget_usd must be more than 0, or null for no budget."
  }

  validation {
    condition     = var.monthly_budget_usd == null || var.alarm_email != null
    error_message = "monthly_budget_usd needs alarm_email, the address that gets the warnings."
  }
}

variable "name" {
  description = <<-EOT
    Name of the function, and prefix of all other names. Two deployments in one region need different names.
    Names that must be unique across regions contain the region, so deployments in two regions may have the same name.
  EOT
  type        = string
  default     = "peerpost"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,39}$", var.name))
    error_message = "A name has 3 to 40 lower-case letters, digits and hyphens, and begins with a letter."
  }
}

variable "package_path" {
  description = "Path of the zip with the function's code, which `make package` builds."
  type        = string
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary for the function's role, for accounts in which every role must have one; null sets none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a policy, such as \"arn:aws:iam::123456789012:policy/boundary\"."
  }
}

variable "reserved_by_other_functions" {
  description = <<-EOT
    Instances that other functions in the account reserve in this region. They count against the same limit, and Terraform's provider cannot read their sum.
    To find the number, run `aws lambda get-account-settings`: it is ConcurrentExecutions minus UnreservedConcurrentExecutions, minus what Peerpost itself reserves.
  EOT
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.reserved_by_other_functions >= 0
    error_message = "reserved_by_other_functions must be 0 or more."
  }
}

variable "reserved_concurrency" {
  description = <<-EOT
    How many instances of the function may run at once. The URL accepts ten times as many requests a second. This caps what a flood of requests can cost in Lambda.
    AWS keeps 100 of an account's instances unreserved, and a new account may have only 10 in all.
    If the account's limit leaves no room, nothing is reserved, only that limit caps the function, and the plan prints a warning. With -1, nothing is reserved, and there is no warning.
  EOT
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.reserved_concurrency == -1 || var.reserved_concurrency >= 1
    error_message = "reserved_concurrency must be at least 1, or -1 to reserve nothing. To stop the service, see docs/operations.md."
  }
}

variable "slow_request_ms" {
  description = "How many milliseconds a DynamoDB call may take before an alarm starts. A request may take max_wait_seconds longer. While DynamoDB is healthy, a request that is not held takes about ten milliseconds."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.slow_request_ms >= 1
    error_message = "slow_request_ms must be at least 1: at 0, every request would count as slow."
  }
}

variable "snap_start" {
  description = <<-EOT
    Whether new instances start from a snapshot, which makes the first request faster.
    At 256 MB, this costs about $1 a month for each published version that is active, and $0.000035 for each start. docs/operations.md explains how to remove old versions.
  EOT
  type        = bool
  default     = false
  nullable    = false
}

variable "stun_urls" {
  description = "STUN servers that clients get, such as \"stun:turn.example.org\"."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for url in var.stun_urls : can(regex("^stuns?:[^\\s,]+$", url))])
    error_message = "A STUN server's URL begins with \"stun:\" or \"stuns:\", and contains no white space and no comma."
  }
}

variable "tags" {
  description = "Tags for every resource that can have tags, in addition to the tag \"application\", which holds the deployment's name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = !anytrue([for key in keys(var.tags) : can(regex("^(?i)aws:", key))])
    error_message = "AWS reserves tags that begin with \"aws:\"."
  }
}

variable "timeout_seconds" {
  description = "Seconds after which Lambda ends a request. This must leave time for the longest wait and then for DynamoDB, so that clients get a 503 and not a 502."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= var.max_wait_seconds + 10 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be at least max_wait_seconds + 10, because DynamoDB needs time too, and at most 900, which is Lambda's limit."
  }
}

variable "turn_secret_parameter" {
  description = "Name of the SSM parameter, a SecureString, with the secret that the TURN servers share with the function. Terraform never reads it."
  type        = string
  default     = null

  validation {
    condition     = var.turn_secret_parameter == null || can(regex("^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$", var.turn_secret_parameter))
    error_message = "A parameter's name consists of letters, digits, \"_\", \".\" and \"-\", with single slashes between its parts, such as \"/peerpost/turn-secret\"."
  }

  validation {
    condition     = var.turn_secret_parameter == null || !can(regex("^(?i)/?(aws|ssm)", var.turn_secret_parameter))
    error_message = "SSM does not allow parameter names that begin with \"aws\" or \"ssm\"."
  }

  validation {
    condition     = (var.turn_secret_parameter == null) == (length(var.turn_urls) == 0)
    error_message = "Set both turn_secret_parameter and turn_urls, or neither."
  }
}

variable "turn_urls" {
  description = "TURN servers that clients get, such as \"turn:turn.example.org\" and \"turns:turn.example.org:443?transport=tcp\". The credentials are valid for an hour."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for url in var.turn_urls : can(regex("^turns?:[^\\s,]+$", url))])
    error_message = "A TURN server's URL begins with \"turn:\" or \"turns:\", and contains no white space and no comma."
  }
}
