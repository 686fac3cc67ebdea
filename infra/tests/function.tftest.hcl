mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  access_keys_parameter = null
  allowed_origins       = ["https://call.example.org"]
  authorization_type    = "NONE"
  environment           = {}
  log_retention_days    = 14
  max_ttl_seconds       = 86400
  max_wait_seconds      = 5
  memory_mb             = 256
  name                  = "peerpost"
  package_path          = "main.tf" # any file will do while nothing is deployed
  reserved_concurrency  = 20
  role_arn              = "arn:aws:iam::123456789012:role/peerpost"
  snap_start            = false
  stun_urls             = []
  table_name            = "peerpost-channels"
  tags                  = { application = "peerpost" }
  timeout_seconds       = 15
  turn_secret_parameter = null
  turn_urls             = []
}

run "a_public_url_has_both_permissions_that_aws_requires" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_permission.url[0].action == "lambda:InvokeFunctionUrl" && aws_lambda_permission.url[0].function_url_auth_type == "NONE"
    error_message = "The URL must be callable by everyone."
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.url[0].template_body).Resources.Permission.Properties.Action == "lambda:InvokeFunction"
    error_message = "AWS asks for lambda:InvokeFunction too."
  }
}

run "the_public_can_invoke_the_function_only_through_its_url" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = jsondecode(aws_cloudformation_stack.url[0].template_body).Resources.Permission.Properties.InvokedViaFunctionUrl
    error_message = "Without the condition every AWS account could invoke the function directly."
  }

  assert {
    condition     = aws_lambda_permission.url[0].action != "lambda:InvokeFunction"
    error_message = "aws_lambda_permission must not allow lambda:InvokeFunction, because provider 5.100 cannot limit it to the URL."
  }
}

run "a_url_that_requires_signatures_has_no_public_permission" {
  module {
    source = "./modules/function"
  }

  variables {
    authorization_type = "AWS_IAM"
  }

  assert {
    condition     = length(aws_lambda_permission.url) == 0 && length(aws_cloudformation_stack.url) == 0
    error_message = "With AWS_IAM nothing may be public."
  }

  assert {
    condition     = aws_lambda_function_url.this.authorization_type == "AWS_IAM"
    error_message = "The URL must ask for signed requests."
  }
}

run "browsers_may_post_json_from_the_allowed_origins" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function_url.this.cors[0].allow_origins == toset(["https://call.example.org"])
    error_message = "The allow-list must reach the URL."
  }

  assert {
    condition = (
      aws_lambda_function_url.this.cors[0].allow_methods == toset(["POST"])
      && aws_lambda_function_url.this.cors[0].allow_headers == toset(["authorization", "content-type"])
    )
    error_message = "The preflight must allow a POST of JSON with an access key, and nothing else."
  }
}

run "a_page_that_signs_its_requests_passes_the_preflight" {
  module {
    source = "./modules/function"
  }

  variables {
    authorization_type = "AWS_IAM"
  }

  assert {
    condition = aws_lambda_function_url.this.cors[0].allow_headers == toset([
      "authorization", "content-type", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token",
    ])
    error_message = "A browser must be allowed to send every header of a signature."
  }
}

run "a_missing_package_is_an_error" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    package_path = "../build/no-such-package.zip"
  }

  expect_failures = [aws_lambda_function.this]
}

run "further_environment_variables_reach_the_function" {
  module {
    source = "./modules/function"
  }

  variables {
    environment = { AWS_CA_BUNDLE = "/opt/roots.pem" }
  }

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      AWS_CA_BUNDLE    = "/opt/roots.pem"
      MAX_TTL_SECONDS  = "86400"
      MAX_WAIT_SECONDS = "5"
      TABLE_NAME       = "peerpost-channels"
    })
    error_message = "The function must get the operator's variables in addition to the module's own."
  }
}

run "the_url_serves_the_alias" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function_url.this.qualifier == "live" && aws_lambda_function.this.publish
    error_message = "A rollback must be one change of the alias."
  }
}

run "the_number_of_instances_has_a_cap" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function.this.reserved_concurrent_executions == 20
    error_message = "The reservation must reach the function."
  }
}

run "logs_are_json_and_expire" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON"
    error_message = "Logs must be JSON."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 14
    error_message = "CloudWatch must delete the logs after the retention period."
  }
}

run "snap_start_is_off_unless_asked_for" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = length(aws_lambda_function.this.snap_start) == 0
    error_message = "SnapStart costs money even when nobody calls."
  }
}

run "snap_start_serves_published_versions" {
  module {
    source = "./modules/function"
  }

  variables {
    snap_start = true
  }

  assert {
    condition     = aws_lambda_function.this.snap_start[0].apply_on == "PublishedVersions"
    error_message = "snap_start must reach the function."
  }
}

run "optional_features_are_off_by_default" {
  module {
    source = "./modules/function"
  }

  assert {
    condition     = toset(keys(aws_lambda_function.this.environment[0].variables)) == toset(["MAX_TTL_SECONDS", "MAX_WAIT_SECONDS", "TABLE_NAME"])
    error_message = "A variable that is set switches its feature on, even when it is empty."
  }
}

run "the_function_gets_parameter_names_and_server_urls" {
  module {
    source = "./modules/function"
  }

  variables {
    access_keys_parameter = "/peerpost/access-keys"
    stun_urls             = ["stun:turn.example.org"]
    turn_secret_parameter = "/peerpost/turn-secret"
    turn_urls             = ["turn:turn.example.org", "turns:turn.example.org:443?transport=tcp"]
  }

  assert {
    condition = aws_lambda_function.this.environment[0].variables == tomap({
      ACCESS_KEYS_PARAMETER = "/peerpost/access-keys"
      MAX_TTL_SECONDS       = "86400"
      MAX_WAIT_SECONDS      = "5"
      STUN_URLS             = "stun:turn.example.org"
      TABLE_NAME            = "peerpost-channels"
      TURN_SECRET_PARAMETER = "/peerpost/turn-secret"
      TURN_URLS             = "turn:turn.example.org turns:turn.example.org:443?transport=tcp"
    })
    error_message = "What the operator has set must reach the function."
  }
}
