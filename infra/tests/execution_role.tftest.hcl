mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  log_group_arn        = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/peerpost"
  name                 = "peerpost-eu-central-1"
  parameter_names      = []
  permissions_boundary = null
  table_arn            = "arn:aws:dynamodb:eu-central-1:123456789012:table/peerpost-channels"
  tags                 = { application = "peerpost" }
}

run "only_lambda_may_assume_the_role" {
  command = plan

  module {
    source = "./modules/execution_role"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Principal == { Service = "lambda.amazonaws.com" }
    error_message = "No principal but Lambda may assume the role."
  }
}

run "every_grant_names_its_one_resource" {
  command = plan

  module {
    source = "./modules/execution_role"
  }

  assert {
    condition = (
      [for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Resource]
      == [var.table_arn, "${var.log_group_arn}:*"]
    )
    error_message = "The role must reach one table and one log group."
  }
}

run "no_action_contains_a_wildcard" {
  command = plan

  module {
    source = "./modules/execution_role"
  }

  assert {
    condition = alltrue([
      for action in flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action]) :
      !strcontains(action, "*")
    ])
    error_message = "Every action must be named in full."
  }
}

run "a_boundary_reaches_the_role" {
  command = plan

  module {
    source = "./modules/execution_role"
  }

  variables {
    permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
  }

  assert {
    condition     = aws_iam_role.this.permissions_boundary == "arn:aws:iam::123456789012:policy/boundary"
    error_message = "Accounts that demand a boundary must be able to set one."
  }
}

run "the_role_may_read_only_the_named_parameters" {
  command = plan

  module {
    source = "./modules/execution_role"
  }

  variables {
    parameter_names = ["/peerpost/access-keys", "turn-secret"]
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.this.policy).Statement[2] == {
      Sid    = "Parameters"
      Effect = "Allow"
      Action = ["ssm:GetParameter"]
      Resource = [
        "arn:aws:ssm:eu-central-1:123456789012:parameter/peerpost/access-keys",
        "arn:aws:ssm:eu-central-1:123456789012:parameter/turn-secret",
      ]
    }
    error_message = "The role must read exactly the parameters that are named."
  }
}
