variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
}

variable "max_read_units" {
  description = "Read units that the table may spend in a second, or -1 for no cap."
  type        = number
}

variable "max_write_units" {
  description = "Write units that the table may spend in a second, or -1 for no cap."
  type        = number
}

variable "name" {
  description = "Name of the table."
  type        = string
}

variable "tags" {
  description = "Tags of the table."
  type        = map(string)
}
