variable "deletion_protection" {
  description = "Whether DynamoDB refuses to delete the table."
  type        = bool
}

variable "name" {
  description = "Name of the table."
  type        = string
}
