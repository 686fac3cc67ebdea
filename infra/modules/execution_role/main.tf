locals {
  # arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME
  home = split(":", var.table_arn)

  parameter_arns = [
    for name in var.parameter_names :
    "arn:${local.home[1]}:ssm:${local.home[3]}:${local.home[4]}:parameter/${trimprefix(name, "/")}"
  ]
}

resource "aws_iam_role" "this" {
  name                 = var.name
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })

  # When the name changes, the function moves to the new role before the old one is deleted.
  # Do not set this for the policy, too: Terraform would then also create a new table before it deletes the old one, and their names would clash.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_iam_role_policy" "this" {
  name = var.name
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        # Exactly the calls that chalicelib/dynamodb.py makes. A test compares this list with the operations in the package.
        Sid      = "Channels"
        Effect   = "Allow"
        Action   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
        Resource = var.table_arn
      },
      {
        # Not logs:CreateLogGroup, because Terraform creates the group with its retention, and a deleted group must stay deleted.
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${var.log_group_arn}:*"
      },
      ],
      # Not kms:Decrypt, because whoever may read a SecureString through SSM may also use the default key for it.
      [for arns in [local.parameter_arns] : {
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameter"]
        Resource = arns
      } if length(arns) > 0],
    )
  })
}
