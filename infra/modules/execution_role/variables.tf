variable "log_group_arn" {
  description = "ARN of the one log group that the function writes to."
  type        = string
}

variable "name" {
  description = "Name of the role."
  type        = string
}

variable "parameter_names" {
  description = "Names of the SSM parameters that the function reads, in the account and region of the table."
  type        = list(string)
}

variable "permissions_boundary" {
  description = "ARN of the role's permissions boundary, or null for none."
  type        = string
}

variable "table_arn" {
  description = "ARN of the one table that the function reads and writes."
  type        = string
}

variable "tags" {
  description = "Tags of the role."
  type        = map(string)
}
