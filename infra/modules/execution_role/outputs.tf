output "arn" {
  description = "ARN of the role, known only once its policy is in place, so that no function is created before that."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.this]
}

output "name" {
  description = "Name of the role."
  value       = aws_iam_role.this.name
}
