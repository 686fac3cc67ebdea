locals {
  public = var.authorization_type == "NONE"

  # If a feature's variable is not set, the feature is off, and the function does not load its code at the start.
  optional = {
    ACCESS_KEYS_PARAMETER = var.access_keys_parameter
    STUN_URLS             = join(" ", var.stun_urls)
    TURN_SECRET_PARAMETER = var.turn_secret_parameter
    TURN_URLS             = join(" ", var.turn_urls)
  }

  # A page that signs its requests sends these headers in addition to authorization.
  signing_headers = ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:Encrypted with CloudWatch's own key; the function logs no session description, no candidate and no address.
  #checkov:skip=CKV_AWS_338:The operator chooses the retention; a year of logs is more than a signaling server needs, and would have to be protected.

  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_116:Every call is a synchronous URL request; a dead letter queue serves asynchronous ones only.
  #checkov:skip=CKV_AWS_117:The function talks to DynamoDB and SSM only; a VPC would protect nothing, and would need an endpoint that costs money.
  #checkov:skip=CKV_AWS_173:The environment holds names but no secrets, which are in SSM; Lambda encrypts the environment with its own key.
  #checkov:skip=CKV_AWS_272:Whoever deploys also builds the package, so a signing profile would only protect against the same person's uploads.

  function_name                  = var.name
  description                    = "WebRTC signaling over plain HTTP POST requests"
  role                           = var.role_arn
  filename                       = var.package_path
  source_code_hash               = try(filebase64sha256(var.package_path), null)
  handler                        = "app.handler"
  runtime                        = "python3.13"
  architectures                  = ["arm64"]
  memory_size                    = var.memory_mb
  timeout                        = var.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency
  tags                           = var.tags

  # Each change of code or configuration makes a numbered version, so that a rollback is one change of the alias.
  publish = true

  environment {
    variables = merge(
      var.environment,
      {
        MAX_TTL_SECONDS  = var.max_ttl_seconds
        MAX_WAIT_SECONDS = var.max_wait_seconds
        TABLE_NAME       = var.table_name
      },
      { for name, value in local.optional : name => value if value != null && value != "" },
    )
  }

  # Set both levels: AWS would fill in a missing one, and the next plan would try to remove it.
  # WARN leaves out the two lines that Lambda itself logs for each request. They would cost more than the request, and the metrics hold the same numbers.
  logging_config {
    application_log_level = "INFO"
    log_format            = "JSON"
    log_group             = aws_cloudwatch_log_group.this.name
    system_log_level      = "WARN"
  }

  dynamic "snap_start" {
    for_each = var.snap_start ? [true] : []

    content {
      apply_on = "PublishedVersions"
    }
  }

  # A request is traced only if its caller has started a trace. The role needs no X-Ray permission for this.
  tracing_config {
    mode = "PassThrough"
  }

  # This is not the validation of a variable, because Terraform would then require the package for `terraform destroy`, too.
  lifecycle {
    precondition {
      condition     = fileexists(var.package_path)
      error_message = "There is no package at ${var.package_path}. Build it with `make package`."
    }
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that the URL serves"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version
}

# Since October 2025, a public URL needs two permissions: lambda:InvokeFunctionUrl (this one) and lambda:InvokeFunction (the stack below).
# When provider 5.100 creates a public URL, it adds a statement to the policy under the same name as this permission, unless the policy already has one.
# The provider does not record that statement in the state.
# So this permission must be created before the URL: after the URL, AWS would refuse it as a duplicate.
#
# The permission, the stack and the URL are created one after the other in this order, and removed in the reverse order.
# All three change the function's policy, and AWS refuses a change while another one is in progress: "409 ... concurrent update operation".
resource "aws_lambda_permission" "url" {
  #checkov:skip=CKV_AWS_301:Anyone may call a public signaling URL; a condition limits the grant to calls through the URL.
  count = local.public ? 1 : 0

  statement_id           = "FunctionURLAllowPublicAccess"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.this.function_name
  qualifier              = aws_lambda_alias.live.name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# The second permission must hold only for calls through the URL: without this condition, every AWS account could invoke the function directly.
# The condition's argument, invoked_via_function_url, exists in aws_lambda_permission since provider 6.28, but not in 5.100.
# CloudFormation supports the condition, so this permission has its own stack.
resource "aws_cloudformation_stack" "url" {
  #checkov:skip=CKV_AWS_124:The stack holds one permission and changes only when Terraform changes it, which reports the outcome itself.
  count = local.public ? 1 : 0

  name = "${var.name}-url"
  tags = var.tags

  template_body = jsonencode({
    Description = "Lets everyone invoke the function, through its URL only"
    Resources = {
      Permission = {
        Type = "AWS::Lambda::Permission"
        Properties = {
          Action                = "lambda:InvokeFunction"
          FunctionName          = aws_lambda_alias.live.arn
          InvokedViaFunctionUrl = true
          Principal             = "*"
        }
      }
    }
  })

  depends_on = [aws_lambda_permission.url]
}

resource "aws_lambda_function_url" "this" {
  #checkov:skip=CKV_AWS_258:Peers without an AWS account must be able to reach a signaling server; to require signed requests, set authorization_type to AWS_IAM.

  function_name      = aws_lambda_function.this.function_name
  qualifier          = aws_lambda_alias.live.name
  authorization_type = var.authorization_type

  # Lambda itself answers preflights with these values, without invoking the function.
  cors {
    # Access keys are sent in authorization. A page that sends one also works if the server requires none.
    allow_headers = concat(["authorization", "content-type"], local.public ? [] : local.signing_headers)
    allow_methods = ["POST"]
    allow_origins = var.allowed_origins
    # Otherwise a page could not read when it may try again.
    expose_headers = ["retry-after"]
    # Chromium remembers a preflight for two hours at most. With Lambda's default of 0, every call would need its own preflight.
    max_age = 7200
  }

  depends_on = [aws_cloudformation_stack.url]
}
